/**
 * One's own account over HTTP: passkeys, sessions, saved codes, and the way back in.
 *
 * @typedef {{ id: string, name: string, created_at: string, last_used_at: string | null,
 *   backed_up: boolean, current: boolean, usable_from: string | null }} Passkey
 * @typedef {{ rp_id: string, user_handle: string, credential_ids: string[], passkeys: Passkey[] }}
 *   Passkeys
 * @typedef {{ id: string, device: string, created_at: string, seen_at: string, current: boolean }}
 *   Place where somebody is signed in
 * @typedef {{ session: import("./api.js").Session | null, usable_from: string | null,
 *   read_only_until: string | null }} Recovered
 */

import { request } from "./api.js";

/** @param {{ announce?: boolean }} [options] @returns {Promise<Passkeys>} */
export const listPasskeys = (options) => request("GET", "/api/passkeys", options);
export const addingOptions = () => request("POST", "/api/passkeys/options", { body: {} });
/** @param {unknown} credential @param {string} name @returns {Promise<Passkey>} */
export const addPasskey = (credential, name) =>
  request("POST", "/api/passkeys", { body: { credential, name } });
/** @param {string} id @param {string} name @returns {Promise<Passkey>} */
export const renamePasskey = (id, name) => request("PATCH", `/api/passkeys/${id}`, { body: { name } });
/** @param {string} id */
export const removePasskey = (id) => request("DELETE", `/api/passkeys/${id}`);

export const stepUpOptions = () => request("POST", "/api/passkeys/step-up/options", { body: {} });
/** @param {unknown} credential @returns {Promise<import("./api.js").Session>} */
export const stepUp = (credential) =>
  request("POST", "/api/passkeys/step-up", { body: { credential }, announce: false });

/** @returns {Promise<{ sessions: Place[] }>} */
export const listSessions = () => request("GET", "/api/sessions");
export const endOtherSessions = () => request("DELETE", "/api/sessions");
/** @param {string} id */
export const endSessionAt = (id) => request("DELETE", `/api/sessions/${id}`);

/** @returns {Promise<{ left: number }>} */
export const countSavedCodes = () => request("GET", "/api/recovery/codes");
/** @returns {Promise<{ codes: string[] }>} shown once; those before are dead */
export const makeSavedCodes = () => request("POST", "/api/recovery/codes");

/** @param {string} email the answer is the same whoever has it */
export const askToRecover = (email) => request("POST", "/api/recovery", { body: { email } });
/** @param {string[]} proofs two @returns {Promise<{ options: any, passkeys: Passkey[] }>} */
export const recoveryOptions = (proofs) =>
  request("POST", "/api/recovery/options", { body: { proofs } });
/** @param {{ proofs: string[], credential: unknown, lost: string[] }} recovery
 * @returns {Promise<Recovered>} */
export const recover = (recovery) =>
  request("POST", "/api/recovery/passkey", { body: recovery, announce: false });

/** Is one lost phone all that stands between somebody and their account? @param {Passkey[]} passkeys */
export const hangsByOne = (passkeys) => passkeys.length === 1 && !passkeys[0]?.backed_up;
