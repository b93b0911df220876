/**
 * What each role finds on the screen. The server decides what is allowed; this keeps the page
 * from offering what it would refuse. Pure.
 */

import { isOver } from "./states.js";

/** @typedef {import("./api.js").Role} Role */

/** @param {Role} role */
export const isClinician = (role) => role !== "patient" && role !== "admin";

/** Whoever sees that nothing is left unanswered never needs the picture. @param {Role} role */
export const seesPhotos = (role) => role === "patient" || role === "ems" || role === "specialist";

/** @param {Role} role */
export const maySendPhotos = seesPhotos;

/** One's own photo, and for clinicians any. @param {{ created_by: { id: string } }} photo
 * @param {{ id: string, role: Role }} user */
export const mayTurn = ({ created_by }, { id, role }) =>
  seesPhotos(role) && (isClinician(role) || created_by.id === id);

/** @param {Role} role */
export const mayClose = (role) => role === "specialist" || role === "coordinator";

/** @param {Role} role */
export const hasConsults = (role) => role !== "admin";

/** @param {Role} role */
export const seesPeople = (role) => role === "coordinator" || role === "admin";

/** Whoever looks photos over, or sees to what is late. @param {Role} role */
export const looksOver = (role) => role === "specialist" || role === "coordinator";

/** How long answers take. @param {Role} role */
export const readsFigures = (role) => looksOver(role) || role === "admin";

/** Who is on duty, and hands over. @param {Role} role */
export const readsRoster = looksOver;

/** @param {Role} role */
export const changesRoster = (role) => role === "coordinator";

/** @param {Role} role */
export const reviewsEmergencies = (role) => role === "coordinator";

/** @typedef {import("./api.js").OpenConsult} OpenConsult */

/** Is it the patient's own, or that of somebody they speak for? @param {Pick<OpenConsult, "relation">} consult */
export const isOwn = ({ relation }) => relation === "subject" || relation === "proxy";

/** Does this person stand on the side that asked? @param {Pick<OpenConsult, "relation" | "opened_by">} consult
 * @param {{ id: string, role: Role }} user */
export const isAsker = (consult, { id, role }) =>
  isOwn(consult) || (role === "ems" && consult.relation === "member") || (role === "specialist" && consult.opened_by.id === id);

/** Who signs advice: whoever is in the consult and answers it. @param {Pick<OpenConsult, "relation" | "state" | "emergency_until">} consult
 * @param {Role} role */
export const mayAdvise = ({ relation, state, emergency_until }, role) =>
  role === "specialist" && relation === "member" && !isOver(state) && !emergency_until;

/** Who writes down what the patient says. @param {Pick<OpenConsult, "relation" | "emergency_until">} consult
 * @param {Role} role */
export const asksForConsent = ({ relation, emergency_until }, role) =>
  !emergency_until && (role === "coordinator" || (role === "specialist" && (relation === "member" || relation === "inbox")));

/** @param {Pick<OpenConsult, "relation" | "state">} consult @param {Role} role */
export const mayAskIn = ({ relation, state }, role) =>
  role === "specialist" && relation === "member" && !isOver(state);

/** Who asks a patient or a colleague for photos. @param {Pick<OpenConsult, "relation" | "state" | "emergency_until">} consult
 * @param {Role} role */
export const mayAskForImages = ({ relation, state, emergency_until }, role) =>
  state !== "closed" && !emergency_until &&
  (role === "coordinator" || (role === "specialist" && (relation === "member" || relation === "inbox")));

/** Does the seat of a guest end at this person's word? @param {Pick<OpenConsult, "relation">} consult
 * @param {Role} role */
export const mayEndGuests = ({ relation }, role) =>
  relation === "subject" || role === "coordinator" || (role === "specialist" && relation === "member");

/** Whom a role may invite. @param {Role} role @returns {Role[]} */
export const invitable = (role) =>
  role === "admin"
    ? ["patient", "ems", "specialist", "coordinator", "admin"]
    : ["patient", "ems", "specialist", "coordinator"];

/** @type {Record<Role, string>} */
const WORDS = {
  patient: "Patient",
  ems: "Ambulance crew",
  specialist: "Burn specialist",
  coordinator: "Coordinator",
  admin: "Administrator",
  device: "Ambulance tablet",
  link: "Sent without an account",
};

/** @param {Role} role */
export const roleWords = (role) => WORDS[role];
