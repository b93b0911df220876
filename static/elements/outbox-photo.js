import { SITES, isPaired } from "../lib/body.js";
import { withPhoto, withoutPhoto } from "../lib/outbox.js";
import { fill, part, stamp } from "../lib/templates.js";

/** @typedef {import("../lib/outbox.js").OutboxPhoto} OutboxPhoto */

/** @type {Record<OutboxPhoto["state"], string>} */
const WORDS = {
  waiting: "Ready to send",
  sending: "Sending",
  sent: "Sent",
  failed: "Not sent yet.",
  refused: "Not sent.",
};

/**
 * A photo before it is sent: look at it, say where on the body it is, take it out again.
 * @param {OutboxPhoto} photo
 * @param {{ number: number, box: import("../lib/sending.js").Box }} place in which outbox
 * @returns {{ element: HTMLElement, draw: (photo: OutboxPhoto, busy: boolean) => void,
 *   release: () => void }} `release` frees the preview
 */
export function outboxPhoto({ id, file }, { number, box }) {
  const element = stamp("outbox-photo");
  const url = URL.createObjectURL(file);
  const name = `Photo ${number}`;
  const change = (/** @type {Partial<OutboxPhoto>} */ facts) => box.update(withPhoto(box.outbox, id, facts));
  fill(element, { name, "site-label": `Where on the body is ${name}?`, "side-label": `Which side is ${name}?` });
  preview(element, url, name);
  offerPlaces(element, change);
  const remove = part(element, "remove");
  remove.ariaLabel = `Remove ${name}`;
  remove.addEventListener("click", () => box.update(withoutPhoto(box.outbox, id)));
  return { element, draw: (photo, busy) => draw(element, photo, busy), release: () => URL.revokeObjectURL(url) };
}

/** @param {HTMLElement} element @param {string} url @param {string} name */
function preview(element, url, name) {
  const image = part(element, "image", HTMLImageElement);
  image.addEventListener("error", () => {
    image.hidden = true; // a kind that this browser cannot show; the service may well read it
    part(element, "no-preview").hidden = false;
  });
  Object.assign(image, { src: url, alt: `${name}, not sent yet` });
}

/** @param {HTMLElement} element @param {(facts: Partial<OutboxPhoto>) => void} change */
function offerPlaces(element, change) {
  const site = part(element, "site", HTMLSelectElement);
  const side = part(element, "side", HTMLSelectElement);
  site.append(...SITES.map(({ code, words }) => new Option(words, code)));
  site.addEventListener("change", () => {
    if (!isPaired(site.value)) side.value = "";
    change({ body_site: site.value, laterality: side.value });
  });
  side.addEventListener("change", () => change({ laterality: side.value }));
}

/** @param {HTMLElement} element @param {OutboxPhoto} photo @param {boolean} busy */
function draw(element, { state, progress, problem, body_site, laterality }, busy) {
  const turnedBad = element.dataset["state"] !== state && problem;
  element.dataset["state"] = state;
  fill(element, { state: `${WORDS[state]} ${problem}`.trim() });
  const bar = part(element, "progress", HTMLProgressElement);
  bar.hidden = state !== "sending";
  bar.value = progress;
  bar.ariaLabel = "Sending the photo";
  part(element, "place").hidden = busy || state === "sent" || state === "refused";
  part(element, "side-field").hidden = !isPaired(body_site);
  part(element, "site", HTMLSelectElement).value = body_site;
  part(element, "side", HTMLSelectElement).value = laterality;
  part(element, "remove").hidden = busy || state === "sent";
  if (turnedBad) element.scrollIntoView({ block: "nearest" });
}
