import { attempt } from "../lib/attempt.js";
import { enrol, supported } from "../lib/passkey.js";
import { tokenOf } from "../lib/routes.js";
import { fill, part } from "../lib/templates.js";

// Outlives the element: a link opened in a page that is already here draws the screen anew.
let invitation = "";

/** Binds a passkey to the person whom the link in the address, or a code given in person, invites. */
class EnrolPasskey extends HTMLElement {
  connectedCallback() {
    window.addEventListener("hashchange", this.#takeToken);
    const make = part(this, "make", HTMLButtonElement);
    make.addEventListener("click", () => attempt(this, make, () => this.#make(invitation)));
    part(this, "no-link").addEventListener("submit", (event) => this.#makeByCode(event));
    this.#takeToken();
    if (!supported()) fill(this, { problem: "This browser has no passkeys. Open the link in a newer one." });
  }

  disconnectedCallback() {
    window.removeEventListener("hashchange", this.#takeToken);
  }

  /** The token must not stay in the address, where history and shoulders could read it. */
  #takeToken = () => {
    const token = tokenOf(location.hash);
    if (token) {
      invitation = token;
      history.replaceState(null, "", location.pathname);
    }
    part(this, "ready").hidden = !invitation;
    part(this, "no-link").hidden = Boolean(invitation);
  };

  /** @param {Event} event */
  async #makeByCode(event) {
    event.preventDefault();
    const code = part(this, "code", HTMLInputElement);
    const button = part(this, "make-by-code", HTMLButtonElement);
    if (!(await attempt(this, button, () => this.#make(code.value.trim())))) code.focus();
  }

  /** @param {string} secret */
  async #make(secret) {
    const session = await enrol(secret);
    invitation = "";
    this.dispatchEvent(new CustomEvent("signed-in", { bubbles: true, detail: session }));
  }
}

customElements.define("enrol-passkey", EnrolPasskey);
