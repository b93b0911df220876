/** Turns photos to the right. */

import * as api from "./api.js";

/**
 * The id that a turned photo will have, by that of the photo: another try after a lost answer
 * carries the same one, and is then no second turn.
 * @type {Map<string, string>}
 */
const newIds = new Map();

/** @param {api.Photo} photo @returns {Promise<api.Photo>} the photo that replaces it */
export function turnRight({ id }) {
  const newId = newIds.get(id) ?? crypto.randomUUID();
  newIds.set(id, newId);
  return api.turnPhoto(id, { clockwise: 90, id: newId });
}
