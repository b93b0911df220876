import { dueWords, wordsIn } from "../lib/asked.js";
import { Answering } from "../lib/answering.js";
import { putRequestedPhoto } from "../lib/image-requests.js";
import { fill, part, stamp } from "../lib/templates.js";
import { photoSlot } from "./photo-slot.js";

/** @typedef {import("../lib/image-requests.js").ImageRequest} ImageRequest */

/** What a patient is asked for, each with its places for photos. What stands there is kept while it is answered. */
export class AskedPhotos extends HTMLElement {
  /** @type {Map<string, HTMLElement>} */
  #cards = new Map();

  /** @param {ImageRequest[]} requests */
  show(requests) {
    const cards = requests.map((asked) => this.#cards.get(asked.id) ?? askedCard(asked));
    this.#cards = new Map(requests.map(({ id }, index) => [id, /** @type {HTMLElement} */ (cards[index])]));
    const same = cards.length === this.children.length && cards.every((card, index) => card === this.children[index]);
    if (!same) this.replaceChildren(...cards);
    this.hidden = !cards.length;
  }
}

/** @param {ImageRequest} asked */
function askedCard(asked) {
  const words = wordsIn(asked.language);
  const card = stamp("asked-card");
  card.lang = words.language;
  fill(card, { purpose: words.purposes[asked.purpose], due: dueWords(asked.due_at, new Date(), words) });
  part(card, "slots").replaceChildren(...slotsOf(asked, words, null));
  return card;
}

/**
 * @param {ImageRequest} asked @param {import("../lib/asked.js").Words} words
 * @param {import("../lib/link.js").Reason | null} rejectedFor
 */
export function slotsOf(asked, words, rejectedFor) {
  const answering = new Answering((answer, onProgress) => putRequestedPhoto(asked, answer, onProgress));
  const slots = asked.wanted.map((wanted, number) => photoSlot(wanted, { number, answering, words, rejectedFor }));
  const draw = () => slots.forEach((slot) => slot.draw(false));
  answering.addEventListener("change", draw);
  draw();
  return slots.map(({ element }) => element);
}

customElements.define("asked-photos", AskedPhotos);
