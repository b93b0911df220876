import { attempt } from "../lib/attempt.js";
import { invite } from "../lib/people.js";
import { invitable, roleWords } from "../lib/roles.js";
import { part } from "../lib/templates.js";

/** @typedef {import("../lib/api.js").Role} Role */

/** A form for somebody new; fires `person-invited` with the person. */
export class InvitePerson extends HTMLElement {
  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#send(event));
    part(this, "cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.remove());
    for (const name of ["role", "no-email"]) part(this, name).addEventListener("change", () => this.#follow());
  }

  /** @param {Role} role of whoever invites */
  open(role) {
    part(this, "role").replaceChildren(...invitable(role).map((each) => new Option(roleWords(each), each)));
    part(this, "no-email-field").dataset["offered"] = String(role === "coordinator");
    this.#follow();
    this.#dialog.showModal();
  }

  /** Without an address comes only a patient, who is given a code in person. */
  #follow() {
    const may = part(this, "no-email-field").dataset["offered"] === "true" && this.#role === "patient";
    part(this, "no-email-field").hidden = !may;
    const without = may && part(this, "no-email", HTMLInputElement).checked;
    part(this, "email-field").hidden = without;
    part(this, "email", HTMLInputElement).required = !without;
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    const email = part(this, "email", HTMLInputElement);
    const name = part(this, "name", HTMLInputElement).value.trim();
    await attempt(this, part(this, "send", HTMLButtonElement), async () => {
      const person = { name, email: email.required ? email.value.trim() : null, role: this.#role };
      const detail = await invite(person);
      const desk = this.parentElement; // closing takes this element away
      this.#dialog.close();
      desk?.dispatchEvent(new CustomEvent("person-invited", { detail }));
    });
  }

  get #role() {
    return /** @type {Role} */ (part(this, "role", HTMLSelectElement).value);
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("invite-person", InvitePerson);
