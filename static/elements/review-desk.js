import { attempt } from "../lib/attempt.js";
import { DUE_IN, dueIn, listOverdue, PURPOSES, wantedList } from "../lib/image-requests.js";
import { wordsFor } from "../lib/passkey.js";
import { getWorklist, REASONS, reviewPhoto } from "../lib/reviews.js";
import { seesPhotos } from "../lib/roles.js";
import { consultPath } from "../lib/routes.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";
import { counted, kindWords, urgencyWords } from "../lib/words.js";
import { openLink } from "./link-shown.js";
import { describe, factsOf } from "./photo-figure.js";

/** @typedef {import("../lib/reviews.js").Judgement} Judgement */

/**
 * The photos that nobody has looked over, one at a time, the oldest first: good enough, or not
 * and why. A key does each while the photo has the focus. Below it, what was asked for and is late.
 */
class ReviewDesk extends HTMLElement {
  /** Set before it is shown. */
  user = { role: /** @type {import("../lib/api.js").Role} */ ("specialist") };
  /** @type {import("../lib/reviews.js").Worklist} */
  #waiting = { photos: [], consults: [] };
  #reviewId = crypto.randomUUID();

  connectedCallback() {
    if (!seesPhotos(this.user.role)) fill(this, { title: "What is late" });
    this.#offerReasons();
    part(this, "retake").append(...DUE_IN.map(([words, hours]) => new Option(words, String(hours), hours === 24, hours === 24)));
    onPress(this, "accept", () => this.#accept());
    onPress(this, "reject", () => this.#reject());
    part(this, "form").addEventListener("submit", (event) => event.preventDefault());
    part(this, "now").addEventListener("keydown", (event) => this.#onKey(event));
    part(this, "picture").addEventListener("error", () => fill(this, { problem: "The photo did not load. Try again." }));
    this.#load().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
  }

  async #load() {
    const [waiting, overdue] = await Promise.all([getWorklist(), listOverdue()]);
    this.#waiting = waiting;
    this.#show();
    part(this, "rows").replaceChildren(...overdue.items.map(overdueRow));
    part(this, "nothing-late").hidden = overdue.items.length > 0;
    this.ariaBusy = "false";
  }

  #offerReasons() {
    const choices = Object.entries(REASONS).map(([reason, words], index) => {
      const choice = stamp("reason-choice");
      fill(choice, { words, key: String(index + 1) });
      /** @type {HTMLInputElement} */ (choice.querySelector("input")).value = reason;
      return choice;
    });
    part(this, "reasons").replaceChildren(...choices);
  }

  #show() {
    const [photo] = this.#waiting.photos;
    part(this, "now").hidden = !photo;
    fill(this, { left: photo ? `${counted(this.#waiting.photos.length, "photo waits", "photos wait")}` : "", problem: "" });
    part(this, "nothing").hidden = Boolean(photo) || !seesPhotos(this.user.role);
    if (!photo) return;
    this.#reviewId = crypto.randomUUID();
    for (const input of this.#inputs) input.checked = false;
    part(this, "note", HTMLTextAreaElement).value = "";
    const { place, taken } = factsOf(photo);
    const consult = this.#waiting.consults.find(({ id }) => id === photo.consult_id);
    fill(this, {
      place: place || "Place not given",
      facts: [`From ${photo.created_by.name}`, taken, photo.note, photo.quality.advice].filter(Boolean).join(" · "),
      kind: consult ? kindWords(consult.kind) : "",
      urgency: consult ? urgencyWords(consult.urgency) : "",
    });
    part(this, "urgency").dataset["urgency"] = consult?.urgency ?? "";
    part(this, "consult", HTMLAnchorElement).href = consultPath(photo.consult_id);
    Object.assign(part(this, "picture", HTMLImageElement), { src: `/api/photos/${photo.id}/image`, alt: describe(photo) });
    this.#fetchNext();
  }

  /** The next one is there at once. */
  #fetchNext() {
    const next = this.#waiting.photos[1];
    if (next) new Image().src = `/api/photos/${next.id}/image`;
  }

  #accept() {
    return this.#judge("accept", { verdict: "accepted", reason: null, note: "", retake_by: null }, "Good enough.");
  }

  #reject() {
    const reason = this.#inputs.find(({ checked }) => checked)?.value;
    if (!reason) return fill(this, { problem: "Say what is wrong with it first." });
    const hours = Number(part(this, "retake", HTMLSelectElement).value);
    const note = part(this, "note", HTMLTextAreaElement).value.trim();
    const retake_by = hours ? dueIn(hours, new Date()) : null;
    return this.#judge("reject", { verdict: "rejected", reason: /** @type {any} */ (reason), note, retake_by }, "Not good enough.");
  }

  /** @param {string} button @param {Omit<Judgement, "id">} judgement @param {string} words */
  #judge(button, judgement, words) {
    const [photo] = this.#waiting.photos;
    if (!photo) return;
    attempt(this, part(this, button, HTMLButtonElement), async () => {
      const { retake } = await reviewPhoto(photo.id, { id: this.#reviewId, ...judgement });
      this.#waiting = { ...this.#waiting, photos: this.#waiting.photos.slice(1) };
      this.#show();
      announce(`${words} ${counted(this.#waiting.photos.length, "photo")} left.`);
      part(this, this.#waiting.photos.length ? "place" : "title").focus();
      if (retake && !retake.items[0]?.email) openLink(this, retake);
    });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const typing = event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const input = this.#inputs[Number(event.key) - 1];
    if (input) input.checked = true;
    if (event.key === "a") this.#accept();
    if (event.key === "r") this.#reject();
  }

  get #inputs() {
    return /** @type {HTMLInputElement[]} */ ([...part(this, "reasons").querySelectorAll("input")]);
  }
}

/** @param {import("../lib/image-requests.js").ImageRequest} asked */
function overdueRow({ consult_id, wanted, purpose, due_at, addressee }) {
  const row = stamp("overdue-row");
  const whom = addressee === "patient" ? "the patient" : "a colleague";
  fill(row, { name: wantedList(wanted), facts: `${PURPOSES[purpose]}. Asked of ${whom}; was due ${momentWords(new Date(due_at))}.` });
  part(row, "consult", HTMLAnchorElement).href = consultPath(consult_id);
  part(row, "consult-of").textContent = ` of ${wantedList(wanted)}`;
  return row;
}

customElements.define("review-desk", ReviewDesk);
