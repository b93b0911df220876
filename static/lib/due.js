/** By when somebody has to move, counted in words. Pure: the caller says what time it is now. */

/** @typedef {import("./api.js").Consult} Consult */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "4 min", "3 h 20 min", "2 days". @param {number} milliseconds */
export function spanWords(milliseconds) {
  const span = Math.abs(milliseconds);
  if (span < MINUTE) return "less than a minute";
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) return hours(span);
  const days = Math.floor(span / DAY);
  return days === 1 ? "1 day" : `${days} days`;
}

/** @param {number} span */
function hours(span) {
  const minutes = Math.floor((span % HOUR) / MINUTE);
  const whole = `${Math.floor(span / HOUR)} h`;
  return minutes && span < 10 * HOUR ? `${whole} ${minutes} min` : whole;
}

/** @type {Partial<Record<import("./states.js").State, string>>} */
const WHAT = {
  submitted: "to be taken",
  triaged: "to be taken",
  assigned: "answer due",
  in_review: "answer due",
  awaiting_info: "information due",
  answered: "to be read",
  follow_up: "follow-up due",
};

/** @type {Partial<Record<import("./states.js").State, string>>} */
const PATIENT_WHAT = {
  submitted: "somebody takes it",
  triaged: "somebody takes it",
  assigned: "answer",
  in_review: "answer",
  awaiting_info: "please send it",
  answered: "please read it",
  follow_up: "show us again",
};

/**
 * "answer due in 12 min", "overdue by 4 min"; to a patient "answer in 3 h at the latest".
 * @param {Pick<Consult, "state" | "due_at">} consult
 * @param {{ now: Date, role: import("./api.js").Role }} here
 */
export function dueWords({ state, due_at }, { now, role }) {
  if (!due_at) return "";
  const left = Date.parse(due_at) - now.getTime();
  if (role !== "patient") return left <= 0 ? `overdue by ${spanWords(left)}` : `${WHAT[state] ?? "due"} in ${spanWords(left)}`;
  if (left <= 0) return `late by ${spanWords(left)}`;
  return `${PATIENT_WHAT[state] ?? "next step"} in ${spanWords(left)} at the latest`;
}

/** Has the side that answers let its time pass? @param {Pick<Consult, "due_at" | "owner">} consult @param {Date} now */
export const isLate = ({ due_at, owner }, now) =>
  Boolean(owner && owner.side !== "asker" && due_at && Date.parse(due_at) <= now.getTime());
