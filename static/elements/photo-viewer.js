import { describe, factsOf, turnedWords } from "./photo-figure.js";
import { showLooks } from "./who-looked.js";
import * as api from "../lib/api.js";
import { isClinician } from "../lib/roles.js";
import { getReaders, looksAt } from "../lib/readers.js";
import { fill, part } from "../lib/templates.js";
import { findingWords } from "../lib/words.js";

/** The full picture over everything else, one after another, with its facts and certificate. */
export class PhotoViewer extends HTMLElement {
  /** @type {api.Photo[]} */
  #photos = [];
  #at = 0;
  #ready = false;
  #reader = { id: "", role: /** @type {api.Role} */ ("patient") };
  /** @type {(photo: api.Photo) => boolean} */
  #mayTurn = () => false;

  /**
   * Fires `turn-asked` with a photo's id, and `viewer-closed` with that of the last one shown.
   * @param {api.Photo[]} photos @param {string} id of the first to show
   * @param {{ reader: { id: string, role: api.Role }, mayTurn: (photo: api.Photo) => boolean,
   *   tellsWhoLooked: boolean }} who
   */
  open(photos, id, { reader, mayTurn, tellsWhoLooked }) {
    this.#photos = photos;
    this.#reader = reader;
    this.#mayTurn = mayTurn;
    if (!this.#ready) this.#listen();
    part(this, "dicom").hidden = !isClinician(reader.role);
    part(this, "looked-at").hidden = !tellsWhoLooked;
    this.#dialog.showModal();
    this.#show(photos.findIndex((photo) => photo.id === id));
    part(this, "close").focus();
  }

  get isOpen() {
    return this.isConnected && this.#dialog.open;
  }

  /** Show the turned photo in the place of the one it came from. @param {string} id @param {api.Photo} turned */
  replace(id, turned) {
    this.#photos = this.#photos.map((photo) => (photo.id === id ? turned : photo));
    this.#show(this.#at);
    part(this, "status").textContent = "The photo was turned.";
  }

  /** @param {string} problem */
  complain(problem) {
    fill(this, { problem });
  }

  #listen() {
    this.#ready = true;
    part(this, "turn").addEventListener("click", () => this.#fire("turn-asked"));
    this.#dialog.addEventListener("close", () => this.#fire("viewer-closed"));
    part(this, "close").addEventListener("click", () => this.#dialog.close());
    part(this, "zoom").addEventListener("click", () => this.#zoom());
    part(this, "previous").addEventListener("click", () => this.#show(this.#at - 1));
    part(this, "next").addEventListener("click", () => this.#show(this.#at + 1));
    part(this, "image").addEventListener("click", (event) => this.#zoom(undefined, placeOf(event)));
    part(this, "image").addEventListener("error", () =>
      fill(this, { problem: "The photo did not load. Close it and try again." }),
    );
    part(this, "certificate").addEventListener("toggle", () => this.#certify());
    part(this, "looked-at").addEventListener("toggle", () => this.#tellWhoLooked());
    this.#dialog.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** @param {number} index */
  #show(index) {
    const photo = this.#photos[index];
    if (!photo) return;
    this.#at = index;
    this.#zoom(false);
    const { place, taken } = factsOf(photo);
    const device = [photo.device_make, photo.device_model].filter(Boolean).join(" ");
    const size = `${photo.width} × ${photo.height} pixels`;
    const many = this.#photos.length > 1;
    fill(this, {
      title: many ? `Photo ${index + 1} of ${this.#photos.length}` : "Photo",
      problem: "",
      place: place && `${place}.`,
      taken: `${taken}.`,
      facts: [photo.note, device, size, uprightWords(photo), turnedWords(photo, this.#reader)].filter(Boolean).join(" · "),
      scrub: photo.scrub_summary,
    });
    part(this, "status").textContent = "";
    const image = part(this, "image", HTMLImageElement);
    Object.assign(image, { src: `/api/photos/${photo.id}/image`, alt: describe(photo) });
    this.#offerTurn(this.#mayTurn(photo));
    part(this, "dicom", HTMLAnchorElement).href = `/api/photos/${photo.id}/dicom`;
    part(this, "certificate", HTMLDetailsElement).open = false;
    part(this, "looked-at", HTMLDetailsElement).open = false;
    this.#steps(many);
  }

  /** @param {boolean} offered */
  #offerTurn(offered) {
    const turn = part(this, "turn");
    if (!offered && document.activeElement === turn) part(this, "close").focus(); // or the arrows would go nowhere
    turn.hidden = !offered;
  }

  /** @param {boolean} many */
  #steps(many) {
    part(this, "steps").hidden = !many;
    part(this, "previous", HTMLButtonElement).disabled = this.#at === 0;
    part(this, "next", HTMLButtonElement).disabled = this.#at === this.#photos.length - 1;
  }

  /**
   * The whole picture, or every pixel of it to be moved about.
   * @param {boolean} [large] @param {{ x: number, y: number }} [place] to see first, 0 to 1
   */
  #zoom(large = part(this, "zoom").ariaPressed !== "true", place = { x: 0.5, y: 0.5 }) {
    const stage = part(this, "stage");
    part(this, "zoom").ariaPressed = String(large);
    stage.classList.toggle("large", large);
    stage.scrollLeft = stage.scrollWidth * place.x - stage.clientWidth / 2;
    stage.scrollTop = stage.scrollHeight * place.y - stage.clientHeight / 2;
  }

  async #tellWhoLooked() {
    const { open } = part(this, "looked-at", HTMLDetailsElement);
    const photo = this.#photos[this.#at];
    if (!open || !photo) return;
    try {
      const readers = await getReaders(photo.consult_id);
      showLooks(part(this, "looks"), looksAt(readers, photo.id), this.#reader);
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      part(this, "looks").textContent = error.detail;
    }
  }

  async #certify() {
    const { open } = part(this, "certificate", HTMLDetailsElement);
    const photo = this.#photos[this.#at];
    if (!open || !photo) return;
    try {
      this.#showCertificate(await api.getCertificate(photo.id));
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      this.#list([error.detail]);
    }
  }

  /** @param {api.Certificate} certificate */
  #showCertificate({ found, removed_bytes, lossless, sha256_after }) {
    const removed = found.map(({ kind, count }) => findingWords(kind) + (count > 1 ? ` (${count})` : ""));
    this.#list([
      removed.length ? `Found and taken out: ${removed.join(", ")}.` : "Nothing hidden was found.",
      `${removed_bytes.toLocaleString()} bytes were taken out.`,
      lossless ? "Not one pixel was changed." : "The file had to be written anew, at high quality.",
      `SHA-256 of the picture: ${sha256_after}`,
    ]);
  }

  /** @param {string[]} lines */
  #list(lines) {
    const items = lines.map((line) => Object.assign(document.createElement("li"), { textContent: line }));
    part(this, "findings").replaceChildren(...items);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const large = part(this, "zoom").ariaPressed === "true"; // arrows then move the picture
    if (large || event.target instanceof HTMLAnchorElement) return;
    if (event.key === "ArrowLeft") this.#show(this.#at - 1);
    if (event.key === "ArrowRight") this.#show(this.#at + 1);
  }

  /** @param {string} event */
  #fire(event) {
    const photo = this.#photos[this.#at];
    if (photo) this.dispatchEvent(new CustomEvent(event, { bubbles: true, detail: photo.id }));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }
}

/** Where in the picture a click fell; the picture is centred in its element. @param {MouseEvent} event */
function placeOf(event) {
  const image = /** @type {HTMLImageElement} */ (event.target);
  const scale = Math.min(image.clientWidth / image.naturalWidth, image.clientHeight / image.naturalHeight);
  const within = (/** @type {number} */ at, /** @type {number} */ room, /** @type {number} */ pixels) =>
    (at - (room - pixels * scale) / 2) / (pixels * scale);
  return {
    x: within(event.offsetX, image.clientWidth, image.naturalWidth),
    y: within(event.offsetY, image.clientHeight, image.naturalHeight),
  };
}

/** @param {api.Photo} photo */
const uprightWords = (photo) => (photo.orientation_uncertain ? "Which side is up is not sure" : "");

customElements.define("photo-viewer", PhotoViewer);
