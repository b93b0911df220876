import * as api from "../lib/api.js";
import { closeConsult } from "../lib/steps.js";
import { fill, part } from "../lib/templates.js";

/** Asks before a consult is closed, then fires `consult-closed`. */
export class CloseConsult extends HTMLElement {
  #consultId = "";

  connectedCallback() {
    part(this, "confirm").addEventListener("click", () => this.#close());
  }

  /** @param {string} consultId */
  open(consultId) {
    this.#consultId = consultId;
    /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).showModal();
  }

  async #close() {
    const confirm = part(this, "confirm", HTMLButtonElement);
    confirm.disabled = true;
    try {
      await closeConsult(this.#consultId, {});
      this.querySelector("dialog")?.close();
      this.dispatchEvent(new CustomEvent("consult-closed", { bubbles: true }));
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      fill(this, { problem: error.detail });
    } finally {
      confirm.disabled = false;
    }
  }
}

customElements.define("close-consult", CloseConsult);
