import { ApiError } from "../lib/api.js";
import { announce, fill, part, stamp } from "../lib/templates.js";
import { uploads } from "../lib/uploads.js";
import { counted } from "../lib/words.js";

/** @typedef {import("../lib/outbox.js").OutboxPhoto} OutboxPhoto */

/** @type {Record<OutboxPhoto["state"], string>} */
const WORDS = {
  waiting: "Waiting",
  sending: "Sending",
  sent: "Received",
  failed: "Waiting to try again.",
  refused: "Not sent.",
};

/** The first screen of a tablet: send photos at once, or sign in to read. It shows no patient. */
export class DeviceDoor extends HTMLElement {
  /** What crews call it; set before it is shown. */
  name = "";
  #gone = new AbortController();
  #problem = "";

  connectedCallback() {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    fill(this, { name: this.name });
    for (const name of ["camera", "library"]) {
      const input = part(this, name, HTMLInputElement);
      input.addEventListener("change", () => this.#take(input), { signal });
    }
    part(this, "again").addEventListener("click", () => uploads.send(), { signal });
    part(this, "next").addEventListener("click", () => this.#nextPatient(), { signal });
    part(this, "sign-in").addEventListener("click", () => this.#wantIn(), { signal });
    uploads.addEventListener("change", () => this.#draw(), { signal });
    this.#draw();
    uploads.sendAs("tablet");
    this.#ask();
  }

  disconnectedCallback() {
    this.#gone.abort();
  }

  /** Is it still in service? Whoever holds it should know before there is something to send. */
  async #ask() {
    try {
      await uploads.prepare();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#problem = error.detail;
      this.#draw();
    }
  }

  /** @param {HTMLInputElement} input */
  #take(input) {
    uploads.add(input.files ?? []);
    input.value = ""; // the same photo may be chosen again
  }

  #nextPatient() {
    uploads.nextPatient();
    announce("Photos you send now are of the next patient.");
  }

  #wantIn() {
    this.dispatchEvent(new CustomEvent("sign-in-wanted", { bubbles: true }));
  }

  #draw() {
    const { photos } = uploads.outbox;
    const stuck = photos.find(({ state }) => state === "failed");
    fill(this, {
      count: photos.length ? `${counted(uploads.sent, "photo")} sent, ${uploads.waiting} waiting` : "",
      problem: stuck?.problem ?? (uploads.ready ? "" : this.#problem),
    });
    part(this, "again").hidden = !stuck || uploads.busy;
    part(this, "next").hidden = !photos.length || uploads.waiting > 0;
    part(this, "hint").hidden = !photos.length;
    part(this, "photos").replaceChildren(...photos.map(photoRow));
  }
}

/** @param {OutboxPhoto} photo @param {number} index */
function photoRow({ id, state, problem }, index) {
  const row = stamp("device-photo");
  row.dataset["state"] = state;
  const receipt = uploads.receiptOf(id);
  fill(row, {
    name: `Photo ${index + 1}`,
    state: state === "refused" ? `${WORDS.refused} ${problem}` : WORDS[state],
    receipt: receipt && `Receipt ${receipt}`,
  });
  return row;
}

customElements.define("device-door", DeviceDoor);
