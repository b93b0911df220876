import "./outbox-photo.js";
import { withPhotos } from "../lib/outbox.js";
import { isClinician, maySendPhotos } from "../lib/roles.js";
import { boxOf } from "../lib/sending.js";
import { announce, fill, part, stamp } from "../lib/templates.js";
import { counted } from "../lib/words.js";
import { outboxPhoto } from "./outbox-photo.js";

/** Writes to a consult: words and photos, sent together, kept until they have arrived. */
export class MessageComposer extends HTMLElement {
  consultId = "";
  #gone = new AbortController();
  /** @type {Map<string, ReturnType<typeof outboxPhoto>>} */
  #rows = new Map();

  /** @param {string} consultId @param {import("./consult-desk.js").User} user */
  start(consultId, { role }) {
    this.consultId = consultId;
    this.append(stamp("message-composer"));
    part(this, "audience").hidden = !isClinician(role);
    part(this, "camera").hidden = part(this, "library").hidden = !maySendPhotos(role);
    this.#listen();
    this.#draw();
  }

  disconnectedCallback() {
    this.#gone.abort();
    for (const row of this.#rows.values()) row.release();
  }

  get #box() {
    return boxOf(this.consultId);
  }

  #listen() {
    const { signal } = this.#gone;
    const form = /** @type {HTMLFormElement} */ (this.querySelector("form"));
    form.addEventListener("submit", (event) => this.#submit(event), { signal });
    form.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    part(this, "text").addEventListener("input", () => this.#onText(), { signal });
    part(this, "audience").addEventListener("change", (event) => this.#onAudience(event), { signal });
    for (const input of this.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => this.#onFiles(/** @type {HTMLInputElement} */ (input)), { signal });
    }
    this.#box.addEventListener("change", () => this.#draw(), { signal });
    this.#box.addEventListener("sent", () => this.#onSent(), { signal });
    window.addEventListener("online", () => this.#onOnline(), { signal });
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    this.#box.send();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#box.send();
  }

  /** What failed on the way goes by itself once the line is back. */
  #onOnline() {
    if (this.#box.outbox.problem) this.#box.send();
  }

  #onText() {
    this.#box.update({ ...this.#box.outbox, text: part(this, "text", HTMLTextAreaElement).value });
  }

  /** @param {Event} event */
  #onAudience(event) {
    const audience = /** @type {any} */ (event.target).value;
    this.#box.update({ ...this.#box.outbox, audience });
  }

  /** @param {HTMLInputElement} input */
  #onFiles(input) {
    const chosen = [...(input.files ?? [])].map((file) => ({ id: crypto.randomUUID(), file }));
    input.value = ""; // the same photo may be chosen again after it was removed
    this.#box.update(withPhotos(this.#box.outbox, chosen));
    announce(`${counted(chosen.length, "photo")} added. Not sent yet.`);
  }

  #onSent() {
    announce("Sent.");
    this.dispatchEvent(new CustomEvent("message-sent", { bubbles: true }));
  }

  #draw() {
    const { outbox, busy } = this.#box;
    const text = part(this, "text", HTMLTextAreaElement);
    if (text.value !== outbox.text) text.value = outbox.text;
    text.readOnly = busy;
    fill(this, { problem: outbox.problem, "send-words": sendWords(outbox, busy) });
    part(this, "send", HTMLButtonElement).ariaDisabled = String(busy);
    this.#drawAudience(outbox);
    this.#drawPhotos(outbox.photos, busy);
  }

  /** @param {import("../lib/outbox.js").Outbox} outbox */
  #drawAudience({ audience }) {
    const isPrivate = audience === "clinicians";
    this.classList.toggle("private", isPrivate);
    part(this, "audience-hint").hidden = !isPrivate;
    for (const input of this.querySelectorAll("input[name=audience]")) {
      const radio = /** @type {HTMLInputElement} */ (input);
      radio.checked = radio.value === audience;
    }
  }

  /** @param {import("../lib/outbox.js").OutboxPhoto[]} photos @param {boolean} busy */
  #drawPhotos(photos, busy) {
    const list = part(this, "photos");
    list.hidden = photos.length === 0;
    for (const [index, photo] of photos.entries()) {
      const row = this.#rows.get(photo.id) ?? outboxPhoto(photo, { number: index + 1, box: this.#box });
      this.#rows.set(photo.id, row);
      row.draw(photo, busy);
      if (!row.element.isConnected) list.append(row.element);
    }
    this.#dropRows(new Set(photos.map((photo) => photo.id)));
  }

  /** @param {Set<string>} kept */
  #dropRows(kept) {
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.release();
      row.element.remove();
      this.#rows.delete(id);
    }
  }
}

/** @param {import("../lib/outbox.js").Outbox} outbox @param {boolean} busy */
function sendWords({ audience, problem, photos }, busy) {
  if (busy) return "Sending…";
  if (problem && !photos.some(({ state }) => state === "refused")) return "Try again";
  return audience === "clinicians" ? "Send to clinicians" : "Send";
}

customElements.define("message-composer", MessageComposer);
