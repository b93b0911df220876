import "./notice-choices.js";
import "./own-passkeys.js";
import "./saved-codes.js";
import "./signed-in-places.js";
import { hangsByOne } from "../lib/accounts.js";
import { roleWords } from "../lib/roles.js";
import { fill, part } from "../lib/templates.js";

/** How I sign in, where I am signed in, how I get back when the phone is lost, and what I am sent. */
export class YourAccount extends HTMLElement {
  /** @type {import("../lib/api.js").Session["user"]} set before it is shown */
  user = { id: "", name: "", email: null, role: "patient" };
  #hangsByOne = false;
  #codesLeft = 1;

  connectedCallback() {
    const { name, email, role } = this.user;
    fill(this, { person: [name, roleWords(role), email].filter(Boolean).join(" · ") });
    /** @type {import("./own-passkeys.js").OwnPasskeys} */ (this.querySelector("own-passkeys")).user = this.user;
    /** @type {import("./notice-choices.js").NoticeChoices} */ (this.querySelector("notice-choices")).start(role);
    this.addEventListener("passkeys-shown", (event) => {
      this.#hangsByOne = hangsByOne(/** @type {any} */ (event).detail);
      this.#advise();
    });
    this.addEventListener("codes-counted", (event) => {
      this.#codesLeft = /** @type {any} */ (event).detail;
      this.#advise();
    });
  }

  #advise() {
    part(this, "advice").hidden = !(this.#hangsByOne && this.#codesLeft === 0);
  }
}

customElements.define("your-account", YourAccount);
