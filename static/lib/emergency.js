import { MissingMarkup } from "./templates.js";

/** The number that people are told to call; index.html names it in one place. */
export function emergencyNumber() {
  const meta = document.querySelector('meta[name="consult-emergency-number"]');
  if (!(meta instanceof HTMLMetaElement)) throw new MissingMarkup("emergency number");
  return meta.content;
}
