import { emergencyNumber } from "../lib/emergency.js";
import { part, stamp } from "../lib/templates.js";

/** Says that this is not for emergencies, and whom to call; with `open`, when to call as well. */
class EmergencyNotice extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    const notice = stamp("emergency-notice");
    const number = emergencyNumber();
    const call = part(notice, "call", HTMLAnchorElement);
    call.href = `tel:${number}`;
    call.textContent = `Call ${number}`;
    part(notice, "number").textContent = number;
    /** @type {HTMLDetailsElement} */ (notice.querySelector("details")).open = this.hasAttribute("open");
    this.append(notice);
  }
}

customElements.define("emergency-notice", EmergencyNotice);
