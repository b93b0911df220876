import { fill, stamp } from "../lib/templates.js";

/** Asks before something is done that is not easily undone. */
class AskFirst extends HTMLElement {
  /** @param {{ title: string, words: string, yes: string }} question @returns {Promise<boolean>} */
  ask(question) {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    fill(this, question);
    dialog.showModal();
    return new Promise((resolve) =>
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
    );
  }
}

customElements.define("ask-first", AskFirst);

/** @param {{ title: string, words: string, yes: string }} question @returns {Promise<boolean>} */
export async function askFirst(question) {
  const element = /** @type {AskFirst} */ (stamp("ask-first"));
  document.body.append(element);
  const agreed = await element.ask(question);
  element.remove();
  return agreed;
}
