import { choiceOf, DISPOSITIONS, putDraft, signAdvice, VALIDITIES, validityOf } from "../lib/advice.js";
import { attemptForm, refuse } from "../lib/faults.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { fieldValue } from "../lib/time.js";

/** @typedef {import("../lib/advice.js").Advice} Advice */

/** Writes advice: a draft for one's own eyes until it is signed. Fires `advice-changed`, and `consult-moved` once it is signed. */
export class AdviceComposer extends HTMLElement {
  #consultId = "";
  /** @type {string} */
  #id = crypto.randomUUID(); // kept for another try: signing twice signs once
  #kept = "";

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#sign(event));
    onPress(this, "keep", (button) => this.#keep(button));
    onPress(this, "leave", (button) => this.#leave(button));
    part(this, "validity").addEventListener("change", () => this.#offerOwnTime());
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault(); // Escape throws no words away
      this.#leave(part(this, "leave", HTMLButtonElement));
    });
    this.#dialog.addEventListener("close", () => this.remove());
  }

  /** @param {string} consultId @param {{ draft: Advice | null, current: Advice | null }} advice */
  open(consultId, { draft, current }) {
    this.#consultId = consultId;
    this.#id = draft?.id ?? this.#id;
    const replaced = current ? ` It replaces what ${current.author.name} signed.` : "";
    fill(this, { standing: `Nobody but you sees it before you sign.${replaced}` });
    part(this, "dispositions").append(...Object.entries(DISPOSITIONS).map(choice));
    part(this, "validity").append(...VALIDITIES.map(([words, value]) => new Option(words, value)));
    if (draft) this.#fill(draft);
    this.#offerOwnTime();
    this.#kept = this.#state();
    this.#dialog.showModal();
  }

  /** @param {Advice} draft */
  #fill({ text, disposition, valid_until, until_next_photo }) {
    part(this, "text", HTMLTextAreaElement).value = text;
    part(this, "validity", HTMLSelectElement).value = choiceOf({ valid_until, until_next_photo });
    if (valid_until) part(this, "own-time", HTMLInputElement).value = fieldValue(new Date(valid_until));
    const chosen = /** @type {HTMLInputElement | null} */ (this.querySelector(`input[value="${disposition}"]`));
    if (chosen) chosen.checked = true;
  }

  #offerOwnTime() {
    part(this, "own-time-field").hidden = part(this, "validity", HTMLSelectElement).value !== "own";
  }

  /** @param {Event} event */
  async #sign(event) {
    event.preventDefault();
    await attemptForm(this, part(this, "sign", HTMLButtonElement), async () => {
      await this.#put();
      await signAdvice(this.#consultId, this.#id);
      this.#end("Signed and sent.");
      this.dispatchEvent(new CustomEvent("consult-moved", { bubbles: true }));
      this.#dialog.close();
    });
  }

  /** @param {HTMLButtonElement} button */
  #keep(button) {
    return attemptForm(this, button, async () => {
      await this.#put();
      this.#end("Your draft is kept.");
      this.#dialog.close();
    });
  }

  /** @param {HTMLButtonElement} button */
  #leave(button) {
    const written = part(this, "text", HTMLTextAreaElement).value.trim();
    if (!written || this.#state() === this.#kept) return this.#dialog.close();
    return this.#keep(button);
  }

  /** @param {string} words */
  #end(words) {
    announce(words);
    this.dispatchEvent(new CustomEvent("advice-changed", { bubbles: true }));
  }

  async #put() {
    const text = part(this, "text", HTMLTextAreaElement).value.trim();
    const choice = part(this, "validity", HTMLSelectElement).value;
    const own = part(this, "own-time", HTMLInputElement).value;
    const disposition = this.#disposition;
    refuse({
      ...(text ? {} : { text: "Write what you advise." }),
      ...(disposition ? {} : { disposition: "Choose one." }),
      ...(choice === "own" && !own ? { valid_until: "Choose a day and a time." } : {}),
    });
    const chosen = /** @type {import("../lib/advice.js").Disposition} */ (disposition);
    await putDraft(this.#consultId, this.#id, { text, disposition: chosen, ...validityOf(choice, own, new Date()) });
    this.#kept = this.#state();
  }

  #state() {
    const parts = ["text", "validity", "own-time"].map((name) => /** @type {HTMLInputElement} */ (part(this, name)).value);
    return [...parts, this.#disposition].join("\n");
  }

  get #disposition() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector("input[name=disposition]:checked"))?.value ?? "";
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("advice-composer", AdviceComposer);

/** @param {[string, string]} disposition */
function choice([value, words]) {
  const row = stamp("reason-choice");
  Object.assign(/** @type {HTMLInputElement} */ (row.querySelector("input")), { name: "disposition", value });
  part(row, "key").remove();
  fill(row, { words });
  return row;
}
