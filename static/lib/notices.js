/**
 * What I am sent, and when: over HTTP.
 *
 * @typedef {"consult_opened" | "news" | "advice" | "page" | "handover"} NoticeEvent
 * @typedef {"on" | "digest"} Mode
 * @typedef {{ events: Record<NoticeEvent, Mode>, quiet_begins: string | null,
 *   quiet_ends: string | null, digest_at: string, time_zone: string }} Notices times by the clocks of the zone
 */

import { request } from "./api.js";
import { looksOver } from "./roles.js";

/** @returns {Promise<Notices>} */
export const readNotices = () => request("GET", "/api/me/notices");
/** @param {Notices} notices @returns {Promise<Notices>} */
export const chooseNotices = (notices) => request("PUT", "/api/me/notices", { body: notices });

/** @type {Record<NoticeEvent, string>} */
const WORDS = {
  consult_opened: "A new consult",
  news: "A message, a photo or a step",
  advice: "Advice",
  page: "You are on duty, and somebody waits",
  handover: "A colleague hands over to you",
};

/** What a role can be sent, in words. @param {import("./api.js").Role} role @returns {[NoticeEvent, string][]} */
export const noticesFor = (role) =>
  /** @type {[NoticeEvent, string][]} */ (Object.entries(WORDS)).filter(([event]) => looksOver(role) || event === "news" || event === "advice");
