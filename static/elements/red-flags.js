import { emergencyNumber } from "../lib/emergency.js";
import { RED_FLAGS } from "../lib/emergencies.js";
import { fill, part, stamp } from "../lib/templates.js";

/**
 * Asks a patient first what would be an emergency. Any yes shows whom to call at once, without a
 * word from the service. Fires `flags-none`, or `flags-told` when the team shall hear of a yes.
 */
export class RedFlags extends HTMLElement {
  connectedCallback() {
    if (part(this, "flags").childElementCount) return;
    part(this, "flags").append(...RED_FLAGS.map(choice));
    const call = part(this, "flag-call", HTMLAnchorElement);
    call.href = `tel:${emergencyNumber()}`;
    fill(this, { "flag-number": `Call ${emergencyNumber()}` });
    part(this, "flags").addEventListener("change", () => this.#show());
    part(this, "none").addEventListener("click", () => this.#say("flags-none"));
    part(this, "tell").addEventListener("click", () => this.#say("flags-told"));
    call.addEventListener("click", () => this.#say("flags-told"));
  }

  /** The codes of what was answered with yes. @returns {string[]} */
  get chosen() {
    return [...this.querySelectorAll("input")].filter(({ checked }) => checked).map(({ value }) => value);
  }

  #show() {
    const any = this.chosen.length > 0;
    part(this, "stop").hidden = !any;
    part(this, "none").hidden = any;
    fill(this, { "stop-words": any ? "This is an emergency. Call right now." : "" }); // an alert: it is read out
  }

  /** @param {string} what */
  #say(what) {
    this.dispatchEvent(new CustomEvent(what, { bubbles: true }));
  }
}

customElements.define("red-flags", RedFlags);

/** @param {import("../lib/emergencies.js").Flag} flag */
function choice({ code, words }) {
  const label = stamp("flag-choice");
  /** @type {HTMLInputElement} */ (label.querySelector("input")).value = code;
  fill(label, { words });
  return label;
}
