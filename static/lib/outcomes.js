/**
 * What became of a patient: over HTTP, and in words. Pure but for `getOutcome`.
 *
 * @typedef {{ asked_at: string, answered_at: string | null, went: string | null,
 *   healing: string | null, advice_taken: string | null }} Outcome
 * @typedef {{ name: "went" | "healing" | "advice_taken", words: string, answers: [string, string][] }} Question
 */

import { request } from "./api.js";

/** @param {string} consultId @returns {Promise<Outcome>} */
export const getOutcome = (consultId) => request("GET", `/api/consults/${consultId}/outcome`);

/** Three taps, in the order in which they are asked. @type {Question[]} */
export const QUESTIONS = [
  {
    name: "went",
    words: "Where was the patient treated in the end?",
    answers: [["burn_centre", "Burn center"], ["other_hospital", "Other hospital"], ["clinic", "Clinic"], ["home", "At home"], ["unknown", "I don’t know"]],
  },
  {
    name: "healing",
    words: "How is it now?",
    answers: [["healed", "Healed"], ["healing", "Still healing"], ["operated", "Had surgery"], ["worse", "Got worse"], ["died", "The patient died"], ["unknown", "I don’t know"]],
  },
  {
    name: "advice_taken",
    words: "Was the advice followed?",
    answers: [["followed", "Yes"], ["partly", "In part"], ["not_followed", "No"], ["unknown", "I don’t know"]],
  },
];

/** "Where was the patient treated in the end?" and its answer, for each. @param {Outcome} outcome @returns {[string, string][]} */
export const answersOf = (outcome) =>
  QUESTIONS.map(({ name, words, answers }) => [words, answers.find(([code]) => code === outcome[name])?.[1] ?? "Not told"]);
