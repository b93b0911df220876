import { mayClose, roleWords } from "../lib/roles.js";
import { isOver, stateWords } from "../lib/states.js";
import { fill, part } from "../lib/templates.js";
import { clockWords, dayWords, inSentence } from "../lib/time.js";
import { counted, kindWords, readersWords, sentByTablet, titleOf, urgencyWords } from "../lib/words.js";

/** @typedef {import("./consult-desk.js").User} User */

/**
 * Show in `view` who and what the consult is about, how it stands, and who is in it.
 * @param {HTMLElement} view @param {import("../lib/api.js").OpenConsult} consult @param {User} user
 */
export function showHead(view, consult, user) {
  const title = titleOf(consult, user.role, user.id);
  const over = isOver(consult.state);
  document.title = `${title} · Consult`;
  part(view, "urgency").dataset["urgency"] = consult.urgency;
  fill(view, {
    title,
    state: stateWords(consult.state, user.role),
    urgency: user.role === "patient" ? "" : urgencyWords(consult.urgency),
    kind: user.role === "patient" ? "" : kindWords(consult.kind),
    sender: sentByTablet(consult, user.id),
    "asked-when": askedWords(new Date(consult.created_at), new Date()),
    reason: consult.reason,
    problem: "",
  });
  part(view, "head").hidden = false;
  part(view, "asked").hidden = !consult.reason;
  part(view, "close").hidden = Boolean(consult.emergency_until) || !mayClose(user.role) || !consult.possible.includes("close");
  part(view, "closed").hidden = !over;
  const guests = new Set(consult.guests.map((guest) => guest.user.id));
  showPeople(view, consult.people.filter(({ id }) => !guests.has(id)), user);
  fill(view, { "people-count": counted(consult.people.length, "person", "people") });
  /** @type {import("./consult-guests.js").ConsultGuests} */ (view.querySelector("consult-guests")).show(consult, user);
  /** @type {import("./consult-clock.js").ConsultClock} */ (view.querySelector("consult-clock")).show(consult, user);
  /** @type {import("./consult-advice.js").ConsultAdvice} */ (view.querySelector("consult-advice")).show(consult, user);
  /** @type {import("./consult-history.js").ConsultHistory} */ (view.querySelector("consult-history")).show(consult);
  /** @type {import("./consult-deeds.js").ConsultDeeds} */ (view.querySelector("consult-deeds")).show(consult, user);
}

/** @param {Date} opened @param {Date} now */
const askedWords = (opened, now) =>
  `Asked ${inSentence(dayWords(opened, { now }))}, ${clockWords(opened)}`;

/** @param {HTMLElement} view @param {import("../lib/api.js").Person[]} people @param {User} user */
function showPeople(view, people, user) {
  fill(view, { "people-hint": readersWords(people) });
  const items = people.map(({ id, name, role }) => {
    const textContent = `${name} · ${roleWords(role)}${id === user.id ? " (you)" : ""}`;
    return Object.assign(document.createElement("li"), { textContent });
  });
  part(view, "people").replaceChildren(...items);
}
