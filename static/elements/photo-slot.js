import { problemWords, tipWords, wantedWords } from "../lib/asked.js";
import { fill, part, stamp } from "../lib/templates.js";
import { badExample, goodExample } from "./photo-example.js";

/** @typedef {import("../lib/asked.js").Words} Words */
/** @typedef {import("../lib/link.js").Wanted} Wanted */
/** @typedef {import("../lib/link.js").Reason} Reason */

/**
 * The place for one photo that is wanted: what of, how, a camera and a picker, and how it goes.
 * @param {Wanted} wanted
 * @param {{ number: number, answering: import("../lib/answering.js").Answering, words: Words,
 *   rejectedFor: Reason | null }} how `rejectedFor`: what was wrong with the one before
 * @returns {{ element: HTMLElement, draw: (isHere: boolean) => void }} `isHere`: it came before
 */
export function photoSlot(wanted, { number, answering, words, rejectedFor }) {
  const element = stamp("photo-slot");
  element.lang = words.language;
  const title = wantedWords(wanted, words);
  fill(element, { title, tip: rejectedFor ? words.reasons[rejectedFor].better : tipWords(wanted, words) });
  fill(element, { wrong: rejectedFor ? words.reasons[rejectedFor].wrong : "" });
  const example = rejectedFor ? badExample(rejectedFor, words.wrongDrawing) : goodExample(wanted.view, words.rightDrawing);
  part(element, "example").replaceWith(example);
  for (const name of ["camera", "library"]) {
    const input = part(element, name, HTMLInputElement);
    fill(element, { [`${name}-words`]: words[/** @type {"camera"} */ (name)], [`${name}-of`]: `: ${title}` });
    input.addEventListener("change", () => take(input, number, answering));
  }
  part(element, "retry").textContent = words.retry;
  part(element, "retry").addEventListener("click", () => answering.send());
  return { element, draw: (isHere) => draw(element, { number, answering, words, isHere }) };
}

/** @param {HTMLInputElement} input @param {number} number @param {import("../lib/answering.js").Answering} answering */
function take(input, number, answering) {
  answering.add(number, input.files ?? []);
  input.value = ""; // the same photo may be chosen again
}

/**
 * @param {HTMLElement} element
 * @param {{ number: number, answering: import("../lib/answering.js").Answering, words: Words, isHere: boolean }} how
 */
function draw(element, { number, answering, words, isHere }) {
  const mine = answering.answers.filter((answer) => answer.number === number);
  const now = mine.find(({ state }) => state !== "sent") ?? mine.at(-1);
  const state = now?.state ?? (isHere ? "sent" : "");
  element.dataset["state"] = state;
  const problem = now && (state === "failed" || state === "refused") ? ` ${problemWords(now.status, words)}` : "";
  fill(element, { state: state && words.states[state] + problem });
  const bar = part(element, "progress", HTMLProgressElement);
  bar.hidden = state !== "sending";
  bar.value = now?.progress ?? 0;
  bar.ariaLabel = words.states.sending;
  part(element, "retry").hidden = state !== "failed";
  part(element, "camera-words").textContent = state === "sent" ? words.more : words.camera;
}
