import * as api from "../lib/api.js";
import { announce, fill, part } from "../lib/templates.js";
import { uploads } from "../lib/uploads.js";
import { counted } from "../lib/words.js";

/** Offers a crew member what their tablet sent before they signed in on it. */
export class DeviceClaim extends HTMLElement {
  connectedCallback() {
    part(this, "claim").addEventListener("click", () => this.#claim());
  }

  /** Look whether there is anything, and show itself if so. */
  async offer() {
    try {
      const { consults, photos } = await api.getUploads();
      fill(this, { words: wordsFor(photos, uploads.waiting) });
      this.hidden = !(consults.length || photos || uploads.waiting);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #claim() {
    const claim = part(this, "claim", HTMLButtonElement);
    claim.disabled = true;
    try {
      const claimed = await api.claimUploads();
      this.hidden = true;
      uploads.sendAs("person");
      announce("They are yours now.");
      this.#arrive(claimed.consults);
    } catch (error) {
      this.#fail(error);
    } finally {
      claim.disabled = false;
    }
  }

  /** @param {string[]} consults */
  #arrive([id, ...more]) {
    if (id && !more.length) {
      this.dispatchEvent(new CustomEvent("consult-opened", { bubbles: true, detail: { id } }));
    } else {
      this.dispatchEvent(new CustomEvent("consult-changed", { bubbles: true }));
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof api.ApiError)) throw error;
    if (error.status === 401) return;
    this.hidden = false;
    part(this, "claim").hidden = error.status === 409; // somebody else has; asking again helps nobody
    fill(this, { problem: error.detail });
  }
}

/** @param {number} photos @param {number} waiting on this tablet, not sent yet */
function wordsFor(photos, waiting) {
  const were = photos === 1 ? "was" : "were";
  const sent = `${counted(photos, "photo")} ${were} sent from this tablet before you signed in.`;
  return waiting ? `${sent} ${waiting} more still ${waiting === 1 ? "waits" : "wait"} to be sent.` : sent;
}

customElements.define("device-claim", DeviceClaim);
