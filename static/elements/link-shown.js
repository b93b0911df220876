import { announce, fill, onPress, part, stamp } from "../lib/templates.js";

/**
 * The link that lets somebody send, shown this once: where it was mailed, and to hand it over.
 * @param {HTMLElement} place @param {import("../lib/image-requests.js").Made} made
 */
export function showLink(place, { items, link, qr }) {
  const shown = stamp("link-shown");
  const email = items[0]?.email;
  fill(shown, { words: email ? `The link is on its way to ${email}.` : "No mail goes out. Hand over this link." });
  part(shown, "given").hidden = !link;
  part(shown, "link", HTMLInputElement).value = link ?? "";
  if (qr) drawCode(part(shown, "picture", HTMLImageElement), qr);
  onPress(shown, "copy", () => copy(link ?? ""));
  place.replaceChildren(shown);
  place.hidden = false;
  part(shown, "title").focus();
}

/** Links over the consult, one at a time. @param {HTMLElement} owner @param {import("../lib/image-requests.js").Made} made */
export function openLink(owner, made) {
  const sheet = stamp("link-sheet");
  const dialog = /** @type {HTMLDialogElement} */ (sheet.querySelector("dialog"));
  owner.append(sheet);
  onPress(sheet, "close", () => dialog.close());
  dialog.addEventListener("close", () => sheet.remove());
  dialog.showModal();
  showLink(part(sheet, "made"), made);
}

/** @param {HTMLImageElement} picture @param {string} svg */
function drawCode(picture, svg) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  picture.addEventListener("load", () => URL.revokeObjectURL(address), { once: true });
  picture.src = address;
}

/** @param {string} link */
async function copy(link) {
  await navigator.clipboard.writeText(link);
  announce("The link is copied.");
}
