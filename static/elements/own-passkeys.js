import * as accounts from "../lib/accounts.js";
import { attempt } from "../lib/attempt.js";
import { addPasskey, tellCredentialManager, wordsFor } from "../lib/passkey.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";
import { askFirst } from "./ask-first.js";

/** My passkeys: add, name and remove them. Fires `passkeys-shown` with what there is. */
export class OwnPasskeys extends HTMLElement {
  /** @type {import("../lib/api.js").Session["user"]} set before it is shown */
  user = { id: "", name: "", email: null, role: "patient" };
  /** @type {accounts.Passkey[]} */
  #passkeys = [];

  connectedCallback() {
    onPress(this, "add", (button) => attempt(this, button, () => this.#add()));
    this.refresh().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async refresh() {
    const known = await accounts.listPasskeys();
    this.#passkeys = known.passkeys;
    part(this, "rows").replaceChildren(...known.passkeys.map((passkey) => this.#row(passkey)));
    part(this, "only").hidden = known.passkeys.length !== 1;
    this.dispatchEvent(new CustomEvent("passkeys-shown", { bubbles: true, detail: known.passkeys }));
    return known;
  }

  async #add() {
    const added = await addPasskey("");
    await this.refresh();
    announce("Your new passkey is saved. Give it a name that you know it by.");
    this.#rename(added.id);
  }

  /** @param {accounts.Passkey} passkey */
  #row(passkey) {
    const row = stamp("passkey-row");
    row.dataset["id"] = passkey.id;
    fill(row, { name: passkey.name, current: passkey.current ? "You used this one" : "", facts: factsOf(passkey) });
    for (const name of ["rename", "remove"]) part(row, `${name}-of`).textContent = ` ${passkey.name}`;
    part(row, "remove").hidden = this.#passkeys.length === 1;
    part(row, "new-name", HTMLInputElement).value = passkey.name;
    onPress(row, "rename", () => this.#rename(passkey.id));
    onPress(row, "keep-name", () => this.#showName(row));
    onPress(row, "remove", (button) => attempt(this, button, () => this.#remove(passkey)));
    part(row, "naming").addEventListener("submit", (event) => this.#name(event, row, passkey.id));
    return row;
  }

  /** @param {string} id */
  #rename(id) {
    const row = /** @type {HTMLElement} */ (this.querySelector(`[data-id="${id}"]`));
    part(row, "shown").hidden = true;
    part(row, "naming").hidden = false;
    part(row, "new-name", HTMLInputElement).select();
  }

  /** @param {HTMLElement} row */
  #showName(row) {
    part(row, "shown").hidden = false;
    part(row, "naming").hidden = true;
    part(row, "rename").focus();
  }

  /** @param {Event} event @param {HTMLElement} row @param {string} id */
  async #name(event, row, id) {
    event.preventDefault();
    const name = part(row, "new-name", HTMLInputElement).value.trim();
    if (!name) return part(row, "new-name").focus();
    await attempt(this, part(row, "save-name", HTMLButtonElement), async () => {
      await accounts.renamePasskey(id, name);
      await this.refresh();
      announce(`It is called ${name} now.`);
      part(/** @type {HTMLElement} */ (this.querySelector(`[data-id="${id}"]`)), "rename").focus();
    });
  }

  /** @param {accounts.Passkey} passkey */
  async #remove({ id, name }) {
    const words = "It will not sign you in any more. Where it signed you in, you are signed out.";
    if (!(await askFirst({ title: `Remove ${name}?`, words, yes: "Remove it" }))) return;
    await accounts.removePasskey(id);
    const known = await this.refresh();
    announce(`${name} is removed.`);
    part(this, "title").focus();
    await tellCredentialManager(known, this.user);
  }
}

customElements.define("own-passkeys", OwnPasskeys);

/** @param {accounts.Passkey} passkey */
function factsOf({ created_at, last_used_at, backed_up, current, usable_from }) {
  const used = last_used_at ? [`last used ${momentWords(new Date(last_used_at))}`] : [];
  const waits = usable_from && Date.parse(usable_from) > Date.now();
  return [
    `Made ${momentWords(new Date(created_at))}`,
    ...(used.length || current ? used : ["not used yet"]),
    backed_up ? "kept by your password app" : "only on that device",
    ...(waits ? [`works from ${momentWords(new Date(usable_from))}`] : []),
  ].join(" · ");
}
