/**
 * The people of the service over HTTP, for coordinators and administrators.
 *
 * @typedef {import("./api.js").Role} Role
 * @typedef {{ id: string, name: string, email: string | null, role: Role, active: boolean,
 *   enrolled: boolean, created_at: string }} Member
 * @typedef {{ kind: "qr" | "printed", secret: string, url: string, svg: string,
 *   expires_at: string }} Code given in person
 * @typedef {"lost" | "stolen" | "broken" | "replaced"} Reason
 */

import { request } from "./api.js";

const PAGE = 200;

/** @returns {Promise<Member[]>} everybody, in the order in which they were added */
export async function listPeople() {
  /** @type {Member[]} */
  const people = [];
  let page;
  do {
    const after = people.at(-1)?.id;
    page = await request("GET", `/api/users?limit=${PAGE}${after ? `&after=${after}` : ""}`);
    people.push(...page.users);
  } while (page.users.length === PAGE);
  return people;
}

/** @param {{ name: string, email: string | null, role: Role }} person @returns {Promise<Member>} */
export const invite = (person) => request("POST", "/api/users", { body: person });
/** @param {string} id */
export const inviteAgain = (id) => request("POST", `/api/users/${id}/invitation`);
/** @param {string} id @param {"qr" | "printed"} kind @returns {Promise<Code>} */
export const makeCode = (id, kind) => request("POST", `/api/users/${id}/codes`, { body: { kind } });
/** @param {string} id */
export const revokeCodes = (id) => request("DELETE", `/api/users/${id}/codes`);
/** @param {string} id @param {Reason} reason
 * @returns {Promise<{ code: string, expires_at: string }>} */
export const witness = (id, reason) => request("POST", `/api/users/${id}/witness`, { body: { reason } });
/** @param {string} id */
export const endSessionsOf = (id) => request("DELETE", `/api/users/${id}/sessions`);
/** @param {string} id */
export const disable = (id) => request("POST", `/api/users/${id}/disable`);
/** @param {string} id */
export const enable = (id) => request("POST", `/api/users/${id}/enable`);

/**
 * What can be done for a person now, by whom. The service decides; this keeps the page from
 * offering what it would refuse. Pure.
 * @param {Member} person @param {{ id: string, role: Role }} me
 */
export function offersFor({ id, email, role, active, enrolled }, me) {
  const equal = role !== "admin" || me.role === "admin";
  const speaks = me.role === "coordinator" && active; // whoever meets the patients
  const code = speaks && role === "patient" && (!enrolled || !email);
  return {
    again: equal && active && !enrolled && email !== null,
    qr: code && !enrolled,
    card: code,
    "cancel-codes": me.role === "coordinator" && role === "patient",
    witness: speaks && enrolled && id !== me.id,
    "end-sessions": equal && enrolled && id !== me.id,
    disable: me.role === "admin" && active && id !== me.id,
    enable: me.role === "admin" && !active,
  };
}

/** Whether they can come in, in words. @param {Member} person */
export function standingWords({ active, enrolled }) {
  if (!active) return "Shut out";
  return enrolled ? "Has a passkey" : "Not here yet";
}

/** People by name whose name or address has these letters. @param {Member[]} people @param {string} letters */
export function found(people, letters) {
  const wanted = letters.trim().toLowerCase();
  const has = (/** @type {string | null} */ text) => (text ?? "").toLowerCase().includes(wanted);
  return people
    .filter(({ name, email }) => has(name) || has(email))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
