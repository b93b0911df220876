/**
 * Photos that wait to be looked over, over HTTP.
 *
 * @typedef {import("./link.js").Reason} Reason
 * @typedef {import("./api.js").Photo} Photo
 * @typedef {{ id: string, kind: import("./api.js").Kind, urgency: import("./api.js").Urgency }} WaitingConsult
 * @typedef {{ photos: Photo[], consults: WaitingConsult[] }} Worklist
 * @typedef {{ id: string, verdict: "accepted" | "rejected", reason: Reason | null, note: string,
 *   retake_by: string | null }} Judgement
 * @typedef {{ id: string, retake: import("./image-requests.js").Made | null }} Reviewed
 */

import { request } from "./api.js";

/** @returns {Promise<Worklist>} */
export const getWorklist = () => request("GET", "/api/reviews?limit=200");
/** @param {string} photoId @param {Judgement} judgement @returns {Promise<Reviewed>} */
export const reviewPhoto = (photoId, judgement) => request("POST", `/api/photos/${photoId}/review`, { body: judgement });

/** In the words of those who look photos over. @type {Record<Reason, string>} */
export const REASONS = {
  blurred: "Blurred",
  too_dark: "Too dark",
  too_bright: "Too bright",
  wrong_site: "Another place",
  too_far: "Too far away",
  too_near: "Too near",
  no_scale: "Nothing for scale",
  obstructed: "Something in the way",
  other: "Another reason",
};
