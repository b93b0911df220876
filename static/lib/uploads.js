/**
 * What a tablet sends before anybody signs in: photos, one after another, into one consult for
 * each patient. It lives as long as the page, whoever signs in or out meanwhile.
 */

import * as api from "./api.js";
import { delay } from "./backoff.js";
import { proveTablet } from "./device.js";
import { EMPTY, nextPhoto, photoFailed, tryAgain, withPhoto, withPhotos } from "./outbox.js";

/** @typedef {import("./outbox.js").OutboxPhoto} OutboxPhoto */
/** @typedef {"tablet" | "person" | "held"} Sender held: somebody signed in and has claimed nothing yet */

/** Fires `change` whenever something in it did. */
class Uploads extends EventTarget {
  outbox = EMPTY;
  busy = false;
  /** @type {Sender} */
  #sender = "tablet";
  #consult = { id: crypto.randomUUID(), opened: false };
  #attempt = 0;
  #proved = false;
  #refused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Map<string, string>} */
  #receipts = new Map();

  /** @param {Iterable<File>} files */
  add(files) {
    const chosen = [...files].map((file) => ({ id: crypto.randomUUID(), file }));
    this.#update(withPhotos(this.outbox, chosen));
    this.send();
  }

  /** Who sends from now on. @param {Sender} sender */
  sendAs(sender) {
    this.#sender = sender;
    this.#proved = false;
    this.send();
  }

  /** The photos that come next are of somebody else. */
  nextPatient() {
    this.#consult = { id: crypto.randomUUID(), opened: false };
    this.#receipts.clear();
    this.#update(EMPTY);
  }

  get waiting() {
    return this.outbox.photos.filter(({ state }) => state !== "sent" && state !== "refused").length;
  }

  get sent() {
    return this.outbox.photos.filter(({ state }) => state === "sent").length;
  }

  /** The beginning of the SHA-256 of what arrived; "" before it did. @param {string} id */
  receiptOf(id) {
    return this.#receipts.get(id) ?? "";
  }

  /** Show the key, once, before the first photo. Throws ApiError. */
  async prepare() {
    if (this.#sender !== "tablet" || this.#proved) return;
    const session = await proveTablet();
    if (session) this.#proveWith(session);
  }

  /** The key was shown, and is good. */
  get ready() {
    return this.#proved;
  }

  async send() {
    clearTimeout(this.#timer);
    if (this.busy || this.#held() || !this.waiting) return;
    this.busy = true;
    this.#refused = false;
    this.#update(tryAgain(this.outbox));
    await this.prepare().catch(() => null); // what is wrong, the photo will hear
    for (let photo = this.#next(); photo; photo = this.#next()) await this.#sendPhoto(photo);
    this.busy = false;
    this.#update(this.outbox);
    // Out of service is out of service: only a person tries that again.
    if (this.waiting && !this.#held() && !this.#refused) this.#later();
  }

  #next() {
    return this.#held() ? undefined : nextPhoto(this.outbox);
  }

  #held() {
    return this.#sender === "held";
  }

  #later() {
    this.#timer = setTimeout(() => this.send(), delay(this.#attempt++, Math.random()));
  }

  /** @param {OutboxPhoto} photo */
  async #sendPhoto(photo) {
    const change = (/** @type {Partial<OutboxPhoto>} */ facts) =>
      this.#update(withPhoto(this.outbox, photo.id, facts));
    change({ state: "sending", progress: 0 });
    try {
      const { sha256 } = await this.#persist(() => this.#deliver(photo, change));
      this.#receipts.set(photo.id, sha256.slice(0, 8));
      change({ state: "sent", progress: 1, file: new Blob() }); // it is there: let go of it here
      this.#attempt = 0;
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      this.#refused ||= error.code === "device_refused";
      this.#update(photoFailed(this.outbox, photo.id, error));
    }
  }

  /** @param {api.DeviceSession} session */
  #proveWith({ csrf_token }) {
    if (this.#sender !== "tablet") return; // somebody signed in meanwhile: theirs is the token now
    this.#proved = true;
    api.useCsrfToken(csrf_token);
  }

  /** @param {OutboxPhoto} photo @param {(facts: Partial<OutboxPhoto>) => void} change */
  async #deliver({ id, file }, change) {
    if (!this.#consult.opened) {
      await api.openConsult({ id: this.#consult.id, kind: "emergency", reason: "" });
      this.#consult.opened = true;
    }
    return api.putPhoto(this.#consult.id, { id, file }, (progress) => change({ progress }));
  }

  /**
   * Do `act`; where the right to do it has run out, show the key and do it once more; where the
   * consult takes no more, go on in a new one.
   * @template T @param {() => Promise<T>} act @returns {Promise<T>}
   */
  async #persist(act) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      if (error.status === 401 || error.code === "csrf_refused") await this.#prove(error);
      else if (error.status === 404 || error.code === "consult_closed") await this.#begin(error);
      else throw error;
      return act();
    }
  }

  /** @param {api.ApiError} error */
  async #prove(error) {
    if (this.#sender !== "tablet") throw error;
    const session = await proveTablet();
    if (!session) throw error;
    this.#proveWith(session);
  }

  /** A tablet that was taken out of service hears of that first. @param {api.ApiError} error */
  async #begin(error) {
    if (!this.#consult.opened) throw error;
    if (this.#sender === "tablet") await this.#prove(error);
    this.#consult = { id: crypto.randomUUID(), opened: false };
  }

  /** @param {import("./outbox.js").Outbox} outbox */
  #update(outbox) {
    this.outbox = outbox;
    this.dispatchEvent(new Event("change"));
  }
}

export const uploads = new Uploads();
window.addEventListener("online", () => uploads.send());
