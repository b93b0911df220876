/** My consults in the order in which they want attention. Pure. */

/** @typedef {import("./api.js").Consult} Consult */
/** @typedef {import("./api.js").Role} Role */

const RANK = { stat: 0, asap: 1, urgent: 2, routine: 3 };

/**
 * Clinicians see what waits first, the most urgent on top; a patient sees their own, newest first.
 * Groups without a consult are left out; a single group of a patient needs no title.
 * @param {Consult[]} consults newest change first, as the server lists them
 * @param {Role} role
 * @returns {{ title: string, consults: Consult[] }[]}
 */
export function groupConsults(consults, role) {
  const open = consults.filter((consult) => consult.state !== "closed");
  const closed = consults.filter((consult) => consult.state === "closed");
  const groups =
    role === "patient"
      ? [{ title: closed.length ? "Open" : "", consults: open }]
      : [
          { title: "Waiting for a reply", consults: mostUrgentFirst(open.filter(waits)) },
          { title: "Answered", consults: open.filter((consult) => !waits(consult)) },
        ];
  return [...groups, { title: "Closed", consults: closed }].filter((group) => group.consults.length);
}

/** @param {Consult} consult */
const waits = (consult) => consult.state !== "answered";

/** @param {Consult[]} consults */
const mostUrgentFirst = (consults) =>
  consults.toSorted((a, b) => RANK[a.urgency] - RANK[b.urgency]); // stable: newest first within
