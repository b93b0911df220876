import { attempt } from "../lib/attempt.js";
import { listGlasses, REASONS, reviewGlass } from "../lib/glass.js";
import { wordsFor } from "../lib/passkey.js";
import { consultPath } from "../lib/routes.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";

/** @typedef {import("../lib/glass.js").Glass} Glass */

/** Every emergency access: what waits for a review first, then what had one. */
export class GlassReviews extends HTMLElement {
  connectedCallback() {
    this.#load().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async #load() {
    const [waiting, done] = await Promise.all([listGlasses(false), listGlasses(true)]);
    part(this, "waiting").replaceChildren(...waiting.items.map((glass) => this.#waiting(glass)));
    part(this, "waiting").ariaBusy = "false";
    part(this, "nothing").hidden = waiting.items.length > 0;
    part(this, "done").replaceChildren(...done.items.map((glass) => this.#done(glass)));
    part(this, "done-section").hidden = !done.items.length;
  }

  /** @param {Glass} glass */
  #waiting(glass) {
    const row = this.#row(glass);
    const due = momentWords(new Date(glass.review_due_at));
    fill(row, { standing: glass.overdue ? "Overdue" : `Review by ${due}` });
    part(row, "standing").dataset["standing"] = glass.overdue ? "out" : "false";
    onPress(row, "right", (button) => attempt(row, button, () => this.#review(row, glass, "justified")));
    onPress(row, "wrong", (button) => attempt(row, button, () => this.#review(row, glass, "not_justified")));
    return row;
  }

  /** @param {Glass} glass */
  #done(glass) {
    const row = this.#row(glass);
    const right = glass.outcome === "justified";
    fill(row, { standing: right ? "It was right" : "It was not right", comment: glass.comment });
    part(row, "standing").dataset["standing"] = right ? "true" : "out";
    part(row, "review").hidden = true;
    return row;
  }

  /** @param {Glass} glass */
  #row({ consult_id, user, reason, text, opened_at }) {
    const row = stamp("glass-row");
    fill(row, { name: user.name, when: momentWords(new Date(opened_at)), reason: REASONS[reason], text });
    part(row, "consult", HTMLAnchorElement).href = consultPath(consult_id);
    for (const name of ["right", "wrong"]) part(row, `${name}-of`).textContent = ` of ${user.name}`;
    return row;
  }

  /** @param {HTMLElement} row @param {Glass} glass @param {import("../lib/glass.js").Outcome} outcome */
  async #review(row, { id, user }, outcome) {
    await reviewGlass(id, { outcome, comment: part(row, "words", HTMLTextAreaElement).value.trim() });
    await this.#load();
    announce(`The access of ${user.name} is reviewed.`);
    part(this, "title").focus();
  }
}

customElements.define("glass-reviews", GlassReviews);
