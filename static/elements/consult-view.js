import "./close-consult.js";
import "./consult-advice.js";
import "./consult-clock.js";
import "./consult-deeds.js";
import "./consult-guests.js";
import "./consult-history.js";
import "./consult-outcome.js";
import "./consult-requests.js";
import { showHead } from "./consult-head.js";
import "./consult-thread.js";
import "./emergency-access.js";
import "./message-composer.js";
import "./photo-viewer.js";
import * as api from "../lib/api.js";
import { coalesced } from "../lib/coalesced.js";
import { follow } from "../lib/live.js";
import { isOwn, mayTurn } from "../lib/roles.js";
import { boxOf } from "../lib/sending.js";
import { isOver } from "../lib/states.js";
import { announce, fill, part, stamp } from "../lib/templates.js";
import { lastSeq, mergeMessages } from "../lib/thread.js";
import { turnRight } from "../lib/turning.js";
import { counted, joined } from "../lib/words.js";

/** One consult: who and what it is about, its thread, and the place to answer. Owns its state. */
export class ConsultView extends HTMLElement {
  consultId = "";
  /** @type {import("./consult-desk.js").User} set by the desk */
  user = { id: "", name: "", role: "patient" };
  takesFocus = false;
  #gone = new AbortController();
  /** @type {api.OpenConsult | null} */
  #consult = null;
  /** @type {api.Message[]} */
  #messages = [];
  #readTo = Infinity;
  #marked = 0;
  /** @type {import("../lib/image-requests.js").ImageRequest[]} */
  #asked = [];
  #turning = false;
  #refresh = coalesced(() => this.#load());

  connectedCallback() {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    part(this, "close").addEventListener("click", () => this.#askToClose(), { signal });
    part(this, "jump").addEventListener("click", () => this.#thread.toEnd(), { signal });
    // Panes and pages scroll: their events do not bubble, but they can be caught on the way down.
    window.addEventListener("scroll", () => this.#onScroll(), { capture: true, passive: true, signal });
    this.addEventListener("photo-opened", (event) => this.#openPhoto(/** @type {any} */ (event).detail));
    this.addEventListener("turn-asked", (event) => this.#turn(/** @type {any} */ (event)));
    // Not to the one that was opened: it may have been left for another, or turned into another.
    this.addEventListener("viewer-closed", (event) => this.#thread.focusPhoto(/** @type {any} */ (event).detail, "open"));
    this.addEventListener("message-sent", () => this.#refresh(), { signal });
    this.addEventListener("consult-moved", () => this.#refresh(), { signal });
    this.addEventListener("consult-closed", () => this.#refresh(), { signal });
    this.addEventListener("seats-changed", () => this.#refresh(), { signal });
    this.addEventListener("requests-read", (event) => this.#onRequests(/** @type {any} */ (event).detail), { signal });
    this.addEventListener("consent-said", () => this.#refresh(), { signal });
    document.addEventListener("visibilitychange", () => this.#markRead(), { signal });
    this.#refresh();
  }

  disconnectedCallback() {
    this.#gone.abort();
  }

  async #load() {
    if (this.#gone.signal.aborted) return;
    try {
      const [consult, arrived] = await Promise.all([api.getConsult(this.consultId), this.#newer()]);
      if (this.#gone.signal.aborted) return;
      this.#show(consult, arrived);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #newer() {
    /** @type {api.Message[]} */
    const arrived = [];
    let after = lastSeq(this.#messages);
    for (;;) {
      const { items, last_seq } = await api.listMessages(this.consultId, after);
      arrived.push(...items);
      after = lastSeq(items);
      if (!items.length || after >= last_seq) return arrived;
    }
  }

  /** @param {api.OpenConsult} consult @param {api.Message[]} arrived */
  #show(consult, arrived) {
    const before = this.#consult;
    if (!before) this.#readTo = readTo(consult);
    const morePhotos = consult.photo_count - (before?.photo_count ?? consult.photo_count);
    this.#consult = consult;
    this.#messages = mergeMessages(this.#messages, arrived);
    boxOf(this.consultId).see(this.#messages.map((message) => message.id));
    showHead(this, consult, this.user);
    this.#access.show(consult.emergency_until);
    this.#requests.show(consult, this.user);
    /** @type {import("./consult-outcome.js").ConsultOutcome} */ (this.querySelector("consult-outcome")).show(consult);
    this.#showThread(consult, { first: !before });
    this.#markRead();
    if (!before) return this.#arrive(consult);
    if (arrived.length || morePhotos > 0) this.#tell(arrived, morePhotos);
    this.dispatchEvent(new CustomEvent("consult-changed", { bubbles: true }));
  }

  /** @param {import("../lib/image-requests.js").ImageRequest[]} asked */
  #onRequests(asked) {
    this.#asked = asked;
    if (this.#consult) this.#showThread(this.#consult, { first: false });
  }

  /** @param {api.OpenConsult} consult @param {{ first: boolean }} how */
  #showThread(consult, { first }) {
    this.#thread.show({
      messages: this.#messages,
      photos: consult.photos,
      readTo: this.#readTo || Infinity,
      user: this.user,
      first,
      asked: this.#asked,
      mayTurn: (photo) => this.#mayTurn(photo),
    });
    const composer = /** @type {import("./message-composer.js").MessageComposer} */ (
      this.querySelector("message-composer")
    );
    if (!composer.consultId) composer.start(this.consultId, this.user);
    composer.hidden = isOver(consult.state) || Boolean(consult.emergency_until);
  }

  /**
   * It is there and ours to read: begin to listen, and show where to begin to read.
   * @param {api.OpenConsult} consult
   */
  #arrive(consult) {
    const stop = follow(this.consultId, { after: consult.last_event, onChange: () => this.#refresh() });
    this.#gone.signal.addEventListener("abort", stop);
    if (this.takesFocus) part(this, "title").focus({ preventScroll: true });
    if (this.#readTo > 0) this.#thread.toStart(); // who has read nothing yet begins at the top
  }

  /** @param {api.Message[]} arrived @param {number} morePhotos */
  #tell(arrived, morePhotos) {
    const others = arrived.filter((message) => message.author.id !== this.user.id);
    const names = [...new Set(others.map((message) => message.author.name))];
    if (names.length) announce(`New message from ${joined(names)}`);
    else if (morePhotos > 0) announce(`${counted(morePhotos, "new photo")}`);
    if (!this.#thread.keepUp() && names.length) part(this, "jump").hidden = false;
  }

  #onScroll() {
    if (this.#thread.isAtEnd()) part(this, "jump").hidden = true;
  }

  async #markRead() {
    const seq = lastSeq(this.#messages);
    if (document.visibilityState !== "visible" || seq <= this.#marked) return;
    if (this.#consult?.emergency_until) return; // to look only
    try {
      await api.markRead(this.consultId, seq);
      this.#marked = seq;
      this.dispatchEvent(new CustomEvent("consult-changed", { bubbles: true }));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {string} id */
  #openPhoto(id) {
    const viewer = this.#viewer;
    if (!viewer.isConnected) this.append(viewer);
    viewer.open(this.#thread.photos, id, {
      reader: this.user,
      mayTurn: (photo) => this.#mayTurn(photo),
      tellsWhoLooked: this.#consult !== null && isOwn(this.#consult),
    });
  }

  /** @param {api.Photo} photo */
  #mayTurn(photo) {
    const { state, emergency_until } = this.#consult ?? {};
    return state !== undefined && !isOver(state) && !emergency_until && mayTurn(photo, this.user);
  }

  /** @param {CustomEvent<string> & { target: HTMLElement }} event with the photo's id */
  async #turn({ detail: id, target }) {
    const photo = this.#consult?.photos.find((each) => each.id === id);
    if (!photo || this.#turning) return;
    this.#turning = true;
    part(target, "turn").ariaDisabled = "true";
    try {
      const turned = await turnRight(photo);
      await this.#refresh();
      if (this.#viewer.isOpen) return this.#viewer.replace(id, turned);
      this.#thread.focusPhoto(turned.id, "turn");
      announce("The photo was turned.");
    } catch (error) {
      if (this.#viewer.isOpen && error instanceof api.ApiError) this.#viewer.complain(error.detail);
      else this.#fail(error);
    } finally {
      this.#turning = false;
      part(target, "turn").ariaDisabled = null;
    }
  }

  #askToClose() {
    const ask = /** @type {import("./close-consult.js").CloseConsult} */ (
      this.querySelector("close-consult") ?? stamp("close-consult")
    );
    if (!ask.isConnected) this.append(ask);
    ask.open(this.consultId);
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof api.ApiError)) throw error;
    if (error.status === 401) return;
    if (error.status === 404) this.#gone.abort(); // it was never ours, or is no longer
    fill(this, { problem: error.detail });
    if (!this.#consult) this.#thread.replaceChildren();
    if (!this.#consult && error.status === 404 && this.user.role === "specialist") this.#access.offer(this.consultId);
  }

  get #access() {
    return /** @type {import("./emergency-access.js").EmergencyAccess} */ (this.querySelector("emergency-access"));
  }

  get #requests() {
    return /** @type {import("./consult-requests.js").ConsultRequests} */ (this.querySelector("consult-requests"));
  }

  get #viewer() {
    return /** @type {import("./photo-viewer.js").PhotoViewer} */ (
      this.querySelector("photo-viewer") ?? stamp("photo-viewer")
    );
  }

  get #thread() {
    return /** @type {import("./consult-thread.js").ConsultThread} */ (this.querySelector("consult-thread"));
  }
}

/** The last message that was read before; with nothing new there is no mark. @param {api.Consult} consult */
const readTo = ({ unread, last_seq }) => (unread ? Math.max(0, last_seq - unread) : Infinity);

customElements.define("consult-view", ConsultView);
