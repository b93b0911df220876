/** My consults in the order in which they want attention. Pure. */

import { isLate } from "./due.js";
import { isOver, waitsForAsker } from "./states.js";

/** @typedef {import("./api.js").Consult} Consult */
/** @typedef {import("./api.js").Role} Role */

const RANK = { stat: 0, asap: 1, urgent: 2, routine: 3 };

/**
 * The team sees first what is overdue, then what it has to answer: the most urgent on top, then what
 * is due first. Crews see what waits for them; a patient sees their own, newest first.
 * Groups without a consult are left out; a single group of a patient needs no title.
 * @param {Consult[]} consults newest change first, as the server lists them
 * @param {Role} role @param {Date} now
 * @returns {{ title: string, consults: Consult[] }[]}
 */
export function groupConsults(consults, role, now) {
  const open = consults.filter(({ state }) => !isOver(state));
  const over = consults.filter(({ state }) => isOver(state));
  const groups = role === "patient" ? own(open, over.length > 0) : theirs(open, role, now);
  const ended = { title: role === "patient" ? "Closed" : "Ended", consults: over };
  return [...groups, ended].filter((group) => group.consults.length);
}

/** @param {Consult[]} open @param {boolean} titled */
const own = (open, titled) => [{ title: titled ? "Open" : "", consults: open }];

/** @param {Consult[]} open @param {Role} role @param {Date} now */
function theirs(open, role, now) {
  const late = open.filter((consult) => isLate(consult, now));
  const asked = open.filter(waitsForAsker);
  const rest = open.filter((consult) => !late.includes(consult) && !asked.includes(consult));
  const ours = [
    { title: "Overdue", consults: inOrder(late) },
    { title: role === "ems" ? "With the burn team" : "To be answered", consults: inOrder(rest) },
  ];
  if (role === "ems") return [{ title: "Your turn", consults: inOrder(asked) }, ...ours];
  return [...ours, { title: "Waiting for whoever asked", consults: asked }];
}

/** @param {Consult[]} consults */
const inOrder = (consults) =>
  consults.toSorted((a, b) => RANK[a.urgency] - RANK[b.urgency] || dueOf(a) - dueOf(b)); // stable: newest first within

/** @param {Consult} consult */
const dueOf = ({ due_at }) => (due_at ? Date.parse(due_at) : Number.MAX_SAFE_INTEGER);
