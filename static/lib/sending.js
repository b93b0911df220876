/**
 * Sends outboxes: photos one after another, then the message that names them.
 *
 * Outboxes live as long as the page, not as the screen: whoever leaves a consult, or has to sign
 * in again, finds their words and photos where they left them. Nothing is written to the phone.
 */

import * as api from "./api.js";
import {
  EMPTY,
  allPhotosSent,
  draftOf,
  isEmpty,
  nextPhoto,
  photoFailed,
  photoProblem,
  settled,
  tryAgain,
  withPhoto,
} from "./outbox.js";

/** @type {Map<string, Box>} */
const boxes = new Map();

/** @param {string} consultId */
export function boxOf(consultId) {
  const box = boxes.get(consultId) ?? new Box(consultId);
  boxes.set(consultId, box);
  return box;
}

/** After signing out nothing may be left for the next person at this device. */
export const forgetOutboxes = () => boxes.clear();

export const hasUnsent = () => [...boxes.values()].some((box) => !isEmpty(box.outbox));

/** Fires `change` whenever something in it did, and `sent` when a message has arrived. */
export class Box extends EventTarget {
  outbox = EMPTY;
  busy = false;
  #consultId;
  /** @type {Set<string>} */
  #seen = new Set();

  /** @param {string} consultId */
  constructor(consultId) {
    super();
    this.#consultId = consultId;
  }

  /** @param {import("./outbox.js").Outbox} outbox */
  update(outbox) {
    this.outbox = outbox;
    this.dispatchEvent(new Event("change"));
  }

  /** Hear which messages are in the thread. @param {string[]} ids */
  see(ids) {
    this.#seen = new Set(ids);
    this.#settle();
  }

  async send() {
    if (this.busy || isEmpty(this.outbox)) return;
    this.busy = true;
    this.update(tryAgain(this.outbox));
    await this.#sendPhotos();
    const sent = allPhotosSent(this.outbox) && (await this.#sendMessage());
    this.busy = false;
    if (sent) this.update({ ...EMPTY, audience: this.outbox.audience });
    else this.update({ ...this.outbox, problem: photoProblem(this.outbox) || this.outbox.problem });
    if (sent) this.dispatchEvent(new Event("sent"));
    else this.#settle();
  }

  #settle() {
    const outbox = settled(this.outbox, this.#seen);
    if (!this.busy && outbox !== this.outbox) this.update(outbox);
  }

  async #sendPhotos() {
    for (let photo = nextPhoto(this.outbox); photo; photo = nextPhoto(this.outbox)) {
      await this.#sendPhoto(photo);
    }
  }

  /** @param {import("./outbox.js").OutboxPhoto} photo */
  async #sendPhoto({ id, file, body_site, laterality }) {
    const change = (/** @type {Partial<import("./outbox.js").OutboxPhoto>} */ facts) =>
      this.update(withPhoto(this.outbox, id, facts));
    change({ state: "sending", progress: 0 });
    try {
      const photo = { id, file, body_site, laterality };
      await api.putPhoto(this.#consultId, photo, (progress) => change({ progress }));
      change({ state: "sent", progress: 1 });
    } catch (error) {
      this.update(photoFailed(this.outbox, id, asApiError(error)));
    }
  }

  async #sendMessage() {
    const draft = draftOf(this.outbox, crypto.randomUUID());
    this.update({ ...this.outbox, lastTry: draft });
    try {
      await api.putMessage(this.#consultId, draft);
      return true;
    } catch (error) {
      this.update({ ...this.outbox, problem: asApiError(error).detail });
      return false;
    }
  }
}

/** @param {unknown} error */
function asApiError(error) {
  if (error instanceof api.ApiError) return error;
  throw error;
}
