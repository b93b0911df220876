import * as accounts from "../lib/accounts.js";
import { attempt } from "../lib/attempt.js";
import { wordsFor } from "../lib/passkey.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { agoWords, momentWords } from "../lib/time.js";
import { askFirst } from "./ask-first.js";

/** Where I am signed in: end one, or all but this one. */
export class SignedInPlaces extends HTMLElement {
  connectedCallback() {
    onPress(this, "end-others", (button) => attempt(this, button, () => this.#endOthers()));
    this.refresh().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async refresh() {
    const { sessions } = await accounts.listSessions();
    const now = new Date();
    part(this, "rows").replaceChildren(...sessions.map((place) => this.#row(place, now)));
    part(this, "end-others").hidden = sessions.length < 2;
  }

  /** @param {accounts.Place} place @param {Date} now */
  #row(place, now) {
    const row = stamp("place-row");
    const since = `Since ${momentWords(new Date(place.created_at))}`;
    const used = `last used ${agoWords(new Date(place.seen_at), { now })}`;
    fill(row, { name: place.device, current: place.current ? "Here" : "", facts: `${since} · ${used}` });
    part(row, "end-of").textContent = ` of ${place.device}`;
    part(row, "end").hidden = place.current;
    onPress(row, "end", (button) => attempt(this, button, () => this.#end(place)));
    return row;
  }

  /** @param {accounts.Place} place */
  async #end({ id, device }) {
    await accounts.endSessionAt(id);
    await this.refresh();
    announce(`${device} is signed out.`);
    part(this, "title").focus();
  }

  async #endOthers() {
    const words = "Every other phone and computer has to sign in again. You stay signed in here.";
    const yes = "Sign out everywhere else";
    if (!(await askFirst({ title: "Sign out everywhere else?", words, yes }))) return;
    await accounts.endOtherSessions();
    await this.refresh();
    announce("You are signed out everywhere else.");
    part(this, "title").focus();
  }
}

customElements.define("signed-in-places", SignedInPlaces);
