import { attempt } from "../lib/attempt.js";
import { whenWords } from "../lib/clock.js";
import { acceptHandover, declineHandover, getTeam, listHandovers, offerHandover } from "../lib/duty.js";
import { wordsFor } from "../lib/passkey.js";
import { announce, fill, part, stamp } from "../lib/templates.js";
import { counted } from "../lib/words.js";

/** @typedef {import("../lib/duty.js").Handover} Handover */

/** Asks a colleague to take over, and answers colleagues who ask; fires `roster-changed`. */
export class HandOvers extends HTMLElement {
  #serviceId = "";
  #me = "";

  connectedCallback() {
    /** @type {HTMLFormElement} */ (this.querySelector("form")).addEventListener("submit", (event) => this.#offer(event));
  }

  /** @param {import("../lib/duty.js").Service} service @param {{ id: string, role: string }} me */
  async show(service, me) {
    this.#serviceId = service.id;
    this.#me = me.id;
    const { items } = await getTeam(service.id).catch(() => ({ items: [] }));
    if (service.id !== this.#serviceId) return; // another one was chosen meanwhile
    const others = items.filter(({ id, role }) => role === me.role && id !== me.id);
    part(this, "to").replaceChildren(...others.map(({ id, name }) => new Option(name, id)));
    part(this, "offer-form").hidden = others.length === 0;
    fill(this, { alone: others.length ? "" : "Nobody else can be on duty here, so there is nobody to ask." });
    await this.#list();
  }

  async #list() {
    try {
      const { items } = await listHandovers();
      const open = items.filter(({ service_id, accepted_at, declined_at }) => service_id === this.#serviceId && !accepted_at && !declined_at);
      part(this, "rows").replaceChildren(...open.map((each) => this.#row(each)));
      if (open.some(({ from_person }) => from_person.id === this.#me)) part(this, "offer-form").hidden = true;
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
  }

  /** @param {Handover} handover */
  #row({ id, from_person, to_person, due_at, weight, with_shift }) {
    const row = stamp("handover-row");
    const mine = from_person.id === this.#me;
    const load = Object.values(weight).reduce((sum, each) => sum + each, 0);
    const what = `${load ? counted(load, "open consult") : "No open consults"}${with_shift ? " and the rest of the shift" : ""}`;
    fill(row, {
      who: mine ? `You asked ${to_person.name} to take over` : `${from_person.name} asks you to take over`,
      facts: `${what}. To be accepted by ${whenWords(due_at, { now: new Date() })}. Until then nothing changes hands.`,
    });
    part(row, "answers").hidden = mine;
    this.#answer(row, "accept", () => acceptHandover(id), "It is yours now.");
    this.#answer(row, "decline", () => declineHandover(id), `It stays with ${from_person.name}.`);
    return row;
  }

  /** @param {HTMLElement} row @param {string} name @param {() => Promise<unknown>} say @param {string} words */
  #answer(row, name, say, words) {
    const button = part(row, name, HTMLButtonElement);
    button.addEventListener("click", () => this.#do(button, say, words));
  }

  /** @param {Event} event */
  #offer(event) {
    event.preventDefault();
    const to = part(this, "to", HTMLSelectElement);
    const name = to.selectedOptions[0]?.textContent ?? "";
    return this.#do(part(this, "offer", HTMLButtonElement), () => offerHandover(this.#serviceId, to.value), `${name} was asked.`);
  }

  /** @param {HTMLButtonElement} button @param {() => Promise<unknown>} work @param {string} words */
  async #do(button, work, words) {
    const done = await attempt(this, button, async () => void (await work()));
    if (!done) return;
    this.dispatchEvent(new CustomEvent("roster-changed", { bubbles: true }));
    part(this, "title").focus(); // what was pressed is gone
    announce(words);
  }
}

customElements.define("hand-overs", HandOvers);
