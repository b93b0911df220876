/**
 * The steps of a consult: over HTTP, in words, and what each has to name.
 *
 * @typedef {"triage" | "acknowledge" | "reassign" | "release" | "forward" | "begin_review" | "ask"
 *   | "supply" | "expire" | "answer" | "ask_again" | "request_transfer" | "accept_transfer"
 *   | "decline_transfer" | "resume" | "plan_follow_up" | "lose" | "close" | "decline" | "redirect"
 *   | "redirect_emergency" | "cancel" | "mark_error"} Step
 * @typedef {"urgency" | "colleague" | "service" | "code" | "where" | "told" | "transfer" | "due"
 *   | "due_needed" | "reason" | "reason_needed"} Field
 * @typedef {{ words: string, hint?: string, patient?: string, patientHint?: string, fields: Field[],
 *   code?: string, grave?: boolean }} Form
 * @typedef {{ step: Step, code?: string, reason?: string, user_id?: string, service_id?: string,
 *   urgency?: string, due_at?: string, where?: { name: string, telephone: string, told?: string },
 *   transfer?: { clinician: string, mode: string, arrives_at: string, bed?: string } }} Wish
 * @typedef {{ number: number, step: Step | "open", from_state: import("./states.js").State | null,
 *   to_state: import("./states.js").State, by: import("./api.js").Person | null, reason_code: string,
 *   reason: string, details: Record<string, any>, owner: string | null, due_at: string | null,
 *   at: string }} Taken
 */

import { DISPOSITIONS } from "./advice.js";
import { ApiError, request } from "./api.js";
import { momentWords } from "./time.js";

const QUICKER = "That is not possible any more: somebody was quicker. Look at how it stands now.";

/** @param {string} consultId @param {Wish} wish @returns {Promise<import("./api.js").Consult>} */
export const takeStep = (consultId, wish) =>
  request("POST", `/api/consults/${consultId}/steps`, { body: wish }).catch(inWords);
/** @param {string} consultId @returns {Promise<{ items: Taken[] }>} */
export const listSteps = (consultId) => request("GET", `/api/consults/${consultId}/steps`);
/** @param {string} consultId @returns {Promise<import("./api.js").Consult>} */
export const confirmEmergency = (consultId) => request("POST", `/api/consults/${consultId}/emergency-read`);
/** @param {string} consultId @param {{ code?: string, reason?: string }} why */
export const closeConsult = (consultId, why) =>
  request("POST", `/api/consults/${consultId}/close`, { body: why }).catch(inWords);

/** @param {unknown} error @returns {never} */
function inWords(error) {
  if (error instanceof ApiError && error.code === "not_possible") throw new ApiError(409, error.code, QUICKER);
  throw error;
}

/** Taking has a button of its own, answering and closing a form; nobody lets go by hand. @type {Set<Step>} */
const ELSEWHERE = new Set(["acknowledge", "answer", "close", "release"]);

/** @type {Record<Exclude<Step, "acknowledge" | "answer" | "close" | "release">, Form>} */
const FORMS = {
  triage: { words: "Triage", hint: "Say how urgent it is", fields: ["urgency", "reason"] },
  begin_review: { words: "Begin the review", hint: "Show that you are at it", fields: [] },
  ask: { words: "Ask for information", hint: "The clock stands still until it comes", fields: ["reason_needed", "due"] },
  supply: { words: "It has come", hint: "What was asked for is here", patient: "I have sent it", patientHint: "What you were asked for", fields: [] },
  ask_again: { words: "Ask again", hint: "Another question about it", patient: "I have another question", patientHint: "Or just write a message", fields: ["reason"] },
  request_transfer: { words: "Ask for a transfer", hint: "Another place is to take the patient", patient: "Ask to be moved to another hospital", fields: ["reason"] },
  accept_transfer: { words: "Accept the transfer", hint: "Who takes the patient, how, when", fields: ["transfer"] },
  decline_transfer: { words: "Decline the transfer", fields: ["code", "reason"] },
  resume: { words: "Review it again", fields: [] },
  plan_follow_up: { words: "Plan a follow-up", hint: "They show it again by a day", fields: ["due_needed"] },
  reassign: { words: "Give it to a colleague", fields: ["colleague", "reason_needed"] },
  forward: { words: "Forward to another service", hint: "It begins anew there", fields: ["service", "reason_needed"] },
  redirect: { words: "Send them elsewhere", hint: "Somebody there knows of it already", fields: ["code", "where", "told", "reason"], grave: true },
  decline: { words: "Decline", hint: "And say where to go instead", fields: ["code", "where", "reason"], grave: true },
  redirect_emergency: { words: "This is an emergency", hint: "It ends here; they are told to call now", patient: "This is an emergency now", patientHint: "You are shown whom to call", fields: ["reason_needed"], grave: true },
  expire: { words: "Nothing came: end it", fields: ["reason_needed"], grave: true },
  lose: { words: "Lost to follow-up", fields: ["reason_needed"], grave: true },
  cancel: { words: "Take it back", hint: "You no longer need an answer", patient: "I no longer need this", fields: ["reason_needed"], grave: true },
  mark_error: { words: "It was opened in error", fields: ["reason_needed"], grave: true },
};

/**
 * The steps to offer of those that are possible, in the order in which they are thought of.
 * @param {Step[]} possible
 * @returns {(keyof typeof FORMS)[]}
 */
export const offered = (possible) =>
  /** @type {(keyof typeof FORMS)[]} */ (Object.keys(FORMS)).filter((step) => possible.includes(step) && !ELSEWHERE.has(step));

/** @param {keyof typeof FORMS} step @param {import("./api.js").Role} role @returns {Form} */
export function formOf(step, role) {
  const form = FORMS[step];
  if (role !== "patient") return form;
  // Whoever needs help now does not write an essay first.
  const fields = /** @type {Field[]} */ (step === "redirect_emergency" ? [] : form.fields);
  const code = step === "redirect_emergency" ? { code: "asked" } : {};
  return { ...form, words: form.patient ?? form.words, hint: form.patientHint ?? "", fields, ...code };
}

/** What stands in the form for each. @type {Record<Field, string[]>} */
const NAMES = {
  urgency: ["urgency"],
  colleague: ["user_id"],
  service: ["service_id"],
  code: ["code"],
  where: ["where.name", "where.telephone"],
  told: ["where.told"],
  transfer: ["transfer.clinician", "transfer.mode", "transfer.arrives_at", "transfer.bed"],
  due: ["due_at"],
  due_needed: ["due_at"],
  reason: ["reason"],
  reason_needed: ["reason"],
};

/** @type {Record<string, string>} */
const MISSING = {
  urgency: "Choose how urgent it is.",
  user_id: "Choose a colleague.",
  service_id: "Choose a service.",
  code: "Choose a reason.",
  "where.name": "Say where they are to go.",
  "where.telephone": "Write the number to call there.",
  "where.told": "Say who there was told: nobody is sent on unannounced.",
  "transfer.clinician": "Name the clinician who takes the patient.",
  "transfer.mode": "Choose how the patient comes.",
  "transfer.arrives_at": "Say when the patient arrives.",
  due_at: "Say by when.",
  reason: "Write a few words.",
};

/** The fields of the form that a step shows. @param {Form} form */
export const namesOf = ({ fields }) => fields.flatMap((field) => NAMES[field]);

/** What the step has to name and does not, by field. @param {Form} form @param {Record<string, string>} filled */
export function faultsIn({ fields }, filled) {
  const free = new Set(["transfer.bed", ...(fields.includes("reason") ? ["reason"] : []), ...(fields.includes("due") ? ["due_at"] : [])]);
  const names = fields.flatMap((field) => NAMES[field]).filter((name) => !free.has(name) && !filled[name]);
  return Object.fromEntries(names.map((name) => [name, MISSING[name] ?? "This is needed."]));
}

/**
 * What is sent: "where.name" becomes `where: { name }`, and a time of this place that of the world.
 * @param {Step} step @param {Record<string, string>} filled by field
 */
export function wishOf(step, filled) {
  /** @type {Record<string, any>} */
  const wish = { step };
  for (const [name, words] of Object.entries(filled)) {
    if (!words) continue;
    const [first = "", second] = name.split(".");
    const value = name.endsWith("_at") ? new Date(words).toISOString() : words;
    if (second) wish[first] = { ...wish[first], [second]: value };
    else wish[first] = value;
  }
  return /** @type {Wish} */ (wish);
}

/** @type {Record<string, string>} */
export const REASONS = {
  not_a_burn: "It is not a burn",
  not_needed: "It can be treated where the patient is",
  no_capacity: "There is no room",
  other_service: "Another service is better for it",
  out_of_area: "It is not our area",
  duplicate: "It is here already",
  other: "Another reason",
};

/** @type {Record<string, string>} */
export const MODES = { ground: "By ambulance", helicopter: "By helicopter", fixed_wing: "By plane", own: "By their own means" };

/** @type {Record<string, string>} */
export const CLOSE_REASONS = {
  told_by_telephone: "I told them by telephone",
  seen_in_person: "I saw them in person",
  unreachable: "Everything was tried, nobody can be reached",
};

/** @type {Record<Step | "open", string>} */
const DONE = {
  open: "Asked",
  triage: "Triaged",
  acknowledge: "Took it",
  reassign: "Gave it to a colleague",
  release: "It waits again",
  forward: "Forwarded to another service",
  begin_review: "Began the review",
  ask: "Asked for information",
  supply: "Sent what was asked for",
  expire: "Ended it: nothing came",
  answer: "Answered",
  ask_again: "Asked again",
  request_transfer: "Asked for a transfer",
  accept_transfer: "Accepted the transfer",
  decline_transfer: "Declined the transfer",
  resume: "Began to review it again",
  plan_follow_up: "Planned a follow-up",
  lose: "Lost to follow-up",
  close: "Closed",
  decline: "Declined",
  redirect: "Sent them elsewhere",
  redirect_emergency: "Told them to call the emergency number",
  cancel: "Took it back",
  mark_error: "Marked it as opened in error",
};

/** @type {Record<string, string>} */
const CODES = {
  ...REASONS,
  ...CLOSE_REASONS,
  ...DISPOSITIONS,
  complete: "The answer was read",
  red_flags: "Their own answers said so",
  asked: "They said so",
  handover: "At a hand-over",
  account_closed: "Their account is closed",
};

/**
 * One line of the history, and what else there is to say about it.
 * @param {Taken} taken @returns {{ title: string, more: string[] }}
 */
export function takenWords({ step, by, reason_code, reason, details, due_at }) {
  const where = details["where"];
  const transfer = details["transfer"];
  const more = [
    CODES[reason_code] ?? "",
    reason,
    where ? [where.name, where.telephone, where.told && `${where.told} was told`].filter(Boolean).join(" · ") : "",
    transfer ? transferWords(transfer) : "",
    step === "plan_follow_up" && due_at ? `By ${momentWords(new Date(due_at))}` : "",
  ];
  return { title: `${DONE[step]}${by ? ` · ${by.name}` : ""}`, more: more.filter(Boolean) };
}

/** @param {{ clinician: string, mode: string, arrives_at: string, bed: string }} transfer */
const transferWords = ({ clinician, mode, arrives_at, bed }) =>
  [`${clinician} takes the patient`, MODES[mode], `arrives ${momentWords(new Date(arrives_at))}`, bed].filter(Boolean).join(" · ");
