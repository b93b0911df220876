import "./break-glass.js";
import { countDown } from "../lib/count-down.js";
import { part, stamp } from "../lib/templates.js";

/** The way into a consult that is not one's own, and what is left of it; fires `access-changed`. */
export class EmergencyAccess extends HTMLElement {
  #consultId = "";
  #until = "";
  #gone = new AbortController();

  connectedCallback() {
    part(this, "open").addEventListener("click", () => {
      const form = /** @type {import("./break-glass.js").BreakGlass} */ (stamp("break-glass"));
      this.append(form);
      form.open(this.#consultId);
    });
    this.addEventListener("glass-broken", () => this.#change());
  }

  disconnectedCallback() {
    this.#gone.abort();
  }

  /** It is not there for this specialist, or not theirs: nobody may know which. @param {string} consultId */
  offer(consultId) {
    this.#consultId = consultId;
    this.hidden = part(this, "offer").hidden = false;
    part(this, "running").hidden = true;
  }

  /** @param {string | null} until null where it takes no emergency */
  show(until) {
    if (!until || until === this.#until) return;
    this.#until = until;
    this.hidden = part(this, "running").hidden = false;
    part(this, "offer").hidden = true;
    countDown(part(this, "left"), new Date(until), this.#gone.signal, () => this.#change());
  }

  #change() {
    this.dispatchEvent(new CustomEvent("access-changed", { bubbles: true }));
  }
}

customElements.define("emergency-access", EmergencyAccess);
