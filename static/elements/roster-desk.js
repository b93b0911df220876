import "./add-shift.js";
import "./hand-overs.js";
import { rungWords } from "../lib/clock.js";
import { getRoster, listServices, removeShift } from "../lib/duty.js";
import { wordsFor } from "../lib/passkey.js";
import { changesRoster } from "../lib/roles.js";
import { RUNGS, WEEK, dayTitle, gapWords, shiftWords, weekOf } from "../lib/roster.js";
import { announce, fill, part, stamp } from "../lib/templates.js";

/** @typedef {import("../lib/duty.js").Roster} Roster */
/** @typedef {import("../lib/duty.js").Service} Service */
/** @typedef {import("../lib/duty.js").Shift} Shift */

/** Who is on duty now and in the week to come, where nobody is, and who hands over to whom. */
export class RosterDesk extends HTMLElement {
  /** @type {import("../lib/api.js").Session["user"]} set before it is shown */
  user = { id: "", name: "", email: null, role: "specialist" };
  /** @type {Service[]} */
  #services = [];

  connectedCallback() {
    const adds = part(this, "add", HTMLButtonElement);
    adds.hidden = !changesRoster(this.user.role);
    adds.addEventListener("click", () => this.#add());
    part(this, "service").addEventListener("change", () => this.#load());
    this.addEventListener("roster-changed", () => this.#load());
    this.#start();
  }

  #start() {
    return this.#try(async () => {
      this.#services = (await listServices()).items;
      part(this, "service").replaceChildren(...this.#services.map(({ id, name }) => new Option(name, id)));
      part(this, "service-field").hidden = this.#services.length < 2;
      await this.#draw();
    });
  }

  #load() {
    return this.#try(() => this.#draw());
  }

  async #draw() {
    const service = this.#service;
    if (!service) return;
    const roster = await getRoster(service.id, WEEK);
    if (service !== this.#service) return; // another one was chosen meanwhile
    const there = { timeZone: service.time_zone, now: new Date() };
    fill(this, { zone: `${service.name}. Times are by the clocks of ${service.time_zone}.` });
    part(this, "now").replaceChildren(...RUNGS.map((rung) => nowRow(rung, roster)));
    this.#drawGaps(roster, there);
    part(this, "days").replaceChildren(...weekOf(roster.shifts, there).map((day) => this.#day(day, there)));
    /** @type {import("./hand-overs.js").HandOvers} */ (this.querySelector("hand-overs")).show(service, this.user);
    this.ariaBusy = "false";
  }

  /** @param {Roster} roster @param {import("../lib/roster.js").There} there */
  #drawGaps({ gaps }, there) {
    const lines = RUNGS.map((rung) => ({ rung, words: gaps.filter((gap) => gap.rung === rung).map((gap) => gapWords(gap, there)) }));
    const open = lines.filter(({ words }) => words.length > 0);
    part(this, "gaps").hidden = open.length === 0;
    part(this, "gap-rows").replaceChildren(...open.map(({ rung, words }) => {
      const row = stamp("roster-gap");
      fill(row, { rung: rungWords(rung), words: words.join("; ") });
      return row;
    }));
  }

  /** @param {import("../lib/roster.js").Day} day @param {import("../lib/roster.js").There} there */
  #day({ day, rungs }, there) {
    const card = stamp("roster-day");
    fill(card, { title: dayTitle(day, there) });
    part(card, "rungs").replaceChildren(...rungs.map(({ rung, stretches }) => {
      const row = stamp("roster-rung");
      fill(row, { rung: rungWords(rung), nobody: stretches.length ? "" : "Nobody" });
      part(row, "shifts").replaceChildren(...stretches.map(({ shift, words }) => this.#stretch(shift, words)));
      return row;
    }));
    return card;
  }

  /** @param {Shift} shift @param {string} words */
  #stretch(shift, words) {
    const row = stamp("roster-shift");
    fill(row, { person: shift.user.name, words });
    const remove = part(row, "remove", HTMLButtonElement);
    remove.hidden = !changesRoster(this.user.role);
    remove.ariaLabel = `Remove ${shift.user.name}, ${rungWords(shift.rung)}, ${shiftWords(shift)}`;
    remove.addEventListener("click", () => this.#remove(shift));
    return row;
  }

  /** @param {Shift} shift */
  #remove(shift) {
    if (!confirm(`Take ${shift.user.name} off duty? ${shiftWords(shift)}.`)) return;
    this.#try(async () => {
      await removeShift(/** @type {Service} */ (this.#service).id, shift.id);
      await this.#draw();
      part(this, "week-title").focus(); // what was pressed is gone
      announce(`${shift.user.name} is off the roster.`);
    });
  }

  #add() {
    if (!this.#service) return;
    const form = /** @type {import("./add-shift.js").AddShift} */ (stamp("add-shift"));
    this.append(form);
    form.open(this.#service);
  }

  /** @param {() => Promise<void>} work */
  async #try(work) {
    try {
      fill(this, { problem: "" });
      await work();
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
  }

  get #service() {
    const { value } = part(this, "service", HTMLSelectElement);
    return this.#services.find(({ id }) => id === value) ?? null;
  }
}

customElements.define("roster-desk", RosterDesk);

/** @param {import("../lib/clock.js").Rung} rung @param {Roster} roster */
function nowRow(rung, { on_duty }) {
  const row = stamp("roster-now");
  fill(row, { rung: rungWords(rung), person: on_duty[rung]?.name ?? "Nobody" });
  row.dataset["empty"] = String(!on_duty[rung]);
  return row;
}
