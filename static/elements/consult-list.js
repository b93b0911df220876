import "./ask-for-help.js";
import "./whose-consults.js";
import * as api from "../lib/api.js";
import { coalesced } from "../lib/coalesced.js";
import { groupConsults } from "../lib/consults.js";
import { dueWords, isLate } from "../lib/due.js";
import { hasConsults } from "../lib/roles.js";
import { consultPath } from "../lib/routes.js";
import { isUntaken, ownerWords, stateWords } from "../lib/states.js";
import { fill, part, stamp } from "../lib/templates.js";
import { agoWords } from "../lib/time.js";
import { counted, kindWords, sentByTablet, titleOf, urgencyWords } from "../lib/words.js";

const EVERY = 30_000;
const COUNTED = 5_000;
// Looking again must not keep a session alive that nobody sits at.
const ATTENDED = 5 * 60_000;

/** My consults, what waits first; looks again by itself while somebody is there. */
export class ConsultList extends HTMLElement {
  /** @type {import("./consult-desk.js").User} set by the desk */
  user = { id: "", name: "", role: "patient" };
  #chosen = "";
  #follows = false;
  #gone = new AbortController();
  /** @type {api.Consult[]} */
  #consults = [];
  /** @type {string | null} */
  #next = null;

  connectedCallback() {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    part(this, "ask").addEventListener("click", () => this.#ask(), { signal });
    part(this, "older").addEventListener("click", () => this.#showOlder(), { signal });
    this.addEventListener("whom-chosen", () => this.#draw(), { signal });
    queueMicrotask(() => this.#greet()); // the desk names the user first
    this.#watch(signal);
  }

  disconnectedCallback() {
    this.#gone.abort();
  }

  /** @param {string} id of the consult that is open beside the list; "" for none */
  set chosen(id) {
    this.#chosen = id;
    this.#follows = id !== "";
    part(this, "heading").ariaLevel = id ? "2" : "1";
    this.#mark();
  }

  get chosen() {
    return this.#chosen;
  }

  refresh = coalesced(() => this.#load());

  async #load() {
    try {
      const { items, next } = await api.listConsults();
      if (next) items.push(...without((await api.listLate()).items, items));
      const older = without(this.#consults, items);
      const grown = this.#consults.length > items.length;
      this.#consults = grown ? [...items, ...older] : items;
      if (!grown) this.#next = next;
      fill(this, { problem: "" });
      this.#draw();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #showOlder() {
    try {
      const { items, next } = await api.listConsults(this.#next);
      this.#consults.push(...without(items, this.#consults));
      this.#next = next;
      this.#draw();
    } catch (error) {
      this.#fail(error);
    }
  }

  #greet() {
    const can = hasConsults(this.user.role);
    part(this, "ask").hidden = !can;
    part(this, "ask-words").textContent = this.user.role === "patient" ? "Ask for help" : "New consult";
    this.#whose.start(this.user).then(() => this.#consults.length && this.#draw());
    if (!can) this.#empty("You look after this service. Consults are for patients and their care team.");
  }

  #draw() {
    this.#follow();
    const now = new Date();
    const groups = groupConsults(this.#whose.among(this.#consults), this.user.role, now);
    const { patient } = this.#whose;
    if (this.user.role === "patient") part(this, "ask-words").textContent = patient ? `Ask for help for ${patient.name}` : "Ask for help";
    if (!groups.length) this.#empty(this.#nothingYet());
    else part(this, "groups").replaceChildren(...groups.map((group) => this.#group(group, now)));
    part(this, "groups").ariaBusy = "false";
    part(this, "older").hidden = !this.#next;
    this.#mark();
  }

  /** Whoever opens a consult by its address speaks for whom it is about. */
  #follow() {
    const open = this.#consults.find(({ id }) => id === this.#chosen);
    if (!this.#follows || !open?.patient) return;
    this.#follows = false;
    this.#whose.choose(open.patient.id);
  }

  #nothingYet() {
    const { patient } = this.#whose;
    if (patient) return `There is nothing here for ${patient.name} yet. Tap “Ask for help for ${patient.name}” to show a burn to the burn team.`;
    return this.user.role === "patient"
      ? "You have not asked for help yet. Tap “Ask for help” to show a burn to the burn team."
      : "No consults are waiting. New ones show up here by themselves.";
  }

  /** @param {string} words */
  #empty(words) {
    const empty = stamp("no-consults");
    fill(empty, { words });
    part(this, "groups").replaceChildren(empty);
  }

  /** @param {{ title: string, consults: api.Consult[] }} group @param {Date} now */
  #group({ title, consults }, now) {
    const group = stamp("consult-group");
    fill(group, { title });
    part(group, "rows").append(...consults.map((consult) => this.#row(consult, now)));
    return group;
  }

  /** @param {api.Consult} consult @param {Date} now */
  #row(consult, now) {
    const row = stamp("consult-row");
    const { role } = this.user;
    const link = part(row, "link", HTMLAnchorElement);
    link.href = consultPath(consult.id);
    link.dataset["id"] = consult.id;
    link.dataset["urgency"] = consult.urgency;
    link.dataset["state"] = consult.state;
    part(row, "urgency").dataset["urgency"] = consult.urgency;
    part(row, "state").dataset["untaken"] = String(isUntaken(consult) && role !== "patient");
    this.#count(row, consult, now);
    fill(row, {
      title: titleOf(consult, role, this.user.id),
      time: agoWords(new Date(consult.updated_at), { now }),
      reason: consult.reason,
      urgency: role === "patient" || consult.urgency === "routine" ? "" : urgencyWords(consult.urgency),
      kind: role === "patient" ? "" : kindWords(consult.kind),
      state: stateWords(consult.state, role),
      owner: ownerWords(consult, this.user),
      sender: sentByTablet(consult, this.user.id),
      photos: consult.photo_count ? counted(consult.photo_count, "photo") : "",
      unread: consult.unread ? `${consult.unread} new` : "",
    });
    return row;
  }

  /** How long it still has. @param {ParentNode} row @param {api.Consult} consult @param {Date} now */
  #count(row, consult, now) {
    fill(row, { due: dueWords(consult, { now, role: this.user.role }) });
    part(row, "due").dataset["late"] = String(isLate(consult, now));
  }

  #countAll() {
    const now = new Date();
    for (const link of this.querySelectorAll("a.row")) {
      const consult = this.#consults.find(({ id }) => id === /** @type {HTMLElement} */ (link).dataset["id"]);
      if (consult) this.#count(link, consult, now);
    }
  }

  #mark() {
    for (const link of this.querySelectorAll("a.row")) {
      const chosen = /** @type {HTMLElement} */ (link).dataset["id"] === this.#chosen;
      link.ariaCurrent = chosen ? "page" : null;
    }
  }

  #ask() {
    const form = /** @type {import("./ask-for-help.js").AskForHelp} */ (
      this.querySelector("ask-for-help") ?? stamp("ask-for-help")
    );
    if (!form.isConnected) this.append(form);
    form.open(this.user.role, this.#whose.patient);
  }

  get #whose() {
    return /** @type {import("./whose-consults.js").WhoseConsults} */ (this.querySelector("whose-consults"));
  }

  /** @param {AbortSignal} signal */
  #watch(signal) {
    let attended = Date.now();
    const attend = () => (attended = Date.now());
    window.addEventListener("pointerdown", attend, { signal });
    window.addEventListener("keydown", attend, { signal });
    const look = () => document.visibilityState === "visible" && hasConsults(this.user.role) && this.refresh();
    document.addEventListener("visibilitychange", look, { signal });
    window.addEventListener("online", look, { signal });
    const timer = setInterval(() => Date.now() - attended < ATTENDED && look(), EVERY);
    const counting = setInterval(() => this.#countAll(), COUNTED);
    signal.addEventListener("abort", () => [timer, counting].forEach(clearInterval));
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof api.ApiError)) throw error;
    if (error.status !== 401) fill(this, { problem: error.detail });
  }
}

customElements.define("consult-list", ConsultList);

/** @param {api.Consult[]} consults @param {api.Consult[]} known */
function without(consults, known) {
  const ids = new Set(known.map(({ id }) => id));
  return consults.filter(({ id }) => !ids.has(id));
}
