import { attempt } from "../lib/attempt.js";
import { clockLines, nobodyOnDuty, pageLines, whenWords } from "../lib/clock.js";
import { dueWords, isLate } from "../lib/due.js";
import { textsOf } from "../lib/duty.js";
import { emergencyNumber } from "../lib/emergency.js";
import { isOver, isUntaken, ownerWords } from "../lib/states.js";
import { confirmEmergency, takeStep } from "../lib/steps.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { joined } from "../lib/words.js";

const COUNTED = 1_000;

/** @typedef {import("../lib/api.js").OpenConsult} OpenConsult */

/** Whose turn it is and by when, who was paged, whom to ring, and the button that takes it. */
export class ConsultClock extends HTMLElement {
  /** @type {OpenConsult | null} */
  #consult = null;
  /** @type {import("./consult-desk.js").User} */
  #user = { id: "", name: "", role: "patient" };
  #timer = 0;

  connectedCallback() {
    onPress(this, "take", (button) => attempt(this, button, () => this.#take()));
    onPress(this, "emergency-read", (button) => attempt(this, button, () => this.#confirm()));
    this.#timer = setInterval(() => this.#count(), COUNTED);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  /** @param {OpenConsult} consult @param {import("./consult-desk.js").User} user */
  show(consult, user) {
    this.#consult = consult;
    this.#user = user;
    this.hidden = false;
    part(this, "take").hidden = Boolean(consult.emergency_until) || !consult.possible.includes("acknowledge");
    fill(this, { owner: ownerWords(consult, user) });
    this.#count();
    this.#showEmergency(consult);
    this.#showCall(consult);
    this.#showLoop(consult);
  }

  #count() {
    if (!this.#consult) return;
    const now = new Date();
    const words = dueWords(this.#consult, { now, role: this.#user.role });
    if (part(this, "due").textContent !== words) fill(this, { due: words });
    part(this, "now").hidden = !words && !part(this, "owner").textContent;
    part(this, "now").dataset["late"] = String(isLate(this.#consult, now));
  }

  /** @param {OpenConsult} consult */
  #showEmergency({ emergency, relation }) {
    part(this, "emergency").hidden = !emergency;
    if (!emergency) return;
    const { number, text, read_at } = emergency;
    const asks = relation === "subject" || relation === "proxy" || (this.#user.role === "ems" && relation === "member");
    part(this, "emergency-call", HTMLAnchorElement).href = `tel:${number}`;
    fill(this, {
      "emergency-text": text,
      "emergency-number": `Call ${number}`,
      "emergency-read-at": read_at ? `Read ${whenWords(read_at, { now: new Date() })}` : asks ? "" : "Nobody has said yet that they read this.",
    });
    part(this, "emergency-read").hidden = !asks || read_at !== null;
  }

  /** @param {OpenConsult} consult */
  async #showCall(consult) {
    const nobody = nobodyOnDuty(consult.pages);
    part(this, "calling").hidden = isOver(consult.state) || !isUntaken(consult);
    const { telephone } = consult.service;
    part(this, "call", HTMLAnchorElement).href = `tel:${telephone.replace(/[^0-9+*#]/g, "")}`;
    fill(this, { "call-number": `Call ${telephone}`, unreachable: unreachableWords(consult.unreachable) });
    const texts = await textsOf(consult.service.id);
    const waiting = texts["waiting"] || "It gets worse, or takes too long? Call.";
    const none = texts["nobody_on_duty"] || this.#nobody(telephone);
    fill(this, { "call-words": nobody ? none : waiting });
  }

  /** No patient is sent to the emergency number with a question that can wait. @param {string} telephone */
  #nobody(telephone) {
    const waits = this.#user.role === "patient" && telephone === emergencyNumber();
    return waits ? "Nobody is on duty right now. It gets worse, or is an emergency? Call." : "Nobody is on duty right now. Call instead.";
  }

  /** @param {OpenConsult} consult */
  #showLoop({ clock, pages }) {
    const here = { now: new Date() };
    part(this, "lines").replaceChildren(...clockLines(clock, here).map(row));
    const ladder = pageLines(pages, here);
    part(this, "pages").replaceChildren(...ladder.map(row));
    part(this, "ladder").hidden = ladder.length === 0;
  }

  async #take() {
    const { id } = /** @type {OpenConsult} */ (this.#consult);
    try {
      await takeStep(id, { step: "acknowledge" });
    } catch (error) {
      part(this, "take").hidden = true; // it is no more to be had
      throw error;
    }
    announce("It is yours.");
    this.#moved();
  }

  async #confirm() {
    await confirmEmergency(/** @type {OpenConsult} */ (this.#consult).id);
    announce("Thank you. Call now.");
    this.#moved();
  }

  #moved() {
    this.dispatchEvent(new CustomEvent("consult-moved", { bubbles: true }));
  }
}

customElements.define("consult-clock", ConsultClock);

/** @param {import("../lib/clock.js").Line} line */
function row({ title, words, state }) {
  const item = stamp("clock-line");
  item.dataset["state"] = state;
  fill(item, { title, words });
  return item;
}

/** @param {import("../lib/api.js").Person[]} people */
const unreachableWords = (people) =>
  people.length ? `Our mail does not reach ${joined(people.map(({ name }) => name))}. Call them.` : "";
