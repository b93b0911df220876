/**
 * What is being written and not yet sent: text, audience and photos of one consult.
 *
 * Every function takes an outbox and answers with a new one. Ids are made before the first try
 * and kept for the next, so that nothing arrives twice. Pure.
 */

/** @typedef {import("./api.js").Audience} Audience */
/** @typedef {"waiting" | "sending" | "sent" | "failed" | "refused"} PhotoState
 *   failed: worth another try; refused: the same bytes would be refused again */
/**
 * @typedef {{ id: string, file: Blob, body_site: string, laterality: string, state: PhotoState,
 *   progress: number, problem: string }} OutboxPhoto
 * @typedef {{ id: string, body: string, photo_ids: string[], audience: Audience }} Draft
 * @typedef {{ text: string, audience: Audience, photos: OutboxPhoto[], problem: string,
 *   lastTry: Draft | null }} Outbox
 */

/** @type {Outbox} */
export const EMPTY = { text: "", audience: "everyone", photos: [], problem: "", lastTry: null };

// A session that ended, a slow line and too many requests pass; other refusals do not.
const PASSING = new Set([0, 401, 403, 408, 425, 429]);

/** @param {Outbox} outbox @param {{ id: string, file: Blob }[]} chosen @returns {Outbox} */
export function withPhotos(outbox, chosen) {
  const fresh = chosen.map(({ id, file }) => ({
    id,
    file,
    body_site: "",
    laterality: "",
    state: /** @type {const} */ ("waiting"),
    progress: 0,
    problem: "",
  }));
  return { ...outbox, photos: [...outbox.photos, ...fresh] };
}

/** @param {Outbox} outbox @param {string} id @returns {Outbox} */
export const withoutPhoto = (outbox, id) => ({
  ...outbox,
  photos: outbox.photos.filter((photo) => photo.id !== id),
  problem: "",
});

/** @param {Outbox} outbox @param {string} id @param {Partial<OutboxPhoto>} change @returns {Outbox} */
export const withPhoto = (outbox, id, change) => ({
  ...outbox,
  photos: outbox.photos.map((photo) => (photo.id === id ? { ...photo, ...change } : photo)),
});

/** @param {Outbox} outbox @param {string} id @param {{ status: number, detail: string }} error */
export const photoFailed = (outbox, id, { status, detail }) =>
  withPhoto(outbox, id, {
    state: PASSING.has(status) || status >= 500 ? "failed" : "refused",
    progress: 0,
    problem: detail,
  });

/** The next photo to send; refused ones wait for a person. @param {Outbox} outbox */
export const nextPhoto = (outbox) => outbox.photos.find((photo) => photo.state === "waiting");

/** Another try: what failed on the way waits again. @param {Outbox} outbox @returns {Outbox} */
export const tryAgain = (outbox) => ({
  ...outbox,
  problem: "",
  photos: outbox.photos.map((photo) =>
    photo.state === "failed" ? { ...photo, state: "waiting", problem: "" } : photo,
  ),
});

/** @param {Outbox} outbox */
export const isEmpty = (outbox) => !outbox.text.trim() && outbox.photos.length === 0;

/** @param {Outbox} outbox */
export const allPhotosSent = (outbox) => outbox.photos.every((photo) => photo.state === "sent");

/**
 * The message to send now. It keeps the id of the last try as long as nothing in it changed:
 * the same id with other words would be refused as somebody else's.
 * @param {Outbox} outbox @param {string} freshId @returns {Draft}
 */
export function draftOf(outbox, freshId) {
  const draft = {
    body: outbox.text.trim(),
    photo_ids: outbox.photos.map((photo) => photo.id),
    audience: outbox.audience,
  };
  const { id, ...before } = outbox.lastTry ?? { id: "" };
  return { id: JSON.stringify(before) === JSON.stringify(draft) ? id : freshId, ...draft };
}

/**
 * Empty once the message of the last try is seen in the thread: its answer was lost, not it.
 * @param {Outbox} outbox @param {ReadonlySet<string>} seen ids of messages @returns {Outbox}
 */
export function settled(outbox, seen) {
  const { id } = draftOf(outbox, "");
  return seen.has(id) ? { ...EMPTY, audience: outbox.audience } : outbox;
}

/** One sentence on what keeps the photos from going. @param {Outbox} outbox */
export function photoProblem(outbox) {
  const count = (/** @type {PhotoState} */ state) =>
    outbox.photos.filter((photo) => photo.state === state).length;
  if (count("refused")) {
    return "We can’t use one of the photos. Remove it and send again. Your words are kept.";
  }
  return count("failed") ? "Not sent yet. Your words and photos are kept. Try again." : "";
}
