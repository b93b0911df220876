import { attempt } from "../lib/attempt.js";
import { breakGlass, REASONS } from "../lib/glass.js";
import { announce, fill, part, stamp } from "../lib/templates.js";

const FEWEST = 10; // characters that say why

/** Opens a consult that is not one's own, in an emergency; fires `glass-broken`. */
export class BreakGlass extends HTMLElement {
  #consultId = "";

  connectedCallback() {
    part(this, "reasons").append(...Object.entries(REASONS).map(([value, words]) => choice(value, words)));
    this.#form.addEventListener("submit", (event) => this.#open(event));
    part(this, "cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.remove());
  }

  /** @param {string} consultId */
  open(consultId) {
    this.#consultId = consultId;
    this.#dialog.showModal();
  }

  /** @param {Event} event */
  async #open(event) {
    event.preventDefault();
    const why = new FormData(this.#form);
    const text = String(why.get("text")).trim();
    const [reason] = /** @type {import("../lib/glass.js").Reason[]} */ (why.getAll("reason"));
    if (!this.#check(text, reason)) return;
    await attempt(this, part(this, "send", HTMLButtonElement), async () => {
      await breakGlass(this.#consultId, { reason: /** @type {any} */ (reason), text });
      this.dispatchEvent(new CustomEvent("glass-broken", { bubbles: true }));
      this.#dialog.close();
      announce("The consult is open for 60 minutes.");
    });
  }

  /** @param {string} text @param {string | undefined} reason */
  #check(text, reason) {
    const missing = reason ? (text.length < FEWEST ? "Say why in a few words." : "") : "Choose a reason.";
    fill(this, { problem: missing });
    if (!missing) return true;
    const field = reason ? part(this, "text") : this.querySelector("input");
    field?.focus();
    return false;
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("break-glass", BreakGlass);

/** @param {string} value @param {string} words */
function choice(value, words) {
  const label = stamp("choice");
  Object.assign(/** @type {HTMLInputElement} */ (label.querySelector("input")), { name: "reason", value });
  fill(label, { words, hint: "" });
  return label;
}
