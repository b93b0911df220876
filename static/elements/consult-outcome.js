import { answersOf, getOutcome } from "../lib/outcomes.js";
import { wordsFor } from "../lib/passkey.js";
import { fill, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";

/** What became of the patient, once somebody has told: for those who gave advice. */
export class ConsultOutcome extends HTMLElement {
  #shown = "";

  /** @param {import("../lib/api.js").OpenConsult} consult */
  show({ id, outcome_at }) {
    this.hidden = !outcome_at;
    if (!outcome_at || this.#shown === outcome_at) return;
    this.#shown = outcome_at;
    this.#load(id).catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  /** @param {string} consultId */
  async #load(consultId) {
    const outcome = await getOutcome(consultId);
    fill(this, { when: `Told ${momentWords(new Date(outcome.answered_at ?? ""))}` });
    const rows = answersOf(outcome).map(([question, answer]) => {
      const row = stamp("outcome-row");
      fill(row, { question, answer });
      return row;
    });
    part(this, "rows").replaceChildren(...rows);
  }
}

customElements.define("consult-outcome", ConsultOutcome);
