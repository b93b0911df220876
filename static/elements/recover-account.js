import * as accounts from "../lib/accounts.js";
import { attempt } from "../lib/attempt.js";
import { recover, supported } from "../lib/passkey.js";
import { tokenOf } from "../lib/routes.js";
import { fill, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";

// Outlives the element: a link opened in a page that is already here draws the screen anew.
let linkSecret = "";

/** The way back in for whoever lost their passkey: ask for a link, show two proofs, make a new one. */
class RecoverAccount extends HTMLElement {
  /** @type {string[]} */
  #proofs = [];

  connectedCallback() {
    window.addEventListener("hashchange", this.#takeToken);
    part(this, "ask").addEventListener("submit", (event) => this.#ask(event));
    part(this, "prove").addEventListener("submit", (event) => this.#prove(event));
    part(this, "make").addEventListener("submit", (event) => this.#make(event));
    part(this, "no-mail").addEventListener("click", () => this.#step("prove"));
    this.#takeToken();
    if (!supported()) fill(this, { problem: "This browser has no passkeys. Use a newer one." });
  }

  disconnectedCallback() {
    window.removeEventListener("hashchange", this.#takeToken);
  }

  /** The secret must not stay in the address, where history and shoulders could read it. */
  #takeToken = () => {
    const token = tokenOf(location.hash);
    if (token) {
      linkSecret = token;
      history.replaceState(null, "", location.pathname);
    }
    this.#step(linkSecret ? "prove" : "ask", { quietly: true });
  };

  /** @param {"ask" | "sent" | "prove" | "make" | "wait"} name @param {{ quietly?: boolean }} [how] */
  #step(name, { quietly = false } = {}) {
    for (const step of ["ask", "sent", "prove", "make", "wait"]) part(this, step).hidden = step !== name;
    part(this, "card-field").hidden = Boolean(linkSecret);
    part(this, "card-code", HTMLInputElement).required = !linkSecret;
    fill(this, { problem: "" });
    if (!quietly) this.querySelector("h1")?.focus();
  }

  /** @param {Event} event */
  async #ask(event) {
    event.preventDefault();
    const email = part(this, "email", HTMLInputElement);
    await attempt(this, part(this, "send", HTMLButtonElement), async () => {
      await accounts.askToRecover(email.value.trim());
      this.#step("sent");
    });
  }

  /** @param {Event} event */
  async #prove(event) {
    event.preventDefault();
    const code = (/** @type {string} */ name) => part(this, name, HTMLInputElement).value.trim();
    this.#proofs = [linkSecret || code("card-code"), code("saved-code")];
    await attempt(this, part(this, "go-on", HTMLButtonElement), async () => {
      const { passkeys } = await accounts.recoveryOptions(this.#proofs);
      part(this, "lost").replaceChildren(...passkeys.map(choice));
      part(this, "lost-field").hidden = !passkeys.length;
      this.#step("make");
    });
  }

  /** @param {Event} event */
  async #make(event) {
    event.preventDefault();
    const ticked = [...part(this, "lost").querySelectorAll("input:checked")];
    const lost = ticked.map((input) => /** @type {HTMLInputElement} */ (input).value);
    await attempt(this, part(this, "make-passkey", HTMLButtonElement), async () => {
      this.#arrive(await recover(this.#proofs, lost));
    });
  }

  /** @param {accounts.Recovered} recovered */
  #arrive({ session, usable_from }) {
    linkSecret = "";
    this.#proofs = [];
    if (session) {
      return void this.dispatchEvent(new CustomEvent("signed-in", { bubbles: true, detail: session }));
    }
    part(this, "from").textContent = usable_from ? momentWords(new Date(usable_from)) : "tomorrow";
    this.#step("wait");
  }
}

customElements.define("recover-account", RecoverAccount);

/** @param {accounts.Passkey} passkey */
function choice({ id, name, created_at, last_used_at }) {
  const label = stamp("lost-passkey");
  const input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
  input.value = id;
  const used = last_used_at ? `last used ${momentWords(new Date(last_used_at))}` : "never used";
  fill(label, { words: name, hint: `Made ${momentWords(new Date(created_at))}, ${used}` });
  return label;
}
