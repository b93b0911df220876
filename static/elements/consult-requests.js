import "./ask-for-images.js";
import "./asked-photos.js";
import { attempt } from "../lib/attempt.js";
import { answerable, listRequests, PURPOSES, renewLink, split, standingOf, standingWords, takeBack, wantedList } from "../lib/image-requests.js";
import { wordsFor } from "../lib/passkey.js";
import { mayAskForImages } from "../lib/roles.js";
import { announce, fill, onPress, part, stamp } from "../lib/templates.js";
import { momentWords } from "../lib/time.js";
import { counted } from "../lib/words.js";
import { askFirst } from "./ask-first.js";
import { openLink } from "./link-shown.js";

/** @typedef {import("../lib/image-requests.js").ImageRequest} ImageRequest */
/** @typedef {import("../lib/api.js").OpenConsult} OpenConsult */

/** What was asked for in a consult: staff ask and look after it, a patient answers. Fires `requests-read` with all of them. */
export class ConsultRequests extends HTMLElement {
  /** @type {OpenConsult | null} */
  #consult = null;
  #user = { id: "", role: /** @type {import("../lib/api.js").Role} */ ("patient") };
  #seen = "";

  connectedCallback() {
    onPress(this, "ask", () => this.#ask());
    this.parentElement?.addEventListener("images-asked", () => this.#load());
  }

  /** @param {OpenConsult} consult @param {import("./consult-desk.js").User} user */
  show(consult, user) {
    this.#consult = consult;
    this.#user = user;
    const asks = mayAskForImages(consult, user.role);
    part(this, "ask").hidden = part(this, "title").hidden = !asks;
    if (consult.state === "closed" || consult.emergency_until) return (this.hidden = true);
    const seen = `${consult.id} ${consult.last_event}`;
    if (seen !== this.#seen) this.#load().catch((error) => fill(this, { problem: wordsFor(error) ?? "" }));
    return (this.#seen = seen);
  }

  async #load() {
    if (!this.#consult) return;
    const { items } = await listRequests(this.#consult.id);
    this.dispatchEvent(new CustomEvent("requests-read", { bubbles: true, detail: items }));
    const asks = mayAskForImages(this.#consult, this.#user.role);
    const answered = this.#user.role === "patient" ? answerable(items, new Date()) : [];
    /** @type {import("./asked-photos.js").AskedPhotos} */ (this.querySelector("asked-photos")).show(answered);
    if (asks) this.#list(items);
    part(this, "list").hidden = !asks;
    this.hidden = !asks && !answered.length;
  }

  /** @param {ImageRequest[]} items */
  #list(items) {
    const { now, over } = split(items);
    part(this, "rows").replaceChildren(...now.map((asked) => this.#row(asked)));
    part(this, "over-rows").replaceChildren(...over.map((asked) => this.#row(asked)));
    part(this, "over").hidden = !over.length;
    part(this, "over-title").textContent = `${counted(over.length, "request")} that ended`;
  }

  /** @param {ImageRequest} asked */
  #row(asked) {
    const row = stamp("request-row");
    const standing = standingOf(asked, new Date());
    const name = wantedList(asked.wanted);
    fill(row, { name, standing: standingWords(standing), facts: factsOf(asked, standing), locked: asked.link_locked ? "Somebody tried wrong links too often. Give a new one." : "" });
    part(row, "standing").dataset["standing"] = standing;
    for (const each of ["link-of", "back-of"]) part(row, each).textContent = ` for ${name}`;
    part(row, "deeds").hidden = Boolean(asked.ended_at);
    onPress(row, "link", (button) => attempt(this, button, () => this.#renew(asked)));
    onPress(row, "back", (button) => attempt(this, button, () => this.#takeBack(asked)));
    return row;
  }

  #ask() {
    const sheet = /** @type {import("./ask-for-images.js").AskForImages} */ (stamp("ask-for-images"));
    this.parentElement?.append(sheet);
    sheet.open(this.#consult?.id ?? "");
  }

  /** @param {ImageRequest} asked */
  async #renew(asked) {
    const words = "The link before will not work any more.";
    if (!(await askFirst({ title: "Give a new link?", words, yes: "New link" }))) return;
    openLink(/** @type {HTMLElement} */ (this.parentElement), await renewLink(asked));
    await this.#load();
  }

  /** @param {ImageRequest} asked */
  async #takeBack(asked) {
    const words = "Its link takes nothing more, and nobody is reminded. Photos that came stay here.";
    if (!(await askFirst({ title: "Take this request back?", words, yes: "Take it back" }))) return;
    await takeBack(asked);
    announce("The request is taken back.");
    await this.#load();
    part(this, "ask").focus();
  }
}

/** @param {ImageRequest} asked @param {import("../lib/image-requests.js").Standing} standing */
function factsOf({ purpose, addressee, email, due_at, opens_at, met_at, ended_at, mails }, standing) {
  const at = (/** @type {string | null} */ moment) => momentWords(new Date(moment ?? 0));
  const whom = addressee === "patient" ? "Asked of the patient" : "Asked of a colleague";
  const way = email ? `by mail to ${email}${mails > 1 ? `, ${mails} mails so far` : ""}` : "by a link to hand over";
  const when = { met: `came ${at(met_at)}`, ended: `ended ${at(ended_at)}`, overdue: `was due ${at(due_at)}`, open: `due ${at(due_at)}`, later: `begins ${at(opens_at)}, due ${at(due_at)}` };
  return `${PURPOSES[purpose]}. ${whom} ${way}; ${when[standing]}.`;
}

customElements.define("consult-requests", ConsultRequests);
