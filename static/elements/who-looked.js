import { wordsFor } from "../lib/passkey.js";
import { byPerson, getReaders, looksAt } from "../lib/readers.js";
import { fill, part, stamp } from "../lib/templates.js";

/** @typedef {import("../lib/readers.js").Look} Look */
/** @typedef {import("../lib/api.js").Photo} Photo */

/** Who looked at a consult and at each of its photos, told to the patient. */
export class WhoLooked extends HTMLElement {
  connectedCallback() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    part(this, "close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.remove());
  }

  /** @param {import("../lib/api.js").OpenConsult} consult @param {{ id: string }} reader */
  async open(consult, reader) {
    this.querySelector("dialog")?.showModal();
    try {
      const readers = await getReaders(consult.id);
      const photos = consult.photos.map((photo, at) => photoLooks(photo, at, looksAt(readers, photo.id), reader));
      part(this, "looks").replaceChildren(...rows(readers.consult, reader), ...photos);
    } catch (error) {
      fill(this, { problem: wordsFor(error) ?? "" });
    }
    part(this, "looks").ariaBusy = "false";
  }
}

customElements.define("who-looked", WhoLooked);

/** Fill a list with who looked. @param {HTMLElement} list @param {Look[]} looks @param {{ id: string }} reader */
export function showLooks(list, looks, reader) {
  list.replaceChildren(...rows(looks, reader));
}

/** @param {Look[]} looks @param {{ id: string }} reader */
function rows(looks, { id }) {
  const people = byPerson(looks, id);
  if (!people.length) return [stamp("no-look")];
  return people.map(({ name, role, emergency, lines }) => {
    const row = stamp("look-row");
    fill(row, { name, role, emergency: emergency ? "Emergency access" : "" });
    const items = lines.map((line) => Object.assign(document.createElement("li"), { textContent: line }));
    part(row, "lines").replaceChildren(...items);
    return row;
  });
}

/** @param {Photo} photo @param {number} at @param {Look[]} looks @param {{ id: string }} reader */
function photoLooks(photo, at, looks, reader) {
  const section = stamp("photo-looks");
  fill(section, { title: `Photo ${at + 1}` });
  part(section, "picture", HTMLImageElement).src = `/api/photos/${photo.id}/preview`;
  showLooks(part(section, "rows"), looks, reader);
  return section;
}
