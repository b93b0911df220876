import { ApiError } from "../lib/api.js";
import { attemptForm, refuse } from "../lib/faults.js";
import { CLOSE_REASONS, closeConsult } from "../lib/steps.js";
import { fill, onPress, part, stamp } from "../lib/templates.js";

/**
 * Asks before a consult is closed, then fires `consult-closed`. While nobody has read the answer,
 * it asks how they know it.
 */
export class CloseConsult extends HTMLElement {
  #consultId = "";

  connectedCallback() {
    if (part(this, "codes").childElementCount) return;
    part(this, "codes").append(...Object.entries(CLOSE_REASONS).map(choice));
    onPress(this, "confirm", (button) => attemptForm(this, button, () => this.#close()));
  }

  /** @param {string} consultId */
  open(consultId) {
    this.#consultId = consultId;
    part(this, "unread").hidden = true;
    fill(this, { problem: "" });
    /** @type {HTMLDialogElement} */ (this.querySelector("dialog")).showModal();
  }

  async #close() {
    try {
      await closeConsult(this.#consultId, this.#why());
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "answer_unread") throw error;
      return this.#askHow();
    }
    this.querySelector("dialog")?.close();
    this.dispatchEvent(new CustomEvent("consult-closed", { bubbles: true }));
  }

  #why() {
    if (part(this, "unread").hidden) return {};
    const chosen = /** @type {HTMLInputElement | null} */ (this.querySelector("input[name=close-code]:checked"));
    refuse(chosen ? {} : { code: "Choose one." });
    const reason = part(this, "reason", HTMLTextAreaElement).value.trim();
    return { code: chosen?.value ?? "", reason };
  }

  #askHow() {
    fill(this, { "unread-words": "Whoever asked has not read the answer yet." });
    part(this, "unread").hidden = false;
    /** @type {HTMLElement | null} */ (part(this, "codes").querySelector("input"))?.focus();
  }
}

customElements.define("close-consult", CloseConsult);

/** @param {[string, string]} reason */
function choice([value, words]) {
  const row = stamp("reason-choice");
  Object.assign(/** @type {HTMLInputElement} */ (row.querySelector("input")), { name: "close-code", value });
  part(row, "key").remove();
  fill(row, { words });
  return row;
}
