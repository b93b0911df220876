/**
 * Emergency access to a consult that is not one's own: over HTTP, and in words.
 *
 * @typedef {"emergency" | "cover" | "safety" | "other"} Reason
 * @typedef {"justified" | "not_justified"} Outcome
 * @typedef {{ id: string, consult_id: string, opened_at: string, expires_at: string,
 *   user: import("./api.js").Person, reason: Reason, text: string, review_due_at: string,
 *   overdue: boolean, reviewed_at: string | null, outcome: Outcome | null, comment: string }} Glass
 */

import { request } from "./api.js";

/** @param {string} consultId @param {{ reason: Reason, text: string }} why */
export const breakGlass = (consultId, why) =>
  request("POST", `/api/consults/${consultId}/break-glass`, { body: why });
/** @param {boolean} reviewed @returns {Promise<{ items: Glass[] }>} */
export const listGlasses = (reviewed) => request("GET", `/api/break-glass?reviewed=${reviewed}&limit=200`);
/** @param {string} id @param {{ outcome: Outcome, comment: string }} review @returns {Promise<Glass>} */
export const reviewGlass = (id, review) =>
  request("POST", `/api/break-glass/${id}/review`, { body: review });

/** @type {Record<Reason, string>} */
export const REASONS = {
  emergency: "The patient is here, and it cannot wait",
  cover: "Whoever has the consult cannot be reached",
  safety: "Somebody is in danger",
  other: "Another reason",
};
