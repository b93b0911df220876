/**
 * How a consult stands and whose turn it is, in the words of whoever reads it. Pure.
 *
 * @typedef {"submitted" | "triaged" | "assigned" | "awaiting_info" | "in_review" | "answered"
 *   | "transfer_requested" | "transfer_accepted" | "transfer_declined" | "follow_up" | "closed"
 *   | "declined" | "redirected" | "redirected_emergency" | "expired" | "lost_to_follow_up"
 *   | "cancelled" | "entered_in_error"} State
 * @typedef {{ side: "service" | "clinician" | "asker", person: import("./api.js").Person | null }} Owner
 * @typedef {import("./api.js").Consult} Consult
 * @typedef {import("./api.js").Role} Role
 */

/** @type {Set<State>} */
const ENDS = new Set([
  "closed", "declined", "redirected", "redirected_emergency", "expired", "lost_to_follow_up", "cancelled", "entered_in_error",
]);

/** Nothing leads on from here. @param {State} state */
export const isOver = (state) => ENDS.has(state);

/** @type {Record<State, string>} */
const WORDS = {
  submitted: "Nobody has taken it yet",
  triaged: "Triaged, nobody has taken it yet",
  assigned: "Taken",
  awaiting_info: "Waiting for information",
  in_review: "Being reviewed",
  answered: "Answered",
  transfer_requested: "Transfer asked for",
  transfer_accepted: "Transfer accepted",
  transfer_declined: "Transfer declined",
  follow_up: "Follow-up planned",
  closed: "Closed",
  declined: "Declined",
  redirected: "Sent to another service",
  redirected_emergency: "Sent to the emergency number",
  expired: "Ended: nothing came",
  lost_to_follow_up: "Lost to follow-up",
  cancelled: "Taken back",
  entered_in_error: "Opened in error",
};

/** @type {Record<State, string>} */
const PATIENT_WORDS = {
  submitted: "Sent. Nobody has taken it yet",
  triaged: "Sent. Nobody has taken it yet",
  assigned: "A specialist has it",
  awaiting_info: "We need something from you",
  in_review: "A specialist is looking at it",
  answered: "Answered",
  transfer_requested: "We ask another hospital to take you",
  transfer_accepted: "Another hospital will take you",
  transfer_declined: "The other hospital said no",
  follow_up: "Answered. Show us again later",
  closed: "Closed",
  declined: "Not for this team. See where to go",
  redirected: "Sent on to another team",
  redirected_emergency: "This may be an emergency. Call now",
  expired: "Ended. We heard nothing from you",
  lost_to_follow_up: "Ended. We heard nothing from you",
  cancelled: "You took it back",
  entered_in_error: "Opened by mistake",
};

/** @param {State} state @param {Role} role */
export const stateWords = (state, role) => (role === "patient" ? PATIENT_WORDS : WORDS)[state];

/** Has nobody of the team taken it? @param {Pick<Consult, "owner">} consult */
export const isUntaken = ({ owner }) => owner?.side === "service";

/** Is it the turn of the side that asked? @param {Pick<Consult, "owner">} consult */
export const waitsForAsker = ({ owner }) => owner?.side === "asker";

/**
 * Whose turn it is: "Yours", "Dr. Ada Okafor was paged". A patient hears of nobody by name who has
 * not spoken to them yet.
 * @param {Pick<Consult, "owner">} consult @param {{ id: string, role: Role }} reader
 */
export function ownerWords({ owner }, { id, role }) {
  if (!owner) return "";
  const { side, person } = owner;
  if (person?.id === id) return side === "service" ? "You were paged" : "Your turn";
  if (side === "service") return role === "patient" ? "" : person ? `${person.name} was paged` : "Nobody is on duty";
  if (side === "clinician") return person?.name ?? "";
  return role === "patient" ? "Your turn" : `Waits for ${person?.name ?? "whoever asked"}`;
}
