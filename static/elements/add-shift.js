import { attempt } from "../lib/attempt.js";
import { rungWords } from "../lib/clock.js";
import { addShift } from "../lib/duty.js";
import { wordsFor } from "../lib/passkey.js";
import { listPeople } from "../lib/people.js";
import { looksOver } from "../lib/roles.js";
import { RUNGS, dayIn, later } from "../lib/roster.js";
import { announce, fill, part } from "../lib/templates.js";

/** Puts somebody on duty, by the clocks of the service; fires `roster-changed`. */
export class AddShift extends HTMLElement {
  #serviceId = "";

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#send(event));
    part(this, "cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.remove());
  }

  /** @param {import("../lib/duty.js").Service} service */
  async open({ id, time_zone }) {
    this.#serviceId = id;
    const today = dayIn({ now: new Date(), timeZone: time_zone });
    part(this, "rung").replaceChildren(...RUNGS.map((rung) => new Option(rungWords(rung), rung)));
    part(this, "starts", HTMLInputElement).value = `${today}T08:00`;
    part(this, "ends", HTMLInputElement).value = `${later(today, 1)}T08:00`;
    fill(this, { clocks: `By the clocks of ${time_zone}.` });
    this.#dialog.showModal();
    await this.#offerPeople();
  }

  async #offerPeople() {
    try {
      const people = (await listPeople()).filter(({ active, role }) => active && looksOver(role));
      people.sort((one, other) => one.name.localeCompare(other.name));
      part(this, "person").replaceChildren(...people.map(({ id, name }) => new Option(name, id)));
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    await attempt(this, part(this, "send", HTMLButtonElement), async () => {
      await addShift(this.#serviceId, {
        user_id: part(this, "person", HTMLSelectElement).value,
        rung: /** @type {import("../lib/clock.js").Rung} */ (part(this, "rung", HTMLSelectElement).value),
        starts: part(this, "starts", HTMLInputElement).value,
        ends: part(this, "ends", HTMLInputElement).value,
      });
      this.dispatchEvent(new CustomEvent("roster-changed", { bubbles: true }));
      this.#dialog.close();
      announce("They are on the roster.");
    });
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("add-shift", AddShift);
