import * as accounts from "../lib/accounts.js";
import { attempt } from "../lib/attempt.js";
import { wordsFor } from "../lib/passkey.js";
import { announce, fill, onPress, part } from "../lib/templates.js";
import { counted } from "../lib/words.js";
import { askFirst } from "./ask-first.js";

/** Eight codes to write down for the day the phone is lost; they are on the screen once. */
export class SavedCodes extends HTMLElement {
  #left = 0;

  connectedCallback() {
    onPress(this, "make", (button) => attempt(this, button, () => this.#make()));
    onPress(this, "print", () => window.print());
    onPress(this, "copy", (button) => attempt(this, button, () => this.#copy()));
    onPress(this, "kept", () => this.#hide());
    this.refresh().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async refresh() {
    this.#left = (await accounts.countSavedCodes()).left;
    const words = this.#left ? `You have ${counted(this.#left, "code")} left.` : "You have no codes yet.";
    fill(this, { left: words });
    part(this, "make").textContent = this.#left ? "Make eight new codes" : "Make eight codes";
    this.dispatchEvent(new CustomEvent("codes-counted", { bubbles: true, detail: this.#left }));
  }

  async #make() {
    const words = "The codes you have now will not work any more.";
    const question = { title: "Make new codes?", words, yes: "Make new codes" };
    if (this.#left && !(await askFirst(question))) return;
    const { codes } = await accounts.makeSavedCodes();
    part(this, "codes").replaceChildren(...codes.map(listed));
    part(this, "address").textContent = `${location.host}/recover`;
    part(this, "fresh").hidden = false;
    part(this, "make").hidden = true;
    await this.refresh();
    part(this, "fresh-title").focus();
  }

  async #copy() {
    const codes = [...part(this, "codes").children].map((row) => row.textContent);
    await navigator.clipboard.writeText(codes.join("\n"));
    announce("The codes are copied.");
    part(this, "copy").textContent = "Copied";
  }

  #hide() {
    part(this, "codes").replaceChildren();
    part(this, "copy").textContent = "Copy";
    part(this, "fresh").hidden = true;
    part(this, "make").hidden = false;
    announce("Good. Keep them where you keep important papers.");
    part(this, "title").focus();
  }
}

customElements.define("saved-codes", SavedCodes);

/** @param {string} code */
function listed(code) {
  const row = document.createElement("li");
  row.textContent = code;
  return row;
}
