import { ApiError } from "../lib/api.js";
import { enrolTablet } from "../lib/device.js";
import { tokenOf } from "../lib/routes.js";
import { fill, part } from "../lib/templates.js";

// Outlives the element: a link opened in a page that is already here draws the screen anew.
let invitation = "";

/** Makes this browser the tablet that the link in the address names. */
class DeviceEnrolment extends HTMLElement {
  connectedCallback() {
    window.addEventListener("hashchange", this.#takeToken);
    part(this, "make").addEventListener("click", () => this.#make());
    this.#takeToken();
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
      await enrolTablet(invitation);
      invitation = "";
      this.dispatchEvent(new CustomEvent("tablet-enrolled", { bubbles: true }));
    } catch (error) {
      fill(this, { problem: wordsFor(error) });
    } finally {
      make.disabled = false;
    }
  }
}

/** @param {unknown} error */
function wordsFor(error) {
  if (error instanceof ApiError) return error.detail;
  if (error instanceof DOMException) return "This browser can’t keep a key. Use it in its normal mode, or use another one.";
  throw error;
}

customElements.define("device-enrolment", DeviceEnrolment);
