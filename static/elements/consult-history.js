import { whenWords } from "../lib/clock.js";
import { wordsFor } from "../lib/passkey.js";
import { listSteps, takenWords } from "../lib/steps.js";
import { fill, part, stamp } from "../lib/templates.js";

/** @type {import("../lib/states.js").State[]} */
const SENT_ON = ["declined", "redirected"]; // the last step says where to go instead

/** Every step of a consult: who took it, when and why. Read only once it is unfolded. */
export class ConsultHistory extends HTMLElement {
  #consultId = "";
  #wanted = "";
  #shown = "";
  #sentOn = false;

  connectedCallback() {
    this.#fold.addEventListener("toggle", () => this.#update());
  }

  /** @param {import("../lib/api.js").OpenConsult} consult */
  show({ id, last_event, state }) {
    this.#consultId = id;
    const wasSentOn = this.#sentOn;
    this.#sentOn = SENT_ON.includes(state);
    if (this.#sentOn && !wasSentOn) this.#fold.open = true;
    this.#wanted = `${id} ${last_event} ${state}`;
    this.hidden = false;
    this.#update();
  }

  #update() {
    if (!this.#fold.open || this.#shown === this.#wanted) return;
    this.#shown = this.#wanted;
    this.#load().catch((error) => {
      this.#shown = ""; // to be asked for again
      fill(this, { problem: wordsFor(error) ?? "" });
    });
  }

  async #load() {
    const { items } = await listSteps(this.#consultId);
    fill(this, { problem: "" });
    part(this, "rows").replaceChildren(...items.map(row));
  }

  get #fold() {
    return /** @type {HTMLDetailsElement} */ (part(this, "fold"));
  }
}

customElements.define("consult-history", ConsultHistory);

/** @param {import("../lib/steps.js").Taken} taken */
function row(taken) {
  const { title, more } = takenWords(taken);
  const item = stamp("clock-line");
  item.dataset["state"] = "done";
  fill(item, { title, words: [whenWords(taken.at, { now: new Date() }), ...more].join(" \u00b7 ") });
  return item;
}
