import { ApiError } from "../lib/api.js";
import { actingFor } from "../lib/proxies.js";
import { fill, part, stamp } from "../lib/templates.js";

/**
 * For whoever speaks for somebody: whose consults are shown, and for whom help is asked.
 * Fires `whom-chosen` when that changes.
 */
export class WhoseConsults extends HTMLElement {
  /** @type {{ id: string, name: string }[]} me first */
  #people = [];
  #chosen = "";

  connectedCallback() {
    this.addEventListener("change", (event) => {
      this.choose(/** @type {HTMLInputElement} */ (event.target).value);
      this.dispatchEvent(new CustomEvent("whom-chosen", { bubbles: true }));
    });
  }

  /** @param {import("./consult-desk.js").User} user */
  async start(user) {
    if (user.role !== "patient") return;
    try {
      const { items } = await actingFor();
      this.#people = [user, ...items.map(({ patient }) => patient)];
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the list itself says what is wrong
    }
    this.choose(this.#chosen || user.id);
    this.#draw(user.id);
  }

  /** Whom I speak for; null for nobody but me. */
  get patient() {
    const [me] = this.#people;
    return this.#people.find(({ id }) => id === this.#chosen && id !== me?.id) ?? null;
  }

  /** @param {string} id */
  choose(id) {
    this.#chosen = id;
    const input = /** @type {HTMLInputElement | null} */ (this.querySelector(`input[value="${id}"]`));
    if (input) input.checked = true;
  }

  /**
   * Those that are about whom I chose; all of them for whoever speaks for nobody else.
   * @param {import("../lib/api.js").Consult[]} consults
   */
  among(consults) {
    if (this.#people.length < 2) return consults;
    this.#count(consults);
    return consults.filter(({ patient }) => patient?.id === this.#chosen);
  }

  /** @param {string} me */
  #draw(me) {
    this.hidden = this.#people.length < 2;
    const labels = this.#people.map(({ id, name }) => {
      const label = stamp("whose-choice");
      Object.assign(/** @type {HTMLInputElement} */ (label.querySelector("input")), { value: id, checked: id === this.#chosen });
      fill(label, { name: id === me ? "You" : name });
      return label;
    });
    part(this, "choices").replaceChildren(...labels);
  }

  /** @param {import("../lib/api.js").Consult[]} consults */
  #count(consults) {
    for (const label of this.querySelectorAll("label")) {
      const { value } = /** @type {HTMLInputElement} */ (label.querySelector("input"));
      const mine = consults.filter(({ patient }) => patient?.id === value);
      const unread = mine.reduce((sum, consult) => sum + consult.unread, 0);
      fill(label, { unread: unread ? `${unread} new` : "" });
    }
  }
}

customElements.define("whose-consults", WhoseConsults);
