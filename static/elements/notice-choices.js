import { attempt } from "../lib/attempt.js";
import { chooseNotices, noticesFor, readNotices } from "../lib/notices.js";
import { wordsFor } from "../lib/passkey.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";

const NIGHT = { begins: "22:00", ends: "07:00" };

/** Which mail I get at once and which once a day, and the hours in which I want none. */
export class NoticeChoices extends HTMLElement {
  /** @type {import("../lib/notices.js").Notices | null} */
  #notices = null;

  connectedCallback() {
    part(this, "quiet").addEventListener("change", () => this.#follow());
    onPress(this, "keep", (button) => attempt(this, button, () => this.#keep()));
  }

  /** @param {import("../lib/api.js").Role} role */
  async start(role) {
    try {
      this.#draw(await readNotices(), role);
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
  }

  /** @param {import("../lib/notices.js").Notices} notices @param {import("../lib/api.js").Role} role */
  #draw(notices, role) {
    this.#notices = notices;
    part(this, "events").replaceChildren(...noticesFor(role).map(([event, words]) => {
      const row = stamp("notice-row");
      fill(row, { words });
      const mode = part(row, "mode", HTMLSelectElement);
      mode.name = event;
      mode.value = notices.events[event];
      return row;
    }));
    this.#input("quiet").checked = notices.quiet_begins !== null;
    this.#input("begins").value = notices.quiet_begins ?? NIGHT.begins;
    this.#input("ends").value = notices.quiet_ends ?? NIGHT.ends;
    this.#input("digest").value = notices.digest_at;
    fill(this, { clocks: `Times are by the clocks of ${zone()}.` });
    part(this, "choices").hidden = false;
    this.#follow();
  }

  #follow() {
    part(this, "hours").hidden = !this.#input("quiet").checked;
  }

  async #keep() {
    const before = /** @type {import("../lib/notices.js").Notices} */ (this.#notices);
    const quiet = this.#input("quiet").checked;
    const chosen = [...this.querySelectorAll("select")].map(({ name, value }) => [name, value]);
    this.#notices = await chooseNotices({
      events: { ...before.events, ...Object.fromEntries(chosen) },
      quiet_begins: quiet ? this.#input("begins").value : null,
      quiet_ends: quiet ? this.#input("ends").value : null,
      digest_at: this.#input("digest").value,
      time_zone: zone(),
    });
    announce("Your choice is kept.");
    fill(this, { kept: "Kept." });
  }

  /** @param {string} name */
  #input(name) {
    return part(this, name, HTMLInputElement);
  }
}

customElements.define("notice-choices", NoticeChoices);

/** Where this phone is. */
const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
