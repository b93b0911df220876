import { fill, part } from "../lib/templates.js";

/** @typedef {import("./emergency-notice.js").EmergencyNotice} EmergencyNotice */

/**
 * Let the whole page speak a language: what stands around the screen as well.
 * @param {import("../lib/asked.js").Words} words
 */
export function speak({ language, emergencies, skip }) {
  const root = document.documentElement;
  if (root.lang === language) return;
  root.lang = language;
  const around = part(document, "emergencies");
  around.ariaLabel = emergencies;
  /** @type {EmergencyNotice} */ (around.querySelector("emergency-notice")).speak(language);
  fill(document, { skip });
}
