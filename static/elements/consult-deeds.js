import "./ask-in.js";
import "./consent-sheet.js";
import "./step-sheet.js";
import "./who-looked.js";
import { asksForConsent, isOwn, mayAskIn } from "../lib/roles.js";
import { offered } from "../lib/steps.js";
import { fill, part, stamp } from "../lib/templates.js";

/** What can be done around a consult: move it on, see who looked, say yes or no, ask a colleague in. */
export class ConsultDeeds extends HTMLElement {
  /** @type {import("../lib/api.js").OpenConsult | null} */
  #consult = null;
  /** @type {import("./consult-desk.js").User} */
  #user = { id: "", name: "", role: "patient" };

  connectedCallback() {
    part(this, "next").addEventListener("click", () => this.#sheet("step-sheet").open(this.#consult, this.#user));
    part(this, "looked").addEventListener("click", () => this.#sheet("who-looked").open(this.#consult, this.#user));
    part(this, "ask-in").addEventListener("click", () => this.#sheet("ask-in").open(this.#consult?.id));
    part(this, "consents").addEventListener("click", () => {
      const [clinician, own] = [this.#user.role !== "patient", this.#consult?.relation === "subject"];
      this.#sheet("consent-sheet").open(this.#consult?.id, { clinician, own });
    });
  }

  /** @param {import("../lib/api.js").OpenConsult} consult @param {import("./consult-desk.js").User} user */
  show(consult, user) {
    this.#consult = consult;
    this.#user = user;
    const asks = asksForConsent(consult, user.role);
    part(this, "next").hidden = Boolean(consult.emergency_until) || !offered(consult.possible).length;
    part(this, "looked").hidden = !isOwn(consult);
    part(this, "consents").hidden = !(isOwn(consult) || asks);
    part(this, "consents").textContent = isOwn(consult) ? "Your choices here" : "Consent";
    part(this, "ask-in").hidden = !mayAskIn(consult, user.role);
    const overdue = asks && consult.consent_overdue;
    fill(this, { overdue: overdue ? "Nobody has asked the patient yet. Ask, and write it down under Consent." : "" });
    this.hidden = ![...this.children].some((child) => !(/** @type {HTMLElement} */ (child).hidden));
  }

  /** @param {string} name @returns {any} */
  #sheet(name) {
    const sheet = stamp(name);
    this.parentElement?.append(sheet); // not here: what is here is counted
    return sheet;
  }
}

customElements.define("consult-deeds", ConsultDeeds);
