import { getTeam, listServices } from "../lib/duty.js";
import { attemptForm, refuse } from "../lib/faults.js";
import { faultsIn, formOf, MODES, namesOf, offered, REASONS, takeStep, wishOf } from "../lib/steps.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { urgencyWords } from "../lib/words.js";

/** @typedef {import("../lib/api.js").OpenConsult} OpenConsult */
/** @typedef {ReturnType<typeof offered>[number]} Offered */

/** What can be done with a consult now, and what each step has to name. Fires `consult-moved`. */
export class StepSheet extends HTMLElement {
  /** @type {OpenConsult | null} */
  #consult = null;
  /** @type {import("./consult-desk.js").User} */
  #user = { id: "", name: "", role: "patient" };
  /** @type {Offered | null} */
  #step = null;

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#send(event));
    onPress(this, "leave", () => this.#dialog.close());
    onPress(this, "back", () => this.#list());
    this.#dialog.addEventListener("close", () => this.remove());
  }

  /** @param {OpenConsult} consult @param {import("./consult-desk.js").User} user */
  open(consult, user) {
    this.#consult = consult;
    this.#user = user;
    this.#options("code", Object.entries(REASONS));
    this.#options("mode", Object.entries(MODES));
    this.#options("urgency", /** @type {const} */ (["stat", "asap", "urgent", "routine"]).map((urgency) => [urgency, urgencyWords(urgency)]));
    this.#list();
    this.#dialog.showModal();
  }

  /** @param {string} name @param {[string, string][]} choices value and words */
  #options(name, choices) {
    part(this, name).replaceChildren(new Option("Choose", ""), ...choices.map(([value, words]) => new Option(words, value)));
  }

  #list() {
    const { possible } = /** @type {OpenConsult} */ (this.#consult);
    part(this, "choices").replaceChildren(...offered(possible).map((step) => this.#choice(step)));
    part(this, "title").textContent = "What next?";
    part(this, "list").hidden = false;
    this.#form.hidden = true;
    if (this.#step) part(this, "title").focus();
    this.#step = null;
  }

  /** @param {Offered} step */
  #choice(step) {
    const { words, hint, grave } = formOf(step, this.#user.role);
    const row = stamp("step-choice");
    fill(row, { words, hint: hint ?? "" });
    part(row, "step").classList.toggle("danger", Boolean(grave));
    onPress(row, "step", () => this.#choose(step));
    return row;
  }

  /** @param {Offered} step */
  #choose(step) {
    const form = formOf(step, this.#user.role);
    const { words, hint, fields } = form;
    this.#step = step;
    const shown = namesOf(form);
    for (const field of this.#fields) field.hidden = !shown.includes(field.dataset["field"] ?? "");
    fill(this, { title: words, explained: hint ?? "", problem: "" });
    part(this, "reason-words").textContent = fields.includes("reason") ? "In your own words (if you like)" : "In your own words";
    part(this, "send").textContent = words;
    part(this, "list").hidden = true;
    this.#form.hidden = false;
    if (fields.includes("service")) this.#offerServices();
    if (fields.includes("colleague")) this.#offerColleagues();
    part(this, "title").focus();
  }

  async #offerServices() {
    const { service } = /** @type {OpenConsult} */ (this.#consult);
    const { items } = await listServices().catch(() => ({ items: [] }));
    const others = items.filter(({ id }) => id !== service.id);
    this.#options("service", others.map(({ id, name }) => [id, name]));
    fill(this, { "no-service": others.length ? "" : "There is no other service here." });
  }

  async #offerColleagues() {
    const { service } = /** @type {OpenConsult} */ (this.#consult);
    const { items } = await getTeam(service.id).catch(() => ({ items: [] }));
    const others = items.filter(({ role, id }) => role === "specialist" && id !== this.#user.id);
    this.#options("colleague", others.map(({ id, name }) => [id, name]));
    fill(this, { "no-colleague": others.length ? "" : "There is no other specialist here." });
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    const step = /** @type {Offered} */ (this.#step);
    const form = formOf(step, this.#user.role);
    await attemptForm(this, part(this, "send", HTMLButtonElement), async () => {
      const filled = this.#filled();
      refuse(faultsIn(form, filled));
      await takeStep(/** @type {OpenConsult} */ (this.#consult).id, wishOf(step, { code: form.code ?? "", ...filled }));
      this.dispatchEvent(new CustomEvent("consult-moved", { bubbles: true }));
      this.#dialog.close();
      announce(`Done: ${form.words}.`);
    });
  }

  /** What stands in the fields that are asked for. @returns {Record<string, string>} */
  #filled() {
    const asked = this.#fields.filter(({ hidden }) => !hidden);
    return Object.fromEntries(asked.map((field) => [field.dataset["field"], valueIn(field)]));
  }

  get #fields() {
    return /** @type {HTMLElement[]} */ ([...this.#form.querySelectorAll("[data-field]")]);
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("step-sheet", StepSheet);

/** @param {HTMLElement} field */
const valueIn = (field) =>
  /** @type {HTMLInputElement} */ (field.querySelector("input, select, textarea")).value.trim();
