/**
 * What the holder of a link may do, over HTTP: learn what it asks for, and send that.
 *
 * @typedef {"assessment" | "dressing_change" | "before_visit" | "follow_up" | "retake"} Purpose
 * @typedef {"blurred" | "too_dark" | "too_bright" | "wrong_site" | "too_far" | "too_near"
 *   | "no_scale" | "obstructed" | "other"} Reason
 * @typedef {"en" | "es"} Language
 * @typedef {{ body_site: string | null, laterality: string | null, view: string | null }} Wanted
 * @typedef {{ purpose: Purpose, language: Language, due_at: string, wanted: Wanted[],
 *   sent: number[], rejected_for: Reason | null, photos_left: number, organisation: string,
 *   emergency_number: string }} AskedImages
 * @typedef {{ answered: boolean, organisation: string, emergency_number: string }} AskedOutcome
 * @typedef {{ went: string, healing: string, advice_taken: string }} OutcomeAnswers
 */

import { request, upload } from "./api.js";
import { tokenOf } from "./routes.js";

/**
 * The secret of the link in the address. It must not stay there, where history and shoulders
 * could read it; with the entry of the history it outlives a page that a camera pushed out.
 */
export function takeSecret() {
  const fresh = tokenOf(location.hash);
  if (fresh) history.replaceState({ secret: fresh }, "", location.pathname);
  return fresh ?? String(history.state?.secret ?? "");
}

/** @param {string} secret */
const headersOf = (secret) => ({ Authorization: `Link ${secret}` });

/** @param {string} secret @returns {Promise<AskedImages>} */
export const askedImages = (secret) => opening(secret, "photos");
/** @param {string} secret @returns {Promise<AskedOutcome>} */
export const askedOutcome = (secret) => opening(secret, "outcome");
/** @param {string} secret @param {OutcomeAnswers} answers */
export const sayOutcome = (secret, answers) =>
  request("POST", "/api/link/outcome", { body: answers, headers: headersOf(secret), announce: false });

/** @param {string} secret @param {"photos" | "outcome"} kind */
const opening = (secret, kind) =>
  request("POST", "/api/link/opening", { body: { kind }, headers: headersOf(secret), announce: false });

/** @param {string} secret @param {{ id: string, number: number, file: Blob }} photo
 * @param {(share: number) => void} onProgress */
export const putLinkPhoto = (secret, { id, number, file }, onProgress) =>
  upload(`/api/link/photos/${id}?number=${number}`, file, { headers: headersOf(secret), announce: false, onProgress });
