/**
 * The loop of a consult in words: what has happened, who was paged and who will be. Pure.
 *
 * @typedef {import("./api.js").Person} Person
 * @typedef {{ sent_at: string, delivered_at: string | null, seen_at: string | null,
 *   acknowledged_at: string | null, acknowledged_by: Person | null, answered_at: string | null,
 *   acknowledge_by: string | null, reply_by: string | null, stopped_since: string | null }} Clock
 * @typedef {"primary" | "backup" | "supervisor"} Rung
 * @typedef {{ kind: "acknowledge" | "reply" | "information" | "emergency", rung: Rung,
 *   due_at: string | null, at: string | null, outcome: "paged" | "telephone" | "stopped" | null,
 *   person: Person | null, mail_failed: boolean }} Page
 * @typedef {{ number: string, text: string, read_at: string | null }} Emergency
 * @typedef {{ title: string, words: string, state: "done" | "next" | "open" }} Line
 */

import { dayWords, clockWords, inSentence } from "./time.js";

/** @type {Record<Rung, string>} */
const RUNGS = { primary: "First on duty", backup: "Backup", supervisor: "Supervisor" };
/** @param {Rung} rung */
export const rungWords = (rung) => RUNGS[rung];

/**
 * Sent, delivered, seen, taken, answered: each with its time, or that it has not come.
 * @param {Clock} clock @param {{ now: Date, locale?: string | undefined }} here
 * @returns {Line[]}
 */
export function clockLines(clock, here) {
  const by = clock.acknowledged_by;
  return [
    line("Sent", clock.sent_at, here),
    line("Delivered", clock.delivered_at, here),
    line("Seen", clock.seen_at, here),
    line(by ? `Taken by ${by.name}` : "Taken", clock.acknowledged_at, here),
    line("Answered", clock.answered_at, here),
  ];
}

/** @param {string} title @param {string | null} at @param {{ now: Date, locale?: string | undefined }} here @returns {Line} */
const line = (title, at, here) =>
  at ? { title, words: whenWords(at, here), state: "done" } : { title, words: "Not yet", state: "open" };

/** "2:14 AM" today, else "yesterday, 2:14 AM". @param {string} at @param {{ now: Date, locale?: string | undefined }} here */
export function whenWords(at, here) {
  const moment = new Date(at);
  const day = dayWords(moment, here);
  const clock = clockWords(moment, here.locale);
  return day === "Today" ? clock : `${inSentence(dayOf(moment, day, here))}, ${clock}`;
}

/** "Tomorrow" is nothing that has happened. @param {Date} moment @param {string} day @param {{ now: Date }} here */
const dayOf = (moment, day, { now }) =>
  new Date(now.getTime() + 86_400_000).toDateString() === moment.toDateString() ? "tomorrow" : day;

/**
 * Who was paged when, and who will be; what was never needed is left out.
 * @param {Page[]} pages @param {{ now: Date, locale?: string | undefined }} here
 * @returns {Line[]}
 */
export const pageLines = (pages, here) =>
  pages.filter(({ outcome }) => outcome !== "stopped").map((page) => pageLine(page, here));

/** @param {Page} page @param {{ now: Date, locale?: string | undefined }} here @returns {Line} */
function pageLine({ kind, rung, due_at, at, outcome, person, mail_failed }, here) {
  const title = `${RUNGS[rung]}${person ? `: ${person.name}` : ""}`;
  if (at && outcome === "telephone") return { title, words: `Nobody was on duty: ${whenWords(at, here)}`, state: "open" };
  if (at) return { title, words: `Paged: ${whenWords(at, here)}${mail_failed ? ". The mail came back" : ""}`, state: "done" };
  if (!due_at) return { title, words: "Stands still while we wait for information", state: "next" };
  return { title, words: `Next: ${whenWords(due_at, here)}, ${UNLESS[kind]}`, state: "next" };
}

/** @type {Record<Page["kind"], string>} */
const UNLESS = {
  acknowledge: "if nobody takes it",
  reply: "if there is no answer",
  information: "if nothing comes",
  emergency: "if nobody has read where to call",
};

/** Was there nobody to page? @param {Page[]} pages */
export const nobodyOnDuty = (pages) =>
  pages.filter(({ at, kind }) => at && kind === "acknowledge").at(-1)?.outcome === "telephone";
