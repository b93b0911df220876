import "./consent-choices.js";
import { part } from "../lib/templates.js";
import { ofConsult } from "../lib/consents.js";

/** The choices that bear on one consult, over it. */
export class ConsentSheet extends HTMLElement {
  connectedCallback() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    part(this, "close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.remove());
  }

  /** @param {string} consultId @param {{ clinician: boolean, own: boolean }} how */
  open(consultId, how) {
    const choices = /** @type {import("./consent-choices.js").ConsentChoices} */ (this.querySelector("consent-choices"));
    choices.show(ofConsult(consultId), how);
    this.querySelector("dialog")?.showModal();
  }
}

customElements.define("consent-sheet", ConsentSheet);
