/** The `<template>`s of index.html, and the named parts inside what is made of them. */

export class MissingMarkup extends Error {
  /** @param {string} what */
  constructor(what) {
    super(`index.html has no ${what}`);
    this.name = "MissingMarkup";
  }
}

/**
 * A fresh copy of the one element inside `<template id="…">`.
 * @param {string} id @returns {HTMLElement}
 */
export function stamp(id) {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new MissingMarkup(`template #${id}`);
  const copy = document.importNode(template.content, true).firstElementChild;
  if (!(copy instanceof HTMLElement)) throw new MissingMarkup(`element in template #${id}`);
  return copy;
}

/**
 * The element marked `data-part="name"` in `root`.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root @param {string} name @param {new () => T} [type]
 * @returns {T}
 */
export function part(root, name, type = /** @type {any} */ (HTMLElement)) {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof type)) throw new MissingMarkup(`part "${name}" (${type.name})`);
  return found;
}

/**
 * Set the text of parts by name; an empty text hides its part.
 * @param {ParentNode} root @param {Record<string, string>} texts
 */
export function fill(root, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const element = part(root, name);
    element.textContent = text;
    element.hidden = text === "";
  }
}

/**
 * @param {ParentNode} root @param {string} name of a part that is a button
 * @param {(button: HTMLButtonElement) => void} act
 */
export function onPress(root, name, act) {
  const button = part(root, name, HTMLButtonElement);
  button.addEventListener("click", () => act(button));
}

/** Tell a screen reader what just happened. @param {string} text */
export function announce(text) {
  const status = document.getElementById("status");
  if (!status) throw new MissingMarkup("#status");
  status.textContent = text;
}
