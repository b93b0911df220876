import { attempt } from "../lib/attempt.js";
import { askIn } from "../lib/guests.js";
import { announce, part } from "../lib/templates.js";

/** Asks a colleague into a consult for a while; fires `seats-changed` when it was done. */
export class AskIn extends HTMLElement {
  #consultId = "";

  connectedCallback() {
    this.#form.addEventListener("submit", (event) => this.#send(event));
    part(this, "cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.remove());
  }

  /** @param {string} consultId */
  open(consultId) {
    this.#consultId = consultId;
    this.#dialog.showModal();
  }

  /** @param {Event} event */
  async #send(event) {
    event.preventDefault();
    await attempt(this, part(this, "send", HTMLButtonElement), async () => {
      const { name } = await askIn(this.#consultId, {
        email: part(this, "email", HTMLInputElement).value.trim(),
        purpose: part(this, "purpose", HTMLInputElement).value.trim(),
        hours: Number(part(this, "hours", HTMLSelectElement).value),
      });
      this.dispatchEvent(new CustomEvent("seats-changed", { bubbles: true }));
      this.#dialog.close();
      announce(`${name} can look at this consult now.`);
    });
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("ask-in", AskIn);
