import { attempt } from "../lib/attempt.js";
import * as consents from "../lib/consents.js";
import { wordsFor } from "../lib/passkey.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { askFirst } from "./ask-first.js";

/** What a patient says yes or no to, each thing by itself, and what was said before. */
export class ConsentChoices extends HTMLElement {
  #path = "";
  #clinician = false;

  /**
   * Fires `consent-said` when something was.
   * @param {string} path of the consents
   * @param {{ clinician: boolean, own: boolean }} reader whether they write down what the patient says,
   *   or are the patient
   */
  show(path, { clinician, own }) {
    part(this, "title").textContent = own ? "What you say yes to" : "What the patient says yes to";
    this.#path = path;
    this.#clinician = clinician;
    part(this, "how-field").hidden = !clinician;
    this.refresh().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async refresh() {
    const { current, items } = await consents.getConsents(this.#path);
    part(this, "purposes").replaceChildren(...consents.PURPOSES.map((each) => this.#row(each, current[each.purpose])));
    const everywhere = this.#path.startsWith("/api/patients/");
    const said = items.map((item) => {
      return Object.assign(document.createElement("li"), { textContent: consents.saidWords(item, { everywhere }) });
    });
    part(this, "history").replaceChildren(...said);
    part(this, "before").hidden = !said.length;
  }

  /** @param {(typeof consents.PURPOSES)[number]} choice @param {consents.Standing} standing */
  #row({ purpose, name, words }, standing) {
    const row = stamp("consent-row");
    row.dataset["purpose"] = purpose;
    fill(row, { name, words, standing: consents.standingWords(standing) });
    part(row, "standing").dataset["standing"] = standing;
    part(row, "yes-to").textContent = part(row, "no-to").textContent = ` to ${name.toLowerCase()}`;
    if (this.#clinician) part(row, "yes-words").textContent = "They said yes";
    part(row, "yes").hidden = standing === "given";
    // Only the patient, or who speaks for them, takes a word back.
    part(row, "no").hidden = standing === "withdrawn" || this.#clinician;
    onPress(row, "yes", (button) => attempt(this, button, () => this.#say(purpose, true)));
    onPress(row, "no", (button) => attempt(this, button, () => this.#refuse(purpose)));
    return row;
  }

  /** @param {consents.Purpose} purpose */
  async #refuse(purpose) {
    const words = "The burn team will not see the photos any more, and cannot help here. You can say yes again at any time.";
    const question = { title: "Say no to care?", words, yes: "Say no" };
    if (purpose === "care" && !(await askFirst(question))) return;
    await this.#say(purpose, false);
  }

  /** @param {consents.Purpose} purpose @param {boolean} given */
  async #say(purpose, given) {
    const method = this.#clinician ? part(this, "how", HTMLSelectElement).value : "tap";
    await consents.say(this.#path, { purpose, given, method: /** @type {consents.Method} */ (method) });
    await this.refresh();
    announce(given ? "The yes is written down." : "The no is written down.");
    part(this, "title").focus();
    this.dispatchEvent(new CustomEvent("consent-said", { bubbles: true }));
  }
}

customElements.define("consent-choices", ConsentChoices);
