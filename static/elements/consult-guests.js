import { attempt } from "../lib/attempt.js";
import { endSeat } from "../lib/guests.js";
import { mayEndGuests } from "../lib/roles.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";
import { askFirst } from "./ask-first.js";

/** Colleagues who were asked in for a while; fires `seats-changed` when one was sent away. */
export class ConsultGuests extends HTMLElement {
  /** @param {import("../lib/api.js").OpenConsult} consult @param {{ role: import("../lib/api.js").Role }} user */
  show(consult, { role }) {
    this.hidden = !consult.guests.length;
    const mayEnd = mayEndGuests(consult, role) && !consult.emergency_until;
    part(this, "rows").replaceChildren(...consult.guests.map((guest) => this.#row(consult.id, guest, mayEnd)));
  }

  /** @param {string} consultId @param {import("../lib/guests.js").Guest} guest @param {boolean} mayEnd */
  #row(consultId, { user, asked_in_by, purpose, expires_at }, mayEnd) {
    const row = stamp("guest-row");
    const facts = `Asked in by ${asked_in_by.name}, until ${momentWords(new Date(expires_at))}. ${purpose}`;
    fill(row, { name: user.name, facts });
    part(row, "end-of").textContent = ` for ${user.name}`;
    part(row, "end").hidden = !mayEnd;
    onPress(row, "end", (button) => attempt(this, button, () => this.#end(consultId, user)));
    return row;
  }

  /** @param {string} consultId @param {{ id: string, name: string }} user */
  async #end(consultId, { id, name }) {
    const words = "They cannot read this consult any more, and neither can anybody whom they asked in.";
    if (!(await askFirst({ title: `End it for ${name}?`, words, yes: "End it" }))) return;
    await endSeat(consultId, id);
    announce(`${name} cannot read this consult any more.`);
    this.dispatchEvent(new CustomEvent("seats-changed", { bubbles: true }));
  }
}

customElements.define("consult-guests", ConsultGuests);
