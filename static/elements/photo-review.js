import { dueWords, wordsIn } from "../lib/asked.js";
import { REASONS } from "../lib/reviews.js";
import { fill, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";
import { counted } from "../lib/words.js";
import { slotsOf } from "./asked-photos.js";

/** @typedef {import("../lib/api.js").Photo} Photo */
/** @typedef {import("../lib/image-requests.js").ImageRequest} ImageRequest */
/** @typedef {{ earlier: Photo[], retake: ImageRequest | undefined, reader: import("./photo-figure.js").Reader }} Review
 *   earlier: the rejected ones whose place this one took */

/**
 * Beside a photo: what is wrong with it and the way to take it again; and, folded away, those
 * that it took the place of. What stands there is kept while somebody answers.
 * @param {HTMLElement} figure @param {Photo} photo @param {Review} review
 */
export function drawReview(figure, photo, { earlier, retake, reader }) {
  const key = JSON.stringify([photo.verdict, photo.rejected_for, retake?.id, retake?.due_at, earlier.map(({ id }) => id)]);
  if (figure.dataset["review"] === key) return;
  figure.dataset["review"] = key;
  const place = part(figure, "review");
  place.replaceChildren();
  if (photo.verdict === "rejected" && photo.rejected_for) place.append(rejected(photo, photo.rejected_for, retake, reader));
  if (earlier.length) place.append(folded(earlier));
}

/** @param {Photo} photo @param {import("../lib/link.js").Reason} reason @param {ImageRequest | undefined} retake @param {import("./photo-figure.js").Reader} reader */
function rejected(photo, reason, retake, reader) {
  const shown = stamp("photo-rejected");
  const words = wordsIn(reader.role === "patient" && retake ? retake.language : "en");
  shown.lang = words.language;
  const mine = reader.role === "patient" || photo.created_by.id === reader.id || photo.claimed_by?.id === reader.id;
  const answers = Boolean(retake && mine);
  fill(shown, {
    wrong: reader.role === "patient" ? words.reasons[reason].wrong : `Not good enough: ${REASONS[reason].toLowerCase()}.`,
    due: retake ? dueOf(retake, answers, words) : "",
  });
  if (retake && answers) part(shown, "slots").replaceChildren(...slotsOf(retake, words, reason));
  part(shown, "slots").hidden = !answers;
  return shown;
}

/** @param {ImageRequest} retake @param {boolean} answers @param {import("../lib/asked.js").Words} words */
const dueOf = ({ due_at }, answers, words) =>
  answers ? `${words.again}. ${dueWords(due_at, new Date(), words)}` : `Another one is asked for, due ${momentWords(new Date(due_at))}.`;

/** @param {Photo[]} earlier */
function folded(earlier) {
  const details = stamp("photos-before");
  fill(details, { title: `${counted(earlier.length, "photo")} before, taken again` });
  part(details, "rows").replaceChildren(...earlier.map(beforeRow));
  return details;
}

/** @param {Photo} photo */
function beforeRow({ id, rejected_for, created_at }) {
  const row = stamp("photo-before");
  const words = `Sent ${momentWords(new Date(created_at))}. ${rejected_for ? REASONS[rejected_for] : ""}`;
  fill(row, { words });
  Object.assign(part(row, "picture", HTMLImageElement), { src: `/api/photos/${id}/preview`, alt: "The photo before" });
  return row;
}
