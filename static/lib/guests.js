/**
 * Colleagues who are asked into a consult for a while, over HTTP.
 *
 * @typedef {{ user: import("./api.js").Person, asked_in_by: import("./api.js").Person,
 *   purpose: string, expires_at: string }} Guest
 */

import { request } from "./api.js";

/** @param {string} consultId @param {{ email: string, purpose: string, hours: number }} wish
 * @returns {Promise<import("./api.js").Person>} */
export const askIn = (consultId, wish) =>
  request("POST", `/api/consults/${consultId}/seats`, { body: wish });
/** @param {string} consultId @param {string} userId */
export const endSeat = (consultId, userId) =>
  request("DELETE", `/api/consults/${consultId}/seats/${userId}`);
