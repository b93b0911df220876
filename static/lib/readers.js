/**
 * Who looked: over HTTP, and in words.
 *
 * @typedef {{ who: { id: string | null, name: string, role: string }, what: string, times: number,
 *   first_at: string, last_at: string, on_behalf_of: string | null, purpose: string,
 *   emergency: boolean }} Look
 * @typedef {{ consult: Look[], photos: { photo_id: string, looks: Look[] }[] }} Readers
 */

import { request } from "./api.js";
import { agoWords } from "./time.js";

/** @param {string} consultId @returns {Promise<Readers>} */
export const getReaders = (consultId) => request("GET", `/api/consults/${consultId}/readers`);

/** @param {Readers} readers @param {string} photoId */
export const looksAt = ({ photos }, photoId) =>
  photos.find(({ photo_id }) => photo_id === photoId)?.looks ?? [];

/**
 * Every look as one row for each person and emergency, last first; one's own are left out.
 * @param {Look[]} looks @param {string} reader their id
 * @returns {{ name: string, role: string, emergency: boolean, lines: string[] }[]}
 */
export function byPerson(looks, reader, now = new Date()) {
  /** @type {Map<string, Look[]>} */
  const groups = new Map();
  for (const look of looks.filter(({ who }) => who.id !== reader)) {
    const key = `${look.who.id} ${look.emergency} ${look.on_behalf_of}`;
    groups.set(key, [...(groups.get(key) ?? []), look]);
  }
  const latestFirst = [...groups.values()].toSorted((a, b) => latest(b) - latest(a));
  return latestFirst.map((group) => ({
    ...nameOf(/** @type {Look} */ (group[0])),
    lines: group.map((look) => lookWords(look, now)),
  }));
}

/** @param {Look} look */
const nameOf = ({ who, on_behalf_of, emergency }) => ({
  name: on_behalf_of ? `${who.name} for ${on_behalf_of}` : who.name,
  role: who.role,
  emergency,
});

/** "Saw the photo, 3 times, last 5 min ago". @param {Look} look @param {Date} now */
function lookWords({ what, times, last_at }, now) {
  const ago = agoWords(new Date(last_at), { now });
  const deed = what.charAt(0).toUpperCase() + what.slice(1);
  return times > 1 ? `${deed}, ${times} times, last ${ago}` : `${deed}, ${ago}`;
}

/** @param {Look[]} looks */
const latest = (looks) => Math.max(...looks.map(({ last_at }) => Date.parse(last_at)));
