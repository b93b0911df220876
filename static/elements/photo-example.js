import { part, stamp } from "../lib/templates.js";

/** @typedef {import("../lib/link.js").Reason} Reason */

const GOOD = { overview: "overview", regional: "regional", close_up: "close-up" };

/** How the photo should be, drawn. @param {string | null} view @param {string} alt */
export const goodExample = (view, alt) =>
  drawn("good-example", alt, { good: GOOD[/** @type {keyof typeof GOOD} */ (view)] ?? "regional" });

/** How it went wrong, and beside it how it should be. @param {Reason} reason @param {string} alt */
export const badExample = (reason, alt) =>
  drawn("bad-example", alt, { bad: reason.replaceAll("_", "-"), good: reason === "no_scale" ? "scale" : "regional" });

/** @param {string} template @param {string} alt @param {Record<string, string>} drawings by their part */
function drawn(template, alt, drawings) {
  const figure = stamp(template);
  figure.ariaLabel = alt;
  for (const [name, drawing] of Object.entries(drawings)) {
    part(figure, name, /** @type {any} */ (SVGUseElement)).setAttribute("href", `#drawn-${name}-${drawing}`);
  }
  return figure;
}
