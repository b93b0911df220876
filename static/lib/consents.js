/**
 * What a patient says yes or no to: over HTTP, and in words.
 *
 * @typedef {"care" | "teaching" | "research"} Purpose
 * @typedef {"given" | "emergency" | "missing" | "withdrawn"} Standing
 * @typedef {"tap" | "verbal" | "signature" | "emergency"} Method
 * @typedef {{ consult_id: string | null, purpose: Purpose, given: boolean,
 *   capacity: "self" | "proxy" | "clinician", method: Method,
 *   given_by: import("./api.js").Person, at: string }} Said
 * @typedef {{ current: Record<Purpose, Standing>, items: Said[] }} Consents
 */

import { request } from "./api.js";
import { momentWords } from "./time.js";

/** @param {string} patientId */
export const ofPatient = (patientId) => `/api/patients/${patientId}/consents`;
/** @param {string} consultId */
export const ofConsult = (consultId) => `/api/consults/${consultId}/consents`;
/** @param {string} path @returns {Promise<Consents>} */
export const getConsents = (path) => request("GET", path);
/** @param {string} path @param {{ purpose: Purpose, given: boolean, method: Method }} said */
export const say = (path, said) => request("POST", path, { body: said });

/** @type {{ purpose: Purpose, name: string, words: string }[]} */
export const PURPOSES = [
  { purpose: "care", name: "Care", words: "The burn team may see the photos and read the words, to help." },
  { purpose: "teaching", name: "Teaching", words: "The photos may be used to teach doctors and nurses." },
  { purpose: "research", name: "Research", words: "The photos may be used to find out how burns heal best." },
];

/** @type {Record<Standing, string>} */
const STANDINGS = {
  given: "Yes",
  withdrawn: "No",
  missing: "Not asked yet",
  emergency: "Not asked yet: emergency",
};
/** @param {Standing} standing */
export const standingWords = (standing) => STANDINGS[standing];

/** @type {Record<Method, string>} */
const METHODS = { tap: "with a tap", verbal: "in spoken words", signature: "with a signature", emergency: "in an emergency" };

/**
 * "Care: yes. Ana Moreno, for the patient, with a tap. Nov 24, 2:14 AM".
 * @param {Said} said @param {{ everywhere?: boolean }} [where] among what was said of everything and of each consult
 */
export function saidWords({ consult_id, purpose, given, capacity, method, given_by: by, at }, { everywhere = false } = {}) {
  const reach = everywhere && consult_id ? ", for one consult" : "";
  const name = PURPOSES.find((each) => each.purpose === purpose)?.name;
  const role = { self: "", proxy: ", for the patient", clinician: ", who wrote it down" }[capacity];
  const moment = momentWords(new Date(at));
  if (method === "emergency") return `${name}: nobody could be asked, it was an emergency. ${moment}`;
  return `${name}: ${given ? "yes" : "no"}${reach}. ${by.name}${role}, ${METHODS[method]}. ${moment}`;
}
