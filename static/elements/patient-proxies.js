import { attempt } from "../lib/attempt.js";
import { wordsFor } from "../lib/passkey.js";
import * as proxies from "../lib/proxies.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { askFirst } from "./ask-first.js";

/** Who speaks for a patient: add one, end one, and see who did before. */
export class PatientProxies extends HTMLElement {
  #patientId = "";
  #coordinates = false;
  #own = false;

  connectedCallback() {
    onPress(this, "add", (button) => attempt(this, button, () => this.#add()));
    onPress(this, "keep-birth", (button) => attempt(this, button, () => this.#setBirth()));
    part(this, "basis").addEventListener("change", () => this.#follow());
    for (const name of ["form", "birth"]) part(this, name).addEventListener("submit", (event) => event.preventDefault());
  }

  /** @param {string} patientId @param {{ id: string, role: import("../lib/api.js").Role }} user */
  show(patientId, { id, role }) {
    this.#patientId = patientId;
    this.#own = patientId === id;
    part(this, "title").textContent = this.#own ? "Who can speak for you" : "Who can speak for the patient";
    this.#coordinates = role === "coordinator";
    part(this, "adding").hidden = !(this.#own || this.#coordinates);
    part(this, "basis-field").hidden = part(this, "birth").hidden = !this.#coordinates;
    part(this, "time-zone", HTMLInputElement).value = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const bases = proxies.FOR_COORDINATORS.map((basis) => new Option(proxies.basisWords(basis), basis));
    part(this, "basis").replaceChildren(...bases);
    this.#follow();
    this.refresh().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async refresh() {
    const { items } = await proxies.listProxies(this.#patientId);
    const now = new Date();
    const [live, over] = [items.filter((each) => proxies.holds(each, now)), items.filter((each) => !proxies.holds(each, now))];
    part(this, "rows").replaceChildren(...live.map((proxy) => this.#row(proxy, now)));
    part(this, "over").replaceChildren(...over.map((proxy) => this.#row(proxy, now)));
    part(this, "nobody").hidden = live.length > 0;
    part(this, "ended").hidden = !over.length;
  }

  /** @param {proxies.Proxy} proxy @param {Date} now */
  #row(proxy, now) {
    const row = stamp("proxy-row");
    fill(row, { name: proxy.proxy.name, facts: proxies.proxyWords(proxy, now) });
    part(row, "end-of").textContent = ` for ${proxy.proxy.name}`;
    part(row, "end").hidden = !proxies.holds(proxy, now) || !(this.#own || this.#coordinates);
    onPress(row, "end", (button) => attempt(this, button, () => this.#end(proxy)));
    return row;
  }

  #follow() {
    part(this, "until-field").hidden = proxies.isForAChild(this.#basis); // that ends on the birthday
  }

  async #add() {
    const email = part(this, "email", HTMLInputElement);
    if (!email.reportValidity()) return;
    const until = part(this, "until-field").hidden ? "" : part(this, "until", HTMLInputElement).value;
    const wish = { email: email.value.trim(), basis: this.#basis };
    const { proxy } = await proxies.addProxy(this.#patientId, until ? { ...wish, ends_at: proxies.endOfDay(until) } : wish);
    part(this, "form", HTMLFormElement).reset();
    part(this, "adding", HTMLDetailsElement).open = false;
    this.#follow();
    await this.refresh();
    announce(`${proxy.name} can speak for the patient now.`);
    part(this, "title").focus();
  }

  /** @param {proxies.Proxy} proxy */
  async #end({ id, proxy: { name } }) {
    const words = "They cannot read or write for the patient any more. This counts at once.";
    if (!(await askFirst({ title: `End it for ${name}?`, words, yes: "End it" }))) return;
    await proxies.endProxy(this.#patientId, id);
    await this.refresh();
    announce(`${name} does not speak for the patient any more.`);
    part(this, "title").focus();
  }

  async #setBirth() {
    if (!part(this, "birth", HTMLFormElement).reportValidity()) return;
    const born_on = part(this, "born-on", HTMLInputElement).value;
    await proxies.setBirth(this.#patientId, { born_on, time_zone: part(this, "time-zone", HTMLInputElement).value.trim() });
    await this.refresh();
    fill(this, { notice: "The day of birth is kept." });
    announce("The day of birth is kept.");
  }

  /** @returns {proxies.Basis} */
  get #basis() {
    return this.#coordinates ? /** @type {proxies.Basis} */ (part(this, "basis", HTMLSelectElement).value) : "delegate";
  }
}

customElements.define("patient-proxies", PatientProxies);
