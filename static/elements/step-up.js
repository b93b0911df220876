import { attempt } from "../lib/attempt.js";
import { stepUp } from "../lib/passkey.js";
import { part, stamp } from "../lib/templates.js";

/** @typedef {import("../lib/api.js").Session} Session */

/** Asks for the passkey once more, because what is about to be done matters. */
class StepUp extends HTMLElement {
  /** @type {Session | null} */
  #session = null;

  /** @returns {Promise<Session | null>} null when the person would rather not */
  ask() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    const use = part(this, "use", HTMLButtonElement);
    use.addEventListener("click", () => attempt(this, use, () => this.#touch(dialog)));
    dialog.showModal();
    return new Promise((resolve) =>
      dialog.addEventListener("close", () => resolve(this.#session), { once: true }),
    );
  }

  /** @param {HTMLDialogElement} dialog */
  async #touch(dialog) {
    this.#session = await stepUp();
    dialog.close();
  }
}

customElements.define("step-up", StepUp);

/** @type {Promise<Session | null> | null} */
let asking = null;

/** Several requests at once ask once. @returns {Promise<Session | null>} */
export function confirmIdentity() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask() {
  const element = /** @type {StepUp} */ (stamp("step-up"));
  document.body.append(element);
  const session = await element.ask();
  element.remove();
  return session;
}
