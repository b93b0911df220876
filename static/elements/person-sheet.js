import { attempt } from "../lib/attempt.js";
import { countDown } from "../lib/count-down.js";
import * as people from "../lib/people.js";
import { roleWords } from "../lib/roles.js";
import { patientPath } from "../lib/routes.js";
import { announce, fill, onPress, part } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";
import { askFirst } from "./ask-first.js";

/** @typedef {import("../lib/api.js").Session["user"]} User */

/** One person, and what can be done for them. Fires `people-changed`. */
export class PersonSheet extends HTMLElement {
  /** @type {people.Member | null} */
  #person = null;
  /** @type {User | null} */
  #me = null;
  #gone = new AbortController();
  #picture = "";

  connectedCallback() {
    onPress(this, "close", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.remove());
    this.#on("again", () => this.#sendAgain());
    this.#on("qr", () => this.#showCode());
    this.#on("card", () => this.#showCard());
    this.#on("cancel-codes", () => this.#cancelCodes());
    this.#on("give-word", () => this.#witness());
    this.#on("end-sessions", () => this.#endSessions());
    this.#on("disable", () => this.#disable());
    this.#on("enable", () => this.#enable());
    onPress(this, "print", () => window.print());
  }

  disconnectedCallback() {
    this.#gone.abort();
    URL.revokeObjectURL(this.#picture);
  }

  /** @param {people.Member} person @param {{ me: User, notice: string }} how */
  open(person, { me, notice }) {
    this.#me = me;
    this.#show(person);
    this.#say(notice);
    this.#dialog.showModal();
  }

  /** @param {people.Member} person */
  #show(person) {
    this.#person = person;
    const { name, role, email } = person;
    const facts = [roleWords(role), email ?? "No e-mail", people.standingWords(person)].join(" · ");
    fill(this, { name, facts });
    const offers = people.offersFor(person, /** @type {User} */ (this.#me));
    for (const [offer, may] of Object.entries(offers)) part(this, offer).hidden = !may;
    part(this, "card").textContent = person.enrolled ? "Print a code to get back in" : "Print a card";
    const coordinates = role === "patient" && this.#me?.role === "coordinator";
    part(this, "choices").hidden = !coordinates;
    part(this, "choices", HTMLAnchorElement).href = patientPath(person.id);
    part(this, "nothing").hidden = coordinates || Object.values(offers).some(Boolean);
  }

  /** @param {string} name @param {() => Promise<void>} act */
  #on(name, act) {
    onPress(this, name, (button) => {
      this.#say("");
      return attempt(this, button, act);
    });
  }

  /** @param {string} words */
  #say(words) {
    fill(this, { notice: words });
    announce(words);
  }

  async #sendAgain() {
    await people.inviteAgain(this.#id);
    this.#say("A new link is on its way. The one before does not work any more.");
  }

  async #showCode() {
    const code = await people.makeCode(this.#id, "qr");
    URL.revokeObjectURL(this.#picture);
    this.#picture = URL.createObjectURL(new Blob([code.svg], { type: "image/svg+xml" }));
    part(this, "qr-picture", HTMLImageElement).src = this.#picture;
    this.#reveal("qr-shown");
    this.#expire(code.expires_at, "qr-left", "qr-shown");
  }

  async #showCard() {
    const code = await people.makeCode(this.#id, "printed");
    const page = this.#person?.enrolled ? "recover" : "enrol";
    fill(this, {
      "card-name": this.#person?.name ?? "",
      "card-address": `${location.host}/${page}`,
      "card-code": code.secret,
      "card-expiry": `It works once, until ${momentWords(new Date(code.expires_at))}.`,
    });
    part(this, "card-second").hidden = page !== "recover";
    this.#reveal("card-shown");
  }

  async #cancelCodes() {
    const question = {
      title: "Cancel every link and code?",
      words: "Cards, links and codes of this person stop working at once. Passkeys stay.",
      yes: "Cancel them",
    };
    if (!(await askFirst(question))) return;
    await people.revokeCodes(this.#id);
    this.#reveal("");
    this.#say("Every link and code of this person is cancelled.");
  }

  async #witness() {
    const reason = part(this, "reason", HTMLSelectElement).value;
    const given = await people.witness(this.#id, /** @type {people.Reason} */ (reason));
    fill(this, { "word-code": given.code });
    this.#reveal("word-shown");
    this.#expire(given.expires_at, "word-left", "word-shown");
  }

  async #endSessions() {
    await people.endSessionsOf(this.#id);
    this.#say("This person is signed out everywhere.");
  }

  async #disable() {
    const words = "They are signed out at once, and cannot sign in until you let them in again.";
    if (!(await askFirst({ title: `Shut out ${this.#person?.name}?`, words, yes: "Shut out" }))) return;
    await people.disable(this.#id);
    this.#changed({ active: false }, "This person is shut out.");
  }

  async #enable() {
    await people.enable(this.#id);
    this.#changed({ active: true }, "This person can sign in again.");
  }

  /** @param {Partial<people.Member>} facts @param {string} words */
  #changed(facts, words) {
    this.#show({ .../** @type {people.Member} */ (this.#person), ...facts });
    this.#say(words);
    part(this, "name").focus();
    this.dispatchEvent(new CustomEvent("people-changed", { bubbles: true }));
  }

  /** One secret on the screen at a time. @param {string} name of the part; "" for none */
  #reveal(name) {
    this.#gone.abort();
    this.#gone = new AbortController();
    for (const each of ["qr-shown", "card-shown", "word-shown"]) part(this, each).hidden = each !== name;
    if (name) part(this, name).focus();
    if (name) part(this, name).scrollIntoView({ block: "nearest" });
  }

  /** @param {string} until @param {string} clock @param {string} shown */
  #expire(until, clock, shown) {
    countDown(part(this, clock), new Date(until), this.#gone.signal, () => {
      part(this, shown).hidden = true;
      this.#say("That code is over. Make a new one.");
    });
  }

  get #id() {
    return this.#person?.id ?? "";
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

customElements.define("person-sheet", PersonSheet);
