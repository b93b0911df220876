/**
 * Who speaks for a patient: over HTTP, and in words.
 *
 * @typedef {"parent" | "guardian" | "delegate" | "representative"} Basis
 * @typedef {{ id: string, proxy: import("./api.js").Person, basis: Basis, valid_from: string,
 *   ends_at: string | null, ended_at: string | null }} Proxy
 * @typedef {{ patient: { id: string, name: string }, basis: Basis, ends_at: string | null }} ActingFor
 */

import { request } from "./api.js";

/** @returns {Promise<{ items: ActingFor[] }>} */
export const actingFor = () => request("GET", "/api/me/patients");
/** @param {string} patientId @returns {Promise<{ items: Proxy[] }>} */
export const listProxies = (patientId) => request("GET", `/api/patients/${patientId}/proxies`);
/** @param {string} patientId @param {{ email: string, basis: Basis, ends_at?: string }} wish
 * @returns {Promise<Proxy>} */
export const addProxy = (patientId, wish) =>
  request("POST", `/api/patients/${patientId}/proxies`, { body: wish });
/** @param {string} patientId @param {string} id */
export const endProxy = (patientId, id) => request("DELETE", `/api/patients/${patientId}/proxies/${id}`);
/** @param {string} patientId @param {{ born_on: string, time_zone: string }} birth */
export const setBirth = (patientId, birth) =>
  request("PUT", `/api/patients/${patientId}/birth`, { body: birth });

/** @type {Record<Basis, string>} */
const BASES = {
  parent: "Parent",
  guardian: "Guardian",
  delegate: "Chosen helper",
  representative: "Named by a court or in writing",
};
/** @param {Basis} basis */
export const basisWords = (basis) => BASES[basis];

/** Why a coordinator may add somebody. @type {Basis[]} */
export const FOR_COORDINATORS = ["parent", "guardian", "representative"];
/** @param {Basis} basis a child's ends on the birthday */
export const isForAChild = (basis) => basis === "parent" || basis === "guardian";

/** Does it hold now? @param {Proxy} proxy @param {Date} now */
export const holds = ({ ends_at, ended_at }, now) =>
  !ended_at && (ends_at === null || Date.parse(ends_at) > now.getTime());

/** "Parent · since Nov 2, 2026 · until Mar 1, 2030". @param {Proxy} proxy @param {Date} now */
export function proxyWords(proxy, now) {
  const { basis, valid_from, ends_at, ended_at } = proxy;
  const over = ended_at ?? (holds(proxy, now) ? null : ends_at);
  const end = over ? `ended ${dateWords(over)}` : ends_at ? `until ${dateWords(ends_at)}` : "";
  return [basisWords(basis), `since ${dateWords(valid_from)}`, end].filter(Boolean).join(" · ");
}

/** @param {string} at */
const dateWords = (at) =>
  new Date(at).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });

/** The end of a day that somebody chose, where they are. @param {string} day "2027-03-01" */
export const endOfDay = (day) => new Date(`${day}T23:59:59`).toISOString();
