/**
 * Advice: over HTTP, and in the words of whoever reads it.
 *
 * @typedef {"transfer" | "treat_locally" | "clinic" | "redirect" | "more_images"} Disposition
 * @typedef {{ id: string, author: import("./api.js").Person, text: string, disposition: Disposition,
 *   valid_until: string | null, until_next_photo: boolean, valid: boolean, number: number | null,
 *   changed_at: string, signed_at: string | null, superseded_by: string | null,
 *   acknowledged_at: string | null, acknowledged_by: import("./api.js").Person | null }} Advice
 *   `signed_at` null: a draft, which nobody but its author sees
 * @typedef {{ text: string, disposition: Disposition, valid_until: string | null,
 *   until_next_photo: boolean }} Draft
 * @typedef {import("./time.js").Here} Here
 */

import { request } from "./api.js";
import { whenWords } from "./clock.js";
import { momentWords } from "./time.js";

/** @param {string} consultId @returns {Promise<{ items: Advice[] }>} signed ones in order, then one's own drafts */
export const listAdvice = (consultId) => request("GET", `/api/consults/${consultId}/advice`);
/** @param {string} consultId @param {string} id @param {Draft} draft @returns {Promise<Advice>} */
export const putDraft = (consultId, id, draft) => request("PUT", `/api/consults/${consultId}/advice/${id}`, { body: draft });
/** @param {string} consultId @param {string} id @returns {Promise<Advice>} */
export const signAdvice = (consultId, id) => request("POST", `/api/consults/${consultId}/advice/${id}/signature`);
/** @param {string} consultId @param {string} id @returns {Promise<Advice>} */
export const acknowledgeAdvice = (consultId, id) => request("POST", `/api/consults/${consultId}/advice/${id}/acknowledgement`);

/** @type {Record<Disposition, string>} */
export const DISPOSITIONS = {
  treat_locally: "Treat where the patient is",
  clinic: "See in the burn clinic",
  transfer: "Transfer to the burn center",
  redirect: "Another service",
  more_images: "More photos needed",
};

/** @type {Record<Disposition, string>} */
const PATIENT_WORDS = {
  treat_locally: "You can be treated where you are",
  clinic: "Come to the burn clinic",
  transfer: "You need to come to the burn center",
  redirect: "Another team can help you better",
  more_images: "We need more photos",
};

/** @param {Disposition} disposition @param {import("./api.js").Role} role of the reader */
export const dispositionWords = (disposition, role) => (role === "patient" ? PATIENT_WORDS : DISPOSITIONS)[disposition];

/** What holds, what came before it (newest first), and one's own newest draft. @param {Advice[]} items */
export function splitAdvice(items) {
  const signed = items.filter(({ signed_at }) => signed_at);
  return {
    current: signed.find(({ superseded_by }) => !superseded_by) ?? null,
    before: signed.filter(({ superseded_by }) => superseded_by).toReversed(),
    draft: items.findLast(({ signed_at }) => !signed_at) ?? null,
  };
}

/** "Signed by Dr. Ada Okafor, 2:14 AM". @param {Advice} advice @param {Here} here */
export const signedWords = ({ author, signed_at }, here) => `Signed by ${author.name}, ${whenWords(signed_at ?? "", here)}`;

/** For how long it holds; "" when nothing was said about that. @param {Advice} advice */
export function validityWords({ valid_until, until_next_photo, valid, superseded_by }) {
  const until = valid_until ? momentWords(new Date(valid_until)) : "";
  if (superseded_by) return "";
  if (!valid && until && until_next_photo) return "It no longer holds.";
  if (!valid) return until_next_photo ? "It held until the next photo, and that has come." : `It held until ${until}.`;
  if (until_next_photo) return until ? `Holds until the next photo, or ${until}.` : "Holds until the next photo.";
  return until ? `Holds until ${until}.` : "";
}

/** "Read by Medic 12, 2:20 AM". @param {Advice} advice @param {{ id: string }} reader @param {Here} here */
export function readWords({ acknowledged_at, acknowledged_by }, { id }, here) {
  if (!acknowledged_at || !acknowledged_by) return "";
  return `Read by ${acknowledged_by.id === id ? "you" : acknowledged_by.name}, ${whenWords(acknowledged_at, here)}`;
}

/** What a signer can choose from, and how many hours that is. @type {[string, string][]} */
export const VALIDITIES = [
  ["No end", ""],
  ["Until the next photo", "photo"],
  ["For 24 hours", "24"],
  ["For 3 days", "72"],
  ["For 7 days", "168"],
  ["Until another time", "own"],
];

/**
 * What is sent for a choice.
 * @param {string} choice @param {string} own the value of a field for date and time @param {Date} now
 */
export function validityOf(choice, own, now) {
  const hours = Number(choice);
  const end = choice === "own" && own ? new Date(own) : hours ? new Date(now.getTime() + hours * 3_600_000) : null;
  return { valid_until: end?.toISOString() ?? null, until_next_photo: choice === "photo" };
}

/** What was chosen for a draft. @param {Pick<Draft, "valid_until" | "until_next_photo">} draft */
export const choiceOf = ({ valid_until, until_next_photo }) => (until_next_photo ? "photo" : valid_until ? "own" : "");
