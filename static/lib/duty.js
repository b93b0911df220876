/**
 * Services, who is on duty for them, and hand-overs: over HTTP.
 *
 * @typedef {import("./api.js").Person} Person
 * @typedef {import("./clock.js").Rung} Rung
 * @typedef {{ id: string, name: string, time_zone: string, telephone: string,
 *   texts: Record<string, string> }} Service
 * @typedef {{ id: string, user: Person, rung: Rung, starts_at: string, ends_at: string,
 *   starts: string, ends: string }} Shift `starts`, `ends`: by the clocks of the service
 * @typedef {{ rung: Rung, starts_at: string, ends_at: string }} Gap
 * @typedef {{ on_duty: Partial<Record<Rung, Person>>, shifts: Shift[], gaps: Gap[] }} Roster
 * @typedef {{ id: string, service_id: string, from_person: Person, to_person: Person,
 *   offered_at: string, due_at: string, accepted_at: string | null, declined_at: string | null,
 *   with_shift: boolean, weight: Partial<Record<"red" | "orange" | "yellow" | "green", number>> }} Handover
 */

import { request } from "./api.js";

/** @returns {Promise<{ items: Service[] }>} */
export const listServices = () => request("GET", "/api/services");
/** @param {string} serviceId @param {number} days @returns {Promise<Roster>} */
export const getRoster = (serviceId, days) => request("GET", `/api/services/${serviceId}/roster?days=${days}`);
/** Whoever may be on duty for it. @param {string} serviceId @returns {Promise<{ items: Person[] }>} */
export const getTeam = (serviceId) => request("GET", `/api/services/${serviceId}/team`);
/** @param {string} serviceId @param {{ user_id: string, rung: Rung, starts: string, ends: string }} shift */
export const addShift = (serviceId, shift) => request("POST", `/api/services/${serviceId}/shifts`, { body: shift });
/** @param {string} serviceId @param {string} shiftId */
export const removeShift = (serviceId, shiftId) => request("DELETE", `/api/services/${serviceId}/shifts/${shiftId}`);
/** @returns {Promise<{ items: Handover[] }>} */
export const listHandovers = () => request("GET", "/api/handovers");
/** @param {string} serviceId @param {string} toId @returns {Promise<Handover>} */
export const offerHandover = (serviceId, toId) =>
  request("POST", `/api/services/${serviceId}/handovers`, { body: { to_id: toId } });
/** @param {string} id */
export const acceptHandover = (id) => request("POST", `/api/handovers/${id}/acceptance`);
/** @param {string} id */
export const declineHandover = (id) => request("POST", `/api/handovers/${id}/refusal`);

/** @type {Promise<{ items: Service[] }> | null} */
let asked = null;

/** What a service says to people who wait; asked for once, and {} out of reach. @param {string} serviceId */
export async function textsOf(serviceId) {
  asked ??= listServices();
  const { items } = await asked.catch(() => ((asked = null), { items: [] }));
  return items.find(({ id }) => id === serviceId)?.texts ?? {};
}
