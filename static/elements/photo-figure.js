import { placeWords } from "../lib/body.js";
import { seesPhotos } from "../lib/roles.js";
import { fill, part, stamp } from "../lib/templates.js";
import { takenWords } from "../lib/time.js";

const LONGEST = 320; // px of a preview's longer side

/**
 * A photo in the thread: its preview, where and when it was taken, and what the scrub did.
 * A press fires `photo-opened` with the photo's id.
 * @param {import("../lib/api.js").Photo} photo
 * @param {import("../lib/api.js").Role} role of the reader
 */
export function photoFigure(photo, role) {
  const figure = stamp("photo-figure");
  const texts = factsOf(photo);
  fill(figure, { ...texts, note: photo.note, advice: photo.quality.advice ?? "", scrub: photo.scrub_summary });
  part(figure, "advice").parentElement?.toggleAttribute("hidden", !photo.quality.advice);
  if (seesPhotos(role)) showPreview(figure, photo, describe(photo));
  else part(figure, "open").replaceWith("Photo. Seen only by the patient and those who treat.");
  return figure;
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
  open.addEventListener("click", () =>
    open.dispatchEvent(new CustomEvent("photo-opened", { bubbles: true, detail: photo.id })),
  );
}
