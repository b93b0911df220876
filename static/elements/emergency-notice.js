import { emergencyNumber } from "../lib/emergency.js";
import { part, stamp } from "../lib/templates.js";

const TEMPLATES = { en: "emergency-notice", es: "emergency-notice-es" };
const CALL = { en: "Call", es: "Llamar" };

/** Says that this is not for emergencies, and whom to call; with `open`, when to call as well. */
export class EmergencyNotice extends HTMLElement {
  connectedCallback() {
    if (!this.firstElementChild) this.speak("en");
  }

  /** @param {import("../lib/link.js").Language} language */
  speak(language) {
    const notice = stamp(TEMPLATES[language]);
    const number = emergencyNumber();
    const call = part(notice, "call", HTMLAnchorElement);
    call.href = `tel:${number}`;
    call.textContent = `${CALL[language]} ${number}`;
    part(notice, "number").textContent = number;
    /** @type {HTMLDetailsElement} */ (notice.querySelector("details")).open = this.hasAttribute("open");
    this.replaceChildren(notice);
  }
}

customElements.define("emergency-notice", EmergencyNotice);
