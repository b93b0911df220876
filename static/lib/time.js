/** Moments in words. Pure: the caller says what time it is now, and in which language. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** @typedef {{ now: Date, locale?: string | undefined }} Here */

/** "2:14 AM". @param {Date} moment @param {string} [locale] */
export const clockWords = (moment, locale) =>
  moment.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });

/** "Today", "Yesterday", "Monday, November 2". @param {Date} moment @param {Here} here */
export function dayWords(moment, { now, locale }) {
  const days = daysBetween(moment, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return moment.toLocaleDateString(locale, {
    weekday: "long",
    month: "long",
    day: "numeric",
    ...(moment.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
  });
}

/** "today" inside a sentence; names of days keep their capital. @param {string} day */
export const inSentence = (day) => day.replace(/^(Today|Yesterday)$/, (word) => word.toLowerCase());

/** "just now", "5 min ago", "3 h ago", "yesterday", "Nov 2". @param {Date} moment @param {Here} here */
export function agoWords(moment, { now, locale }) {
  const age = now.getTime() - moment.getTime();
  if (age < MINUTE) return "just now";
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  const days = daysBetween(moment, now);
  if (days === 0 || age < 6 * HOUR) return `${Math.floor(age / HOUR)} h ago`;
  if (days === 1) return "yesterday";
  return moment.toLocaleDateString(locale, { month: "short", day: "numeric" });
}

/**
 * When a photo was taken, by the phone's own clock: its wall time is shown as it was written,
 * never moved to the zone of whoever looks.
 * @param {{ captured_at: string | null, captured_offset: string | null }} photo @param {Here} here
 */
export function takenWords({ captured_at: at, captured_offset: offset }, here) {
  if (!at) return "Time taken not known";
  const moment = new Date(at.slice(0, 19)); // without a zone: read as wall time
  const elsewhere = offset && offset !== offsetOf(moment) ? ` (UTC${offset})` : "";
  return `Taken ${inSentence(dayWords(moment, here))}, ${clockWords(moment, here.locale)}${elsewhere}`;
}

/** Calendar days, not spans of 24 hours. @param {Date} earlier @param {Date} later */
function daysBetween(earlier, later) {
  const midnight = (/** @type {Date} */ day) =>
    Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
  return Math.round((midnight(later) - midnight(earlier)) / (24 * HOUR));
}

/** "+02:00", as phones write it. @param {Date} moment */
function offsetOf(moment) {
  const minutes = -moment.getTimezoneOffset();
  const two = (/** @type {number} */ value) => String(Math.floor(value)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** "Nov 24, 2:14 AM". @param {Date} moment @param {string} [locale] */
export const momentWords = (moment, locale) =>
  moment.toLocaleString(locale, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

/** "9:05", what is left of a short while; "" when nothing is. @param {number} milliseconds */
export function leftWords(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds <= 0) return "";
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The value of a field for date and time, by the clock of this place. @param {Date} moment */
export function fieldValue(moment) {
  const here = new Date(moment.getTime() - moment.getTimezoneOffset() * MINUTE);
  return here.toISOString().slice(0, 16);
}
