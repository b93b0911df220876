import * as api from "../lib/api.js";
import { offersAutofill, signIn, supported, wordsFor } from "../lib/passkey.js";
import { fill, part } from "../lib/templates.js";

/** Signs in by passkey: a button, and where the browser offers it, a form field that lists them. */
export class SignIn extends HTMLElement {
  #gone = new AbortController();
  #ceremony = new AbortController();

  async connectedCallback() {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    const use = part(this, "use", HTMLButtonElement);
    use.addEventListener("click", () => this.#run("optional", use), { signal });
    if (!supported()) this.#say("This browser has no passkeys. Use a newer one, or another phone.");
    if (await offersAutofill()) this.#offerAutofill(signal);
  }

  disconnectedCallback() {
    this.#gone.abort();
    this.#ceremony.abort();
  }

  /**
   * The browser lists passkeys in a field only while a request for them waits. It begins when a
   * hand reaches for the field: never before, so that no page signs anybody in by itself.
   * @param {AbortSignal} signal
   */
  #offerAutofill(signal) {
    const field = part(this, "autofill");
    field.hidden = false;
    let waiting = false;
    const begin = async () => {
      if (waiting) return;
      waiting = true;
      await this.#run("conditional");
      waiting = false;
    };
    for (const name of ["pointerenter", "pointerdown", "focusin"]) {
      field.addEventListener(name, begin, { signal });
    }
  }

  /** @param {CredentialMediationRequirement} mediation @param {HTMLButtonElement} [button] */
  async #run(mediation, button) {
    this.#ceremony.abort(); // one request at a time: the later one wins
    const ceremony = new AbortController();
    this.#ceremony = ceremony;
    this.#say("");
    if (button) button.disabled = true;
    try {
      const session = await signIn({ mediation, signal: ceremony.signal });
      this.#arrive(session);
    } catch (error) {
      this.#say(wordsFor(error) ?? "");
    } finally {
      if (button) button.disabled = false;
    }
  }

  /** @param {api.Session} session */
  #arrive(session) {
    if (!this.isConnected) return;
    this.dispatchEvent(new CustomEvent("signed-in", { bubbles: true, detail: session }));
  }

  /** @param {string} words */
  #say(words) {
    fill(this, { problem: words });
  }
}

customElements.define("sign-in", SignIn);
