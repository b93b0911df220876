import { attempt } from "../lib/attempt.js";
import { SITES, isPaired } from "../lib/body.js";
import { askForImages, DUE_IN, dueIn, PURPOSES, wantedOf } from "../lib/image-requests.js";
import { onPress, part, stamp } from "../lib/templates.js";
import { showLink } from "./link-shown.js";

const OWN_TIME = "own";

/** Asks a patient or a colleague for photos, and shows the link once; fires `images-asked`. */
export class AskForImages extends HTMLElement {
  #consultId = "";
  #requestId = crypto.randomUUID(); // kept for another try: asking twice asks once

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#send(event));
    onPress(this, "cancel", () => this.#dialog.close());
    onPress(this, "add-place", () => this.#addPlace({ focus: true }));
    part(this, "due").addEventListener("change", () => this.#offerOwnTime());
    part(this, "repeats").addEventListener("change", () => this.#offerTimes());
    part(this, "who").addEventListener("change", () => this.#sayWhere());
    this.#dialog.addEventListener("close", () => this.remove());
  }

  /** @param {string} consultId */
  open(consultId) {
    this.#consultId = consultId;
    const purposes = Object.entries(PURPOSES).filter(([purpose]) => purpose !== "retake");
    part(this, "purpose").append(...purposes.map(([purpose, words]) => new Option(words, purpose)));
    part(this, "due").append(...DUE_IN.map(([words, hours]) => new Option(words, String(hours), hours === 24, hours === 24)));
    part(this, "due").append(new Option("Another time", OWN_TIME));
    this.#addPlace();
    this.#sayWhere();
    this.#dialog.showModal();
  }

  /** @param {{ focus?: boolean }} [how] */
  #addPlace({ focus = false } = {}) {
    const row = stamp("wanted-place");
    const site = part(row, "site", HTMLSelectElement);
    site.append(...SITES.map(({ code, words }) => new Option(words, code)));
    site.addEventListener("change", () => (part(row, "side-field").hidden = !isPaired(site.value)));
    onPress(row, "remove", () => this.#removePlace(row));
    part(this, "places").append(row);
    this.#number();
    if (focus) site.focus();
  }

  /** @param {HTMLElement} row */
  #removePlace(row) {
    row.remove();
    this.#number();
    part(this, "add-place").focus();
  }

  #number() {
    const rows = [...part(this, "places").children];
    for (const [index, row] of rows.entries()) {
      part(row, "site-label").textContent = rows.length > 1 ? `Place ${index + 1}` : "Where on the body?";
      part(row, "remove").ariaLabel = `Remove place ${index + 1}`;
      part(row, "remove").hidden = rows.length === 1;
    }
  }

  #offerOwnTime() {
    const own = part(this, "due", HTMLSelectElement).value === OWN_TIME;
    part(this, "own-time-field").hidden = !own;
    part(this, "own-time", HTMLInputElement).required = own;
  }

  #offerTimes() {
    part(this, "times-field").hidden = part(this, "repeats", HTMLSelectElement).value === "0";
  }

  #sayWhere() {
    const patient = this.#checked("addressee")[0] === "patient";
    part(this, "email-hint").textContent = patient
      ? "Leave it empty: it goes to the patient’s own address. No address? You get a link to hand over."
      : "Leave it empty, and you get a link to hand over.";
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    await attempt(this, part(this, "send", HTMLButtonElement), async () => {
      const made = await askForImages(this.#consultId, this.#wish());
      this.#form.hidden = true;
      showLink(part(this, "made"), made);
      this.dispatchEvent(new CustomEvent("images-asked", { bubbles: true }));
    });
  }

  #wish() {
    const every = Number(part(this, "repeats", HTMLSelectElement).value);
    return {
      id: this.#requestId,
      purpose: part(this, "purpose", HTMLSelectElement).value,
      addressee: this.#checked("addressee")[0] ?? "patient",
      wanted: wantedOf(this.#places(), this.#checked("view")),
      email: part(this, "email", HTMLInputElement).value.trim() || null,
      language: part(this, "language", HTMLSelectElement).value,
      due_at: this.#dueAt(),
      every_days: every,
      times: every ? Number(part(this, "times", HTMLInputElement).value) : 1,
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
  }

  #places() {
    return [...part(this, "places").children].map((row) => {
      const body_site = part(row, "site", HTMLSelectElement).value;
      return { body_site, laterality: isPaired(body_site) ? part(row, "side", HTMLSelectElement).value : "" };
    });
  }

  #dueAt() {
    const { value } = part(this, "due", HTMLSelectElement);
    if (value === OWN_TIME) return new Date(part(this, "own-time", HTMLInputElement).value).toISOString();
    return dueIn(Number(value), new Date());
  }

  /** @param {string} name */
  #checked(name) {
    const inputs = this.#form.querySelectorAll(`input[name="${name}"]:checked`);
    return [...inputs].map((input) => /** @type {HTMLInputElement} */ (input).value);
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("ask-for-images", AskForImages);
