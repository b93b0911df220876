import { dueWords, languageOf, otherThan, wordsIn } from "../lib/asked.js";
import { Answering } from "../lib/answering.js";
import { ApiError } from "../lib/api.js";
import { askedImages, putLinkPhoto, takeSecret } from "../lib/link.js";
import { announce, fill, part } from "../lib/templates.js";
import { photoSlot } from "./photo-slot.js";
import { speak } from "./spoken-page.js";

/** @typedef {import("../lib/link.js").AskedImages} AskedImages */
/** @typedef {"asked" | "bad" | "full" | "missing" | "off" | "loading"} Standing */

/** Behind a link, with no account: what is asked for, and the way to send it. It shows nothing else. */
class SendPhotos extends HTMLElement {
  #gone = new AbortController();
  #secret = "";
  /** @type {AskedImages | null} */
  #asked = null;
  /** @type {Standing} */
  #standing = "loading";
  #words = wordsIn(languageOf(navigator.languages));
  #answering = new Answering((answer, onProgress) => putLinkPhoto(this.#secret, answer, onProgress));
  /** @type {ReturnType<typeof photoSlot>[]} */
  #slots = [];

  connectedCallback() {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    window.addEventListener("hashchange", () => this.#take(), { signal });
    window.addEventListener("online", () => this.#answering.send(), { signal });
    window.addEventListener("beforeunload", (event) => this.#answering.unsent && event.preventDefault(), { signal });
    this.#answering.addEventListener("change", () => this.#drawSlots(), { signal });
    this.#answering.addEventListener("ended", (event) => this.#fail(/** @type {any} */ (event).detail), { signal });
    part(this, "other").addEventListener("click", () => this.#turnTo(wordsIn(otherThan(this.#words.language))), { signal });
    part(this, "retry").addEventListener("click", () => this.#open(), { signal });
    this.#take();
  }

  disconnectedCallback() {
    this.#gone.abort();
    this.#answering.stop();
    speak(wordsIn("en"));
  }

  #take() {
    const secret = takeSecret();
    if (secret === this.#secret && secret) return;
    this.#secret = secret;
    this.#open();
  }

  async #open() {
    if (!this.#secret) return this.#show("missing");
    this.#show("loading");
    try {
      this.#asked = await askedImages(this.#secret);
      this.#words = wordsIn(this.#asked.language);
      this.#show(isFull(this.#asked) ? "full" : "asked");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#fail(error);
    }
  }

  /** @param {ApiError} error */
  #fail({ status, code }) {
    if (code === "link_used_up") this.#show("full");
    else this.#show(status === 0 || status === 429 || status >= 500 ? "off" : "bad");
  }

  /** @param {import("../lib/asked.js").Words} words */
  #turnTo(words) {
    this.#words = words;
    this.#show(this.#standing);
    part(this, "title").focus();
  }

  /** @param {Standing} standing */
  #show(standing) {
    this.#standing = standing;
    const words = this.#words;
    speak(words);
    document.title = `${words.title} · Consult`;
    this.lang = words.language;
    part(this, "other").textContent = words.other;
    part(this, "other").lang = otherThan(words.language);
    fill(this, { title: titleOf(standing, words, this.#asked), notice: noticeOf(standing, words) });
    part(this, "retry").textContent = words.retry;
    part(this, "retry").hidden = standing !== "off";
    part(this, "asked").hidden = standing !== "asked";
    if (standing === "asked" && this.#asked) this.#showAsked(this.#asked);
  }

  /** @param {AskedImages} asked */
  #showAsked(asked) {
    const words = this.#words;
    fill(this, {
      purpose: words.purposes[asked.purpose],
      due: dueWords(asked.due_at, new Date(), words),
      trust: words.trust(asked.organisation),
      "how-title": words.howTitle,
    });
    const lines = words.how.map((line) => Object.assign(document.createElement("li"), { textContent: line }));
    part(this, "how").replaceChildren(...lines);
    this.#slots = asked.wanted.map((wanted, number) =>
      photoSlot(wanted, { number, answering: this.#answering, words, rejectedFor: asked.rejected_for }),
    );
    part(this, "slots").replaceChildren(...this.#slots.map(({ element }) => element));
    this.#drawSlots();
  }

  #drawSlots() {
    const asked = this.#asked;
    if (!asked || this.#standing !== "asked") return;
    const sent = this.#sent(asked);
    for (const [number, slot] of this.#slots.entries()) slot.draw(sent.has(number));
    const all = asked.wanted.length;
    const done = sent.size >= all && !this.#answering.unsent;
    const words = this.#words;
    const before = part(this, "thanks").hidden;
    fill(this, { count: all > 1 && !done ? words.count(sent.size, all) : "" });
    fill(this, { "thanks-title": words.thanksTitle, "thanks-words": words.thanks });
    part(this, "thanks").hidden = !done;
    part(this, "due").hidden = done;
    if (done && before) this.#thank();
  }

  #thank() {
    announce(this.#words.thanksTitle);
    part(this, "thanks").scrollIntoView({ block: "nearest" });
  }

  /** @param {AskedImages} asked which of the wanted images have come */
  #sent({ sent }) {
    const fresh = this.#answering.answers.filter(({ state }) => state === "sent");
    return new Set([...sent, ...fresh.map(({ number }) => number)]);
  }
}

/** @param {Standing} standing @param {import("../lib/asked.js").Words} words @param {AskedImages | null} asked */
function titleOf(standing, words, asked) {
  const titles = { bad: words.badTitle, full: words.fullTitle, missing: words.missingTitle, off: words.offTitle };
  if (standing === "loading") return words.title;
  if (standing !== "asked") return titles[standing];
  return asked?.purpose === "retake" ? words.again : words.title;
}

/** @param {Standing} standing @param {import("../lib/asked.js").Words} words */
const noticeOf = (standing, words) => (standing === "asked" ? "" : words[standing]);

/** @param {AskedImages} asked */
const isFull = ({ photos_left }) => photos_left <= 0;

customElements.define("send-photos", SendPhotos);
