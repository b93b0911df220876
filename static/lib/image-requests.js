/**
 * Images that staff ask somebody for: over HTTP, and how they stand.
 *
 * @typedef {import("./link.js").Wanted} Wanted
 * @typedef {{ id: string, consult_id: string, series_id: string, purpose: import("./link.js").Purpose,
 *   wanted: Wanted[], addressee: "patient" | "colleague", email: string | null,
 *   language: import("./link.js").Language, requested_by: string, created_at: string,
 *   opens_at: string, due_at: string, mails: number, mail_at: string | null,
 *   link_expires_at: string | null, link_locked: boolean, retake_of: string | null,
 *   met_at: string | null, ended_at: string | null }} ImageRequest
 * @typedef {{ items: ImageRequest[], link: string | null, qr: string | null }} Made
 * @typedef {{ id: string, purpose: string, addressee: string, wanted: Wanted[], email: string | null,
 *   language: string, due_at: string, every_days: number, times: number, time_zone: string }} Wish
 * @typedef {"met" | "ended" | "overdue" | "open" | "later"} Standing
 */

import { placeWords } from "./body.js";
import { request, upload } from "./api.js";

/** @param {string} consultId */
const pathOf = (consultId) => `/api/consults/${consultId}/requests`;

/** @param {string} consultId @returns {Promise<{ items: ImageRequest[] }>} */
export const listRequests = (consultId) => request("GET", pathOf(consultId));
/** @param {string} consultId @param {Wish} wish @returns {Promise<Made>} */
export const askForImages = (consultId, wish) => request("POST", pathOf(consultId), { body: wish });
/** @param {ImageRequest} asked */
export const takeBack = ({ consult_id, id }) => request("DELETE", `${pathOf(consult_id)}/${id}`);
/** @param {ImageRequest} asked @returns {Promise<Made>} */
export const renewLink = ({ consult_id, id }) => request("POST", `${pathOf(consult_id)}/${id}/link`, { body: {} });
/** @returns {Promise<{ items: ImageRequest[] }>} */
export const listOverdue = () => request("GET", "/api/requests/overdue?limit=200");

/** @param {ImageRequest} asked @param {{ id: string, number: number, file: Blob }} photo
 * @param {(share: number) => void} onProgress */
export const putRequestedPhoto = ({ consult_id, id: requestId }, { id, number, file }, onProgress) =>
  upload(`${pathOf(consult_id)}/${requestId}/photos/${id}?number=${number}`, file, { onProgress });

/** @param {ImageRequest} asked @param {Date} now @returns {Standing} */
export function standingOf({ met_at, ended_at, opens_at, due_at }, now) {
  if (met_at) return "met";
  if (ended_at) return "ended";
  if (Date.parse(due_at) < now.getTime()) return "overdue";
  return Date.parse(opens_at) > now.getTime() ? "later" : "open";
}

/** @type {Record<Standing, string>} */
const STANDINGS = { met: "All came", ended: "Ended", overdue: "Overdue", open: "Open", later: "Later" };
/** @param {Standing} standing */
export const standingWords = (standing) => STANDINGS[standing];

/** What is asked for now, the longest overdue first, and what is over. @param {ImageRequest[]} requests in the order in which they are due */
export const split = (requests) => ({
  now: requests.filter(({ ended_at }) => !ended_at),
  over: requests.filter(({ ended_at }) => ended_at).reverse(),
});

/** @param {ImageRequest[]} requests @param {Date} now those that somebody can answer now, retakes aside */
export const answerable = (requests, now) =>
  requests.filter((asked) => !asked.retake_of && ["open", "overdue"].includes(standingOf(asked, now)));

/** @type {Record<import("./link.js").Purpose, string>} */
export const PURPOSES = {
  assessment: "To judge it now",
  dressing_change: "At a dressing change",
  before_visit: "Before a visit",
  follow_up: "To follow how it heals",
  retake: "To take again",
};

/** "Left hand, from further away; Left hand, close up". @param {Wanted[]} wanted */
export const wantedList = (wanted) => wanted.map((each) => placeWords(each) || "Any view").join("; ");

/**
 * Every view of every place, as they are asked for.
 * @param {{ body_site: string, laterality: string }[]} places @param {string[]} views @returns {Wanted[]}
 */
export const wantedOf = (places, views) =>
  places.flatMap(({ body_site, laterality }) =>
    (views.length ? views : [null]).map((view) => ({ body_site: body_site || null, laterality: laterality || null, view })),
  );

const HOUR = 3_600_000;
/** By when, in so many hours. @type {[string, number][]} */
export const DUE_IN = [["In 2 hours", 2], ["Today, in 8 hours", 8], ["Tomorrow", 24], ["In 3 days", 72], ["In a week", 168]];

/** @param {number} hours @param {Date} now */
export const dueIn = (hours, now) => new Date(now.getTime() + hours * HOUR).toISOString();
