/**
 * How long answers take: over HTTP, and in words and lengths. Pure but for the requests.
 *
 * @typedef {"seen" | "acknowledged" | "advised" | "answered" | "transfer_accepted"} Measure
 * @typedef {{ service: string, partner: string | null, measure: Measure, consults: number,
 *   reached: number, p50: number | null, p90: number | null, p99: number | null }} Figure
 *   seconds; partner: null for all of the service's together
 * @typedef {{ since: string, until: string, items: Figure[] }} Figures
 * @typedef {{ since: string, until: string, service_id: string }} Span
 */

import { request } from "./api.js";

/** @param {Span} span */
const query = (span) => new URLSearchParams(Object.entries(span).filter(([, value]) => value));
/** @param {Span} span @returns {Promise<Figures>} */
export const getFigures = (span) => request("GET", `/api/figures?${query(span)}`);
/** @param {Span} span */
export const tablePath = (span) => `/api/figures.csv?${query(span)}`;
/** @returns {Promise<{ items: { id: string, name: string }[] }>} */
export const listServices = () => request("GET", "/api/services");

/** @type {Record<Measure, string>} */
export const MEASURES = {
  seen: "Seen",
  acknowledged: "Taken by somebody",
  advised: "Advice signed",
  answered: "Answered",
  transfer_accepted: "Transfer accepted",
};

const DAY = 86_400_000;

/** @param {number} days @param {Date} now */
export const lastDays = (days, now) => ({ since: new Date(now.getTime() - days * DAY).toISOString(), until: now.toISOString() });

/** Whole days of the reader's calendar, the last one included. @param {string} first "2026-11-01" @param {string} last */
export function daysBetween(first, last) {
  const end = new Date(`${last}T00:00`);
  end.setDate(end.getDate() + 1);
  return { since: new Date(`${first}T00:00`).toISOString(), until: end.toISOString() };
}

/** By service, those of one measure. @param {Figure[]} items @param {Measure} measure @returns {Map<string, Figure[]>} */
export function byService(items, measure) {
  /** @type {Map<string, Figure[]>} */
  const services = new Map();
  for (const each of items) {
    if (each.measure === measure) services.set(each.service, [...(services.get(each.service) ?? []), each]);
  }
  return services;
}

/** @param {string | null} partner */
export const partnerWords = (partner) =>
  ({ patients: "Patients", tablets: "Ambulance tablets", unknown: "Not known" })[partner ?? ""] ?? partner ?? "All together";

/** "45 s", "12 min", "3 h 20 min", "2 d 4 h"; "–" where nobody got there. @param {number | null} seconds */
export function spanWords(seconds) {
  if (seconds === null) return "–";
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return [`${hours} h`, minutes % 60 && `${minutes % 60} min`].filter(Boolean).join(" ");
  return [`${Math.floor(hours / 24)} d`, hours % 24 && `${hours % 24} h`].filter(Boolean).join(" ");
}

/**
 * How long each bar is, of 100, and what it says.
 * @param {Figure[]} figures @returns {{ name: string, words: string, p50: number, p90: number, p99: number }[]}
 */
export function barsOf(figures) {
  const longest = Math.max(1, ...figures.map(({ p99 }) => p99 ?? 0));
  const share = (/** @type {number | null} */ seconds) => Math.max(seconds === null ? 0 : 0.5, ((seconds ?? 0) / longest) * 100);
  return figures.map(({ partner, p50, p90, p99 }) => ({
    name: partnerWords(partner),
    words: p50 === null ? "nobody yet" : `${spanWords(p50)} · ${spanWords(p90)} · ${spanWords(p99)}`,
    p50: share(p50), p90: share(p90), p99: share(p99),
  }));
}

/** The chart in a sentence for each partner. @param {Figure[]} figures */
export const chartWords = (figures) =>
  figures.map(({ partner, p50, p90, p99 }) =>
    p50 === null
      ? `${partnerWords(partner)}: nobody yet.`
      : `${partnerWords(partner)}: p50 ${spanWords(p50)}, p90 ${spanWords(p90)}, p99 ${spanWords(p99)}.`,
  ).join(" ");
