/** The thread of a consult: messages and photos as one list in time. Pure. */

/** @typedef {import("./api.js").Message} Message */
/** @typedef {import("./api.js").Photo} Photo */
/**
 * @typedef {{ type: "day", key: string, at: string }
 *   | { type: "unread", key: string }
 *   | { type: "message", key: string, at: string, message: Message, photos: Photo[] }
 *   | { type: "photos", key: string, at: string, author: Photo["created_by"],
 *     patient: Photo["on_behalf_of"], claimer: Photo["claimed_by"], photos: Photo[] }
 * } Entry
 */

/**
 * Add what arrived to what was there: by id, in the server's order.
 * @param {Message[]} known @param {Message[]} arrived
 */
export function mergeMessages(known, arrived) {
  const byId = new Map([...known, ...arrived].map((message) => [message.id, message]));
  return [...byId.values()].sort((a, b) => a.seq - b.seq);
}

/** @param {Message[]} messages */
export const lastSeq = (messages) => messages.at(-1)?.seq ?? 0;

/**
 * @param {{ messages: Message[], photos: Photo[], readTo?: number,
 *   dayOf: (at: string) => string }} thread
 *   `readTo`: a mark is set before the first message above it; `dayOf`: the local calendar day
 * @returns {Entry[]}
 */
export function threadEntries({ messages, photos, readTo = Infinity, dayOf }) {
  const newest = newestPhotos(photos);
  const said = messages.map((message) => spoken(message, newest));
  const shown = new Set(said.flatMap((entry) => entry.photos));
  const here = new Set(photos.map(({ id }) => id));
  const sent = photos.filter((photo) => !photo.turned_from && !here.has(photo.retake_of ?? ""));
  const loose = sent.map((first) => alone(first, newest.get(first.id) ?? first));
  const unsaid = loose.filter(({ photos: [photo] }) => photo && !shown.has(photo)).sort(byTime);
  return withDays(withUnread(grouped(interleaved(said, unsaid)), readTo), dayOf);
}

/**
 * Each photo as it is now, by its own id: a turned one stands for all that it came from.
 * @param {Photo[]} photos @returns {Map<string, Photo>}
 */
export function newestPhotos(photos) {
  const byId = new Map(photos.map((photo) => [photo.id, photo]));
  return new Map(photos.map((photo) => [photo.id, newestOf(photo, byId)]));
}

/** The rejected ones whose place a photo took, in time. @param {Photo} photo @param {Photo[]} photos */
export function earlierThan(photo, photos) {
  const newest = newestPhotos(photos);
  return photos.filter((each) => each.verdict === "rejected" && each.id !== photo.id && newest.get(each.id)?.id === photo.id);
}

/** @param {Photo} photo @param {Map<string, Photo>} byId @returns {Photo} */
function newestOf(photo, byId) {
  const next = byId.get(photo.replaced_by ?? "");
  return next ? newestOf(next, byId) : photo;
}

/** @param {Message} message @param {Map<string, Photo>} newest */
function spoken(message, newest) {
  const found = new Set(message.photo_ids.map((id) => newest.get(id)));
  return {
    type: /** @type {const} */ ("message"),
    key: message.id,
    at: message.created_at,
    message,
    photos: [...found].filter((photo) => photo !== undefined),
  };
}

/** Its key outlives a turn, not a claim: then it is by somebody else. @param {Photo} first as it was sent @param {Photo} photo as it is now */
const alone = (first, photo) => ({
  type: /** @type {const} */ ("photos"),
  key: photo.claimed_by ? `${first.id} claimed` : first.id,
  at: photo.created_at,
  author: photo.created_by,
  patient: photo.on_behalf_of ?? null,
  claimer: photo.claimed_by ?? null,
  photos: [photo],
});

/** @param {{ at: string }} a @param {{ at: string }} b */
const byTime = (a, b) => Date.parse(a.at) - Date.parse(b.at);

/**
 * Messages keep the server's order; each photo stands before the first message that is younger.
 * @param {ReturnType<typeof spoken>[]} said @param {ReturnType<typeof alone>[]} loose
 */
function interleaved(said, loose) {
  const waiting = [...loose];
  /** @type {(ReturnType<typeof spoken> | ReturnType<typeof alone>)[]} */
  const entries = [];
  for (const entry of said) {
    while (waiting[0] && byTime(waiting[0], entry) <= 0) {
      entries.push(/** @type {ReturnType<typeof alone>} */ (waiting.shift()));
    }
    entries.push(entry);
  }
  return [...entries, ...waiting];
}

/** Photos that one person sent in a row stand together. @param {ReturnType<typeof interleaved>} entries */
function grouped(entries) {
  /** @type {typeof entries} */
  const groups = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (entry.type === "photos" && last?.type === "photos" && sentAlike(last, entry)) {
      groups[groups.length - 1] = { ...last, photos: [...last.photos, ...entry.photos] };
    } else {
      groups.push(entry);
    }
  }
  return groups;
}

/** @typedef {ReturnType<typeof alone>} Alone @param {Alone} one @param {Alone} other */
const sentAlike = (one, other) =>
  one.author.id === other.author.id &&
  one.claimer?.id === other.claimer?.id &&
  one.patient?.id === other.patient?.id;

/** @param {ReturnType<typeof grouped>} entries @param {number} readTo @returns {Entry[]} */
function withUnread(entries, readTo) {
  const first = entries.findIndex((entry) => entry.type === "message" && entry.message.seq > readTo);
  if (first < 0) return entries;
  return entries.toSpliced(first, 0, /** @type {any} */ ({ type: "unread", key: "unread" }));
}

/** @param {Entry[]} entries @param {(at: string) => string} dayOf @returns {Entry[]} */
function withDays(entries, dayOf) {
  let day = "";
  return entries.flatMap((entry) => {
    if (!("at" in entry) || dayOf(entry.at) === day) return [entry];
    day = dayOf(entry.at);
    return [{ type: "day", key: `day ${day}`, at: entry.at }, entry];
  });
}
