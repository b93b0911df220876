/**
 * The roster in words: days, shifts and gaps by the clocks of the service. Pure.
 *
 * @typedef {import("./clock.js").Rung} Rung
 * @typedef {import("./duty.js").Shift} Shift
 * @typedef {import("./duty.js").Gap} Gap
 * @typedef {{ shift: Shift, words: string }} Stretch of a shift within one day
 * @typedef {{ day: string, rungs: { rung: Rung, stretches: Stretch[] }[] }} Day
 * @typedef {{ timeZone: string, now: Date, locale?: string | undefined }} There
 */

export const RUNGS = /** @type {const} */ (["primary", "backup", "supervisor"]);
export const WEEK = 7;

const MINUTE = 60_000;

/**
 * Today and the six days after it, each with who stands on which rung and from when until when.
 * @param {Shift[]} shifts @param {There} there @returns {Day[]}
 */
export function weekOf(shifts, there) {
  const today = dayIn(there);
  return Array.from({ length: WEEK }, (_, ahead) => {
    const day = later(today, ahead);
    return { day, rungs: RUNGS.map((rung) => ({ rung, stretches: stretchesOn(day, rung, shifts, there) })) };
  });
}

/** @param {string} day @param {Rung} rung @param {Shift[]} shifts @param {There} there */
const stretchesOn = (day, rung, shifts, there) =>
  shifts
    .filter((shift) => shift.rung === rung && wall(shift.starts) < `${later(day, 1)}T00:00` && wall(shift.ends) > `${day}T00:00`)
    .map((shift) => ({ shift, words: stretchWords(day, shift, there) }));

/** "8:00 AM to 8:00 PM", "from 8:00 PM", "until 8:00 AM", "all day". @param {string} day @param {Shift} shift @param {There} there */
function stretchWords(day, { starts, ends }, { locale }) {
  const begins = wall(starts) > `${day}T00:00` ? clock(starts, locale) : "";
  const over = wall(ends) < `${later(day, 1)}T00:00` ? clock(ends, locale) : "";
  if (begins && over) return `${begins} to ${over}`;
  if (begins) return `from ${begins}`;
  return over ? `until ${over}` : "all day";
}

/** "Today", "Wednesday, Nov 25". @param {string} day @param {There} there */
export function dayTitle(day, there) {
  if (day === dayIn(there)) return "Today";
  return noon(day).toLocaleDateString(there.locale, { weekday: "long", month: "short", day: "numeric", timeZone: "UTC" });
}

/** "Tue, Nov 24, 8:00 AM to Wed, Nov 25, 8:00 AM". @param {Shift} shift @param {string} [locale] */
export const shiftWords = ({ starts, ends }, locale) => `${moment(starts, locale)} to ${moment(ends, locale)}`;

/** "now to Wed, Nov 25, 8:00 AM", or "the whole week". @param {Gap} gap @param {There} there */
export function gapWords({ starts_at, ends_at }, { now, timeZone, locale }) {
  const begins = new Date(starts_at);
  const over = new Date(ends_at);
  const runs = begins.getTime() < now.getTime() + MINUTE;
  const stays = over.getTime() > now.getTime() + WEEK * 24 * 60 * MINUTE - MINUTE;
  if (runs && stays) return "the whole week";
  const words = (/** @type {Date} */ at) => at.toLocaleString(locale, { ...SHORT, timeZone });
  return `${runs ? "now" : words(begins)} to ${stays ? "the end of this week" : words(over)}`;
}

/** "2026-11-24" where the service is. @param {Pick<There, "now" | "timeZone">} there */
export const dayIn = ({ now, timeZone }) => new Intl.DateTimeFormat("en-CA", { timeZone }).format(now);

/** @param {string} day @param {number} days */
export function later(day, days) {
  const moved = noon(day);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** @type {Intl.DateTimeFormatOptions} */
const SHORT = { weekday: "short", month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

/** What the clocks of the service show; they sort as text. @param {string} at */
const wall = (at) => at.slice(0, 16);
/** @param {string} at */
const read = (at) => new Date(`${wall(at)}Z`); // its own clock, read as if it were UTC and shown so
/** @param {string} at @param {string} [locale] */
const moment = (at, locale) => read(at).toLocaleString(locale, { ...SHORT, timeZone: "UTC" });
/** @param {string} at @param {string} [locale] */
const clock = (at, locale) => read(at).toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit", timeZone: "UTC" });
/** @param {string} day */
const noon = (day) => new Date(`${day}T12:00Z`);
