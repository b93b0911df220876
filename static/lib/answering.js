/**
 * Sends the photos that somebody was asked for, one after another, until they have arrived. What
 * fails on the way is tried again by itself; nothing is written to the phone.
 */

import { ApiError } from "./api.js";
import { delay } from "./backoff.js";

/** @typedef {"waiting" | "sending" | "sent" | "failed" | "refused"} State */
/** @typedef {{ id: string, number: number, file: Blob, state: State, progress: number, status: number }} Answer
 *   status: of the refusal */
/** @typedef {(answer: Answer, onProgress: (share: number) => void) => Promise<unknown>} Deliver */

const PASSING = new Set([0, 401, 403, 408, 425, 429]);
const OVER = new Set(["link_refused", "link_used_up", "consult_closed", "request_ended"]);

/** Fires `change` whenever something in it did, and `ended` with the ApiError after which nothing more goes. */
export class Answering extends EventTarget {
  /** @type {Answer[]} */
  answers = [];
  #deliver;
  #busy = false;
  #attempt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Deliver} deliver */
  constructor(deliver) {
    super();
    this.#deliver = deliver;
  }

  /** @param {number} number which of the wanted images @param {Iterable<File>} files */
  add(number, files) {
    const fresh = [...files].map((file) => freshAnswer(number, file));
    const kept = this.answers.filter((known) => known.number !== number || known.state !== "refused");
    this.#update([...kept, ...fresh]);
    this.send();
  }

  /** @param {string} id of one that cannot be used */
  drop(id) {
    this.#update(this.answers.filter((answer) => answer.id !== id));
  }

  /** How many are not there yet, and may still get there. */
  get unsent() {
    return this.answers.filter(({ state }) => state !== "sent" && state !== "refused").length;
  }

  async send() {
    clearTimeout(this.#timer);
    if (this.#busy) return;
    this.#busy = true;
    this.#update(this.answers.map((each) => (each.state === "failed" ? { ...each, state: "waiting" } : each)));
    for (let next = this.#next(); next; next = this.#next()) if (!(await this.#sendOne(next))) break;
    this.#busy = false;
    this.dispatchEvent(new Event("change"));
    if (this.unsent) this.#timer = setTimeout(() => this.send(), delay(this.#attempt++, Math.random()));
  }

  /** Leave it: what waits stays unsent. */
  stop() {
    clearTimeout(this.#timer);
    this.answers = [];
  }

  #next() {
    return this.answers.find(({ state }) => state === "waiting");
  }

  /** @param {Answer} answer @returns {Promise<boolean>} whether another may be tried */
  async #sendOne(answer) {
    this.#change(answer.id, { state: "sending", progress: 0 });
    try {
      await this.#deliver(answer, (progress) => this.#change(answer.id, { progress }));
      this.#attempt = 0;
      this.#change(answer.id, { state: "sent", progress: 1, file: new Blob() }); // it is there: let go of it here
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (ends(error)) return this.#end(error);
      const passes = PASSING.has(error.status) || error.status >= 500;
      this.#change(answer.id, { state: passes ? "failed" : "refused", progress: 0, status: error.status });
    }
    return true;
  }

  /** @param {ApiError} error */
  #end(error) {
    this.#update(this.answers.filter(({ state }) => state === "sent"));
    this.dispatchEvent(new CustomEvent("ended", { detail: error }));
    return false;
  }

  /** @param {string} id @param {Partial<Answer>} facts */
  #change(id, facts) {
    this.#update(this.answers.map((each) => (each.id === id ? { ...each, ...facts } : each)));
  }

  /** @param {Answer[]} answers */
  #update(answers) {
    this.answers = answers;
    this.dispatchEvent(new Event("change"));
  }
}

/** Does it mean that no photo is taken here any more? @param {ApiError} error */
const ends = ({ status, code }) => status === 404 || OVER.has(code);

/** @param {number} number @param {File} file @returns {Answer} */
const freshAnswer = (number, file) => ({ id: crypto.randomUUID(), number, file, state: "waiting", progress: 0, status: 0 });
