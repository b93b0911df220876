import "./advice-composer.js";
import { acknowledgeAdvice, dispositionWords, listAdvice, readWords, signedWords, splitAdvice, validityWords } from "../lib/advice.js";
import { attempt } from "../lib/attempt.js";
import { wordsFor } from "../lib/passkey.js";
import { isAsker, mayAdvise } from "../lib/roles.js";
import { isOver } from "../lib/states.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { counted } from "../lib/words.js";

/** @typedef {import("../lib/advice.js").Advice} Advice */
/** @typedef {import("../lib/api.js").OpenConsult} OpenConsult */

/** What was advised: what holds, what it replaced, and one's own draft. Whoever asked says that they read it. */
export class ConsultAdvice extends HTMLElement {
  /** @type {OpenConsult | null} */
  #consult = null;
  /** @type {import("./consult-desk.js").User} */
  #user = { id: "", name: "", role: "patient" };
  #seen = "";
  /** @type {ReturnType<typeof splitAdvice> | null} */
  #advice = null;

  connectedCallback() {
    onPress(this, "write", () => this.#write());
    this.parentElement?.addEventListener("advice-changed", () => this.#reload());
  }

  /** @param {OpenConsult} consult @param {import("./consult-desk.js").User} user */
  show(consult, user) {
    this.#consult = consult;
    this.#user = user;
    const seen = `${consult.id} ${consult.last_event} ${consult.relation}`;
    if (seen !== this.#seen) this.#reload();
    else this.#draw();
    this.#seen = seen;
  }

  #reload() {
    return this.#load().catch((error) => this.#fail(error));
  }

  async #load() {
    const before = this.#advice;
    const { items } = await listAdvice(/** @type {OpenConsult} */ (this.#consult).id);
    this.#advice = splitAdvice(items);
    this.#draw();
    const { current } = this.#advice;
    const isNew = current && before && current.id !== before.current?.id;
    if (isNew && current.author.id !== this.#user.id) announce(`Advice from ${current.author.name}`);
  }

  /** @param {unknown} error */
  #fail(error) {
    fill(this, { problem: wordsFor(error) ?? "" });
    this.hidden = false;
  }

  #draw() {
    if (!this.#advice || !this.#consult) return;
    const { current, before, draft } = this.#advice;
    part(this, "current").replaceChildren(...(current ? [this.#card(current)] : []));
    part(this, "before").hidden = !before.length;
    part(this, "before-title").textContent = counted(before.length, "earlier advice", "earlier pieces of advice");
    part(this, "before-rows").replaceChildren(...before.map((advice) => this.#card(advice)));
    const writes = mayAdvise(this.#consult, this.#user.role);
    const words = draft ? "Go on with your draft" : current ? "Write newer advice" : "Write advice";
    part(this, "write").textContent = words;
    part(this, "write").hidden = !writes;
    this.hidden = !current && !writes;
  }

  /** @param {Advice} advice */
  #card(advice) {
    const card = stamp("advice-card");
    const here = { now: new Date() };
    const holds = !advice.superseded_by;
    card.dataset["holds"] = String(holds && advice.valid);
    if (!holds) card.ariaLabel = `Earlier advice ${advice.number}`;
    const read = readWords(advice, this.#user, here);
    const asks = holds && isAsker(/** @type {OpenConsult} */ (this.#consult), this.#user);
    fill(card, {
      what: dispositionWords(advice.disposition, this.#user.role),
      text: advice.text,
      signed: signedWords(advice, here),
      validity: validityWords(advice),
      read: read || (holds && !asks ? "Not read yet" : ""),
    });
    part(card, "read").dataset["read"] = String(Boolean(read));
    part(card, "acknowledge").hidden = !asks || Boolean(read) || isOver(/** @type {OpenConsult} */ (this.#consult).state);
    onPress(card, "acknowledge", (button) => attempt(this, button, () => this.#acknowledge(advice)));
    return card;
  }

  /** @param {Advice} advice */
  async #acknowledge({ id }) {
    try {
      await acknowledgeAdvice(/** @type {OpenConsult} */ (this.#consult).id, id);
    } finally {
      await this.#load(); // refused, there is newer advice to show
    }
    announce("Thank you. They see that you read it.");
  }

  #write() {
    const { current, draft } = /** @type {ReturnType<typeof splitAdvice>} */ (this.#advice);
    const composer = /** @type {import("./advice-composer.js").AdviceComposer} */ (stamp("advice-composer"));
    this.parentElement?.append(composer);
    composer.open(/** @type {OpenConsult} */ (this.#consult).id, { draft, current });
  }
}

customElements.define("consult-advice", ConsultAdvice);
