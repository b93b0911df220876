import { ApiError } from "../lib/api.js";
import { askedOutcome, sayOutcome, takeSecret } from "../lib/link.js";
import { QUESTIONS } from "../lib/outcomes.js";
import { fill, part, stamp } from "../lib/templates.js";

/** @typedef {"asked" | "thanks" | "bad" | "missing" | "off" | "loading"} Standing */

/** @type {Record<Standing, [string, string]>} */
const WORDS = {
  loading: ["How did it go?", "One moment…"],
  asked: ["How did it go?", ""],
  thanks: ["Thank you", "Those who gave advice can see your answer. You can close this page now."],
  bad: ["This link does not work any more", "It is too old, or it was used. If you have something to tell, write to the burn team."],
  missing: ["Open your link again", "Tap the link in your mail once more."],
  off: ["We can’t reach Consult", "Check your connection. Then try again. Nothing is lost."],
};

/** Behind a link, with no account: three questions, one tap each. It shows nothing of the patient. */
class PatientOutcomePage extends HTMLElement {
  #gone = new AbortController();
  #secret = "";
  /** @type {Record<string, string>} */
  #answers = {};

  connectedCallback() {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    window.addEventListener("hashchange", () => this.#take(), { signal });
    part(this, "retry").addEventListener("click", () => this.#again(), { signal });
    part(this, "before").addEventListener("click", () => this.#goBack(), { signal });
    this.#take();
  }

  disconnectedCallback() {
    this.#gone.abort();
  }

  #take() {
    this.#secret = takeSecret();
    this.#answers = {};
    this.#open();
  }

  #again() {
    if (this.#next) this.#open();
    else this.#send();
  }

  async #open() {
    if (!this.#secret) return this.#show("missing");
    this.#show("loading");
    await this.#persist(async () => {
      const { answered, organisation } = await askedOutcome(this.#secret);
      fill(this, { trust: `For ${organisation}. Three taps, no account. This page only sends.` });
      this.#show(answered ? "thanks" : "asked");
    });
  }

  async #send() {
    this.#show("loading");
    await this.#persist(async () => {
      await sayOutcome(this.#secret, /** @type {any} */ (this.#answers));
      this.#show("thanks");
      part(this, "title").focus();
    });
  }

  /** @param {() => Promise<void>} work */
  async #persist(work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code } = error;
      if (code === "answered_already") return this.#show("thanks");
      this.#show(status === 0 || status === 429 || status >= 500 ? "off" : "bad");
    }
  }

  /** The first question that has no answer. */
  get #next() {
    return QUESTIONS.find(({ name }) => !this.#answers[name]);
  }

  /** @param {Standing} standing */
  #show(standing) {
    const [title, notice] = WORDS[standing];
    fill(this, { title, notice });
    part(this, "retry").hidden = standing !== "off";
    part(this, "asked").hidden = standing !== "asked";
    document.title = `${title} · Consult`;
    if (standing === "asked") this.#ask();
  }

  #ask() {
    const question = this.#next;
    if (!question) return this.#send();
    const at = QUESTIONS.indexOf(question);
    fill(this, { step: `${at + 1} of ${QUESTIONS.length}`, question: question.words });
    part(this, "before").hidden = at === 0;
    part(this, "answers").replaceChildren(
      ...question.answers.map(([code, words]) => {
        const button = stamp("outcome-answer");
        button.textContent = words;
        button.addEventListener("click", () => this.#answer(question.name, code));
        return button;
      }),
    );
  }

  /** @param {string} name @param {string} code */
  #answer(name, code) {
    this.#answers[name] = code;
    this.#ask();
    if (this.#next) part(this, "question").focus();
  }

  #goBack() {
    const last = QUESTIONS.findLast(({ name }) => this.#answers[name]);
    if (last) delete this.#answers[last.name];
    this.#ask();
    part(this, "question").focus();
  }
}

customElements.define("patient-outcome", PatientOutcomePage);
