import { placeWords } from "../lib/body.js";
import { seesPhotos } from "../lib/roles.js";
import { fill, part, stamp } from "../lib/templates.js";
import { takenWords } from "../lib/time.js";

const LONGEST = 320; // px of a preview's longer side

/** @typedef {{ id: string, role: import("../lib/api.js").Role }} Reader */

/**
 * A photo in the thread: its preview, where and when it was taken, and what the scrub did.
 * Fires `photo-opened` and `turn-asked`, each with the photo's id.
 * @param {import("../lib/api.js").Photo} photo @param {Reader} reader
 */
export function photoFigure(photo, reader) {
  const figure = stamp("photo-figure");
  const texts = factsOf(photo);
  fill(figure, { ...texts, note: photo.note, advice: photo.quality.advice ?? "", scrub: photo.scrub_summary });
  part(figure, "advice").parentElement?.toggleAttribute("hidden", !photo.quality.advice);
  part(figure, "turn").ariaLabel = `Turn photo: ${describe(photo)}`;
  part(figure, "turn").addEventListener("click", () => fire(figure, "turn-asked", photo.id));
  if (seesPhotos(reader.role)) showPreview(figure, photo, describe(photo));
  else part(figure, "open").replaceWith("Photo. Seen only by the patient and those who treat.");
  return figure;
}

/**
 * Ask where it is not sure which side is up, and say who turned it; both may be turned further.
 * @param {HTMLElement} figure @param {import("../lib/api.js").Photo} photo
 * @param {{ reader: Reader, mayTurn: boolean }} now
 */
export function drawTurning(figure, photo, { reader, mayTurn }) {
  const asks = photo.orientation_uncertain && mayTurn;
  const words = asks ? "Is this the right way up?" : turnedWords(photo, reader);
  part(figure, "turning").hidden = !words;
  part(figure, "turn-words").textContent = words;
  part(figure, "turn").hidden = !mayTurn;
}

/** @param {import("../lib/api.js").Photo} photo @param {{ id: string }} reader */
export function turnedWords({ turned_by: by }, reader) {
  if (!by) return "";
  return `Turned by ${by.id === reader.id ? "you" : by.name}`;
}

/** Says which photo it is, never what is wrong in it. @param {import("../lib/api.js").Photo} photo */
export function describe(photo) {
  const { place, taken } = factsOf(photo);
  return [place || "Photo", taken.charAt(0).toLowerCase() + taken.slice(1)].join(", ");
}

/** @param {import("../lib/api.js").Photo} photo */
export const factsOf = (photo) => ({
  place: placeWords(photo),
  taken: takenWords(photo, { now: new Date() }),
});

/** @param {HTMLElement} figure @param {import("../lib/api.js").Photo} photo @param {string} words */
function showPreview(figure, photo, words) {
  const image = part(figure, "image", HTMLImageElement);
  const scale = Math.min(1, LONGEST / Math.max(photo.width, photo.height));
  image.width = Math.round(photo.width * scale); // room is kept before the picture arrives
  image.height = Math.round(photo.height * scale);
  image.alt = words;
  image.src = `/api/photos/${photo.id}/preview`;
  const open = part(figure, "open");
  open.ariaLabel = `Open photo: ${words}`;
  open.addEventListener("click", () => fire(open, "photo-opened", photo.id));
}

/** @param {HTMLElement} element @param {string} event @param {string} detail */
const fire = (element, event, detail) =>
  element.dispatchEvent(new CustomEvent(event, { bubbles: true, detail }));
