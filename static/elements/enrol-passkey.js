import { enrol, supported, wordsFor } from "../lib/passkey.js";
import { tokenOf } from "../lib/routes.js";
import { fill, part } from "../lib/templates.js";

// Outlives the element: a link opened in a page that is already here draws the screen anew.
let invitation = "";

/** Binds a passkey to the person whom the link in the address invites. */
class EnrolPasskey extends HTMLElement {
  connectedCallback() {
    window.addEventListener("hashchange", this.#takeToken);
    part(this, "make").addEventListener("click", () => this.#make());
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

  async #make() {
    const make = part(this, "make", HTMLButtonElement);
    fill(this, { problem: "" });
    make.disabled = true;
    try {
      const session = await enrol(invitation);
      invitation = "";
      this.dispatchEvent(new CustomEvent("signed-in", { bubbles: true, detail: session }));
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    } finally {
      make.disabled = false;
    }
  }
}

customElements.define("enrol-passkey", EnrolPasskey);
