import { drawTurning, photoFigure } from "./photo-figure.js";
import { drawReview } from "./photo-review.js";
import { roleWords } from "../lib/roles.js";
import { fill, part, stamp } from "../lib/templates.js";
import { earlierThan, threadEntries } from "../lib/thread.js";
import { clockWords, dayWords } from "../lib/time.js";
import { senderWords, speakerWords } from "../lib/words.js";

/** @typedef {import("../lib/thread.js").Entry} Entry */
/** @typedef {import("../lib/api.js").Photo} Photo */

const NEAR = 160; // px below the fold that still count as "at the end"

/**
 * Everything said and shown, in time. What stands there already is kept, so that no picture
 * blinks and no focus is lost when something arrives.
 */
export class ConsultThread extends HTMLElement {
  /** @type {Map<string, HTMLElement>} */
  #nodes = new Map();
  /** @type {Map<string, HTMLElement>} */
  #figures = new Map();
  /** @type {Entry[]} */
  #entries = [];
  #user = { id: "", role: /** @type {import("../lib/api.js").Role} */ ("patient") };
  #wasAtEnd = false;
  /** @type {(photo: Photo) => boolean} */
  #mayTurn = () => false;
  /** @type {Photo[]} */
  #all = [];
  /** @type {import("../lib/image-requests.js").ImageRequest[]} */
  #asked = [];

  /**
   * @param {{ messages: import("../lib/api.js").Message[], photos: Photo[], readTo: number,
   *   user: import("./consult-desk.js").User, first: boolean, asked?: import("../lib/image-requests.js").ImageRequest[],
   *   mayTurn: (photo: Photo) => boolean }} thread
   */
  show({ messages, photos, readTo, user, first, asked = [], mayTurn }) {
    this.#all = photos;
    this.#asked = asked;
    this.#mayTurn = mayTurn;
    this.#wasAtEnd = !first && this.isAtEnd();
    this.#user = user;
    const dayOf = (/** @type {string} */ at) => new Date(at).toDateString();
    this.#entries = threadEntries({ messages, photos, readTo, dayOf });
    this.ariaBusy = "false";
    const nodes = this.#entries.map((entry) => this.#node(entry));
    this.#place(nodes.length ? nodes : [this.#empty()]);
  }

  /** Every photo in the order of the thread. @returns {Photo[]} */
  get photos() {
    return this.#entries.flatMap((entry) => ("photos" in entry ? entry.photos : []));
  }

  /** Go on where the reader was before the photo was replaced. @param {string} id @param {"open" | "turn"} name */
  focusPhoto(id, name) {
    const figure = this.#figures.get(id);
    if (figure?.isConnected) part(figure, name).focus();
  }

  /** Where to begin to read: at what is new, else at the end. */
  toStart() {
    const mark = this.#nodes.get("unread");
    if (mark?.isConnected) mark.scrollIntoView({ block: "start" });
    else this.toEnd();
  }

  toEnd() {
    this.parentElement?.scrollIntoView({ block: "end" });
    this.closest(".pane")?.scrollTo({ top: this.closest(".pane")?.scrollHeight ?? 0 });
  }

  /** Follow the end if the reader was there. @returns {boolean} whether they were */
  keepUp() {
    if (this.#wasAtEnd) this.toEnd();
    return this.#wasAtEnd;
  }

  isAtEnd() {
    return this.getBoundingClientRect().bottom < window.innerHeight + NEAR;
  }

  /** Move as little as possible: nodes in place stay untouched. @param {HTMLElement[]} nodes */
  #place(nodes) {
    const kept = new Set(nodes);
    for (const child of [...this.children]) if (!kept.has(/** @type {HTMLElement} */ (child))) child.remove();
    nodes.forEach((node, index) => {
      if (this.children[index] !== node) this.insertBefore(node, this.children[index] ?? null);
    });
  }

  /** @param {Entry} entry @returns {HTMLElement} */
  #node(entry) {
    const node = this.#nodes.get(entry.key) ?? this.#make(entry);
    this.#nodes.set(entry.key, node);
    if ("photos" in entry) this.#showPhotos(node, entry.photos);
    return node;
  }

  /** @param {Entry} entry @returns {HTMLElement} */
  #make(entry) {
    if (entry.type === "unread") return stamp("thread-unread");
    if (entry.type === "day") return this.#day(entry.at);
    const node = stamp("thread-message");
    const { author, claimer, patient, body, isPrivate } = spokenBy(entry);
    const { id } = this.#user;
    node.classList.toggle("mine", author.id === id || claimer?.id === id);
    node.classList.toggle("private", isPrivate);
    fill(node, {
      author: claimer ? senderWords(author, claimer, id) : speakerWords(author, patient, id),
      role: author.id === id ? "" : roleWords(author.role),
      time: clockWords(new Date(entry.at)),
      body,
    });
    part(node, "time", HTMLTimeElement).dateTime = entry.at;
    part(node, "private").hidden = !isPrivate;
    return node;
  }

  /** @param {string} at */
  #day(at) {
    const day = stamp("thread-day");
    fill(day, { words: dayWords(new Date(at), { now: new Date() }) });
    return day;
  }

  #empty() {
    const empty = stamp("thread-empty");
    empty.textContent =
      this.#user.role === "patient"
        ? "Now add photos of the burn below. One from further away and one close up works best."
        : "Nothing is written yet.";
    return empty;
  }

  /** @param {HTMLElement} node @param {Photo[]} photos */
  #showPhotos(node, photos) {
    const figures = photos.map((photo) => {
      const figure = this.#figures.get(photo.id) ?? photoFigure(photo, this.#user);
      this.#figures.set(photo.id, figure);
      drawTurning(figure, photo, { reader: this.#user, mayTurn: this.#mayTurn(photo) });
      const retake = this.#asked.find(({ retake_of, ended_at }) => retake_of === photo.id && !ended_at);
      drawReview(figure, photo, { earlier: earlierThan(photo, this.#all), retake, reader: this.#user });
      return figure;
    });
    const place = part(node, "photos");
    const same = figures.length === place.children.length && figures.every((figure, at) => place.children[at] === figure);
    if (!same) place.replaceChildren(...figures);
  }
}

/** @param {Extract<Entry, { at: string, photos: Photo[] }>} entry */
function spokenBy(entry) {
  if (entry.type === "photos") {
    return { author: entry.author, claimer: entry.claimer, patient: entry.patient, body: "", isPrivate: false };
  }
  const { author, on_behalf_of, body, audience } = entry.message;
  return { author, claimer: null, patient: on_behalf_of, body, isPrivate: audience === "clinicians" };
}

customElements.define("consult-thread", ConsultThread);
