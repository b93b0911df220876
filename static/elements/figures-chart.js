import { barsOf, chartWords } from "../lib/figures.js";

/** @typedef {import("../lib/figures.js").Figure} Figure */

const SVG = "http://www.w3.org/2000/svg";
const ROW = 78; // px from one partner to the next
const BARS = /** @type {const} */ ([["p99", 6], ["p90", 12], ["p50", 18]]);

let charts = 0;

/**
 * A bar for each partner: from the thinnest and longest, p99, to the thickest and shortest, p50.
 * Lengths are shares of the width, so that words keep their size on a phone.
 * @param {Figure[]} figures @param {string} title
 */
export function figuresChart(figures, title) {
  const id = `figures-chart-${charts++}`;
  const chart = drawn("svg", { class: "figures-chart", role: "img", "aria-labelledby": `${id}-title ${id}-desc`, width: "100%", height: String(figures.length * ROW) });
  chart.append(
    Object.assign(drawn("title", { id: `${id}-title` }), { textContent: title }),
    Object.assign(drawn("desc", { id: `${id}-desc` }), { textContent: chartWords(figures) }),
    ...barsOf(figures).flatMap((bar, index) => rowOf(bar, index * ROW)),
  );
  return chart;
}

/** @param {ReturnType<typeof barsOf>[number]} bar @param {number} top */
function rowOf(bar, top) {
  const name = Object.assign(drawn("text", { x: "0", y: String(top + 16), class: "bar-name" }), { textContent: bar.name });
  const words = Object.assign(drawn("text", { x: "0", y: String(top + 36), class: "bar-words" }), { textContent: bar.words });
  const middle = top + 54;
  const track = drawn("line", { x1: "0", x2: "100%", y1: String(middle), y2: String(middle), class: "bar-track" });
  const bars = BARS.map(([part, height]) =>
    drawn("rect", { x: "0", y: String(middle - height / 2), width: `${bar[part]}%`, height: String(height), class: `bar-${part}` }),
  );
  return [name, words, track, ...bars];
}

/** @param {string} tag @param {Record<string, string>} attributes */
function drawn(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
