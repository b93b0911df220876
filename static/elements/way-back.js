import { hangsByOne, listPasskeys } from "../lib/accounts.js";
import { ApiError } from "../lib/api.js";
import { stamp } from "../lib/templates.js";

/** Suggests a second way in, to whoever would be locked out when one device is lost. */
class WayBack extends HTMLElement {
  connectedCallback() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    dialog.showModal();
    dialog.addEventListener("close", () => this.#leave(dialog.returnValue === "yes"));
  }

  /** @param {boolean} agreed */
  #leave(agreed) {
    if (agreed) this.dispatchEvent(new CustomEvent("account-wanted", { bubbles: true }));
    this.remove();
  }
}

customElements.define("way-back", WayBack);

/** Only right after a passkey was made: later it is advice in the account. */
export async function suggestWayBack() {
  try {
    const { passkeys } = await listPasskeys({ announce: false });
    if (hangsByOne(passkeys)) document.body.append(stamp("way-back"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // advice can wait for another day
  }
}
