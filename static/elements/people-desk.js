import "./invite-person.js";
import "./person-sheet.js";
import { wordsFor } from "../lib/passkey.js";
import { found, listPeople, standingWords } from "../lib/people.js";
import { roleWords } from "../lib/roles.js";
import { fill, part, stamp } from "../lib/templates.js";
import { counted } from "../lib/words.js";

/** @typedef {import("../lib/people.js").Member} Member */

/** Everybody who is, or may come, here: find one, invite one, see to one. */
export class PeopleDesk extends HTMLElement {
  /** @type {import("../lib/api.js").Session["user"]} set before it is shown */
  user = { id: "", name: "", email: null, role: "coordinator" };
  /** @type {Member[]} */
  #people = [];

  connectedCallback() {
    part(this, "invite").addEventListener("click", () => this.#invite());
    part(this, "find").addEventListener("input", () => this.#draw());
    this.addEventListener("people-changed", () => this.#load());
    this.addEventListener("person-invited", (event) => this.#welcome(/** @type {any} */ (event).detail));
    this.#load();
  }

  async #load() {
    try {
      this.#people = await listPeople();
      fill(this, { problem: "" });
      this.#draw();
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
  }

  #draw() {
    const shown = found(this.#people, part(this, "find", HTMLInputElement).value);
    part(this, "rows").replaceChildren(...shown.map((person) => this.#row(person)));
    part(this, "rows").ariaBusy = "false";
    fill(this, { count: counted(shown.length, "person", "people") });
  }

  /** @param {Member} person */
  #row(person) {
    const row = stamp("person-row");
    const you = person.id === this.user.id ? " (you)" : "";
    fill(row, {
      name: person.name + you,
      role: roleWords(person.role),
      standing: standingWords(person),
      email: person.email ?? "No e-mail",
    });
    part(row, "standing").dataset["standing"] = person.active ? String(person.enrolled) : "out";
    part(row, "open").addEventListener("click", () => this.#open(person));
    return row;
  }

  /** @param {Member} person @param {string} [notice] */
  #open(person, notice = "") {
    const sheet = /** @type {import("./person-sheet.js").PersonSheet} */ (stamp("person-sheet"));
    this.append(sheet);
    sheet.open(person, { me: this.user, notice });
  }

  #invite() {
    const form = /** @type {import("./invite-person.js").InvitePerson} */ (stamp("invite-person"));
    this.append(form);
    form.open(this.user.role);
  }

  /** @param {Member} person */
  async #welcome(person) {
    await this.#load();
    const next = person.email ? `A link is on its way to ${person.email}. It works for 24 hours.` : "Now give them a way in:";
    this.#open(person, next);
  }
}

customElements.define("people-desk", PeopleDesk);
