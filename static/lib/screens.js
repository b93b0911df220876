/** Elements that are fetched when they are first shown: a phone far from the mast waits for no more. */

import { part, stamp } from "./templates.js";

/**
 * Fetch an element, unless it is there; where it cannot be had, say so in its place.
 * @param {string} name of the element @param {HTMLElement} place
 * @returns {Promise<boolean>}
 */
export async function isLoaded(name, place) {
  if (customElements.get(name)) return true;
  try {
    await import(`../elements/${name}.js`);
    return true;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const words = stamp("not-loaded");
    part(words, "again").addEventListener("click", () => location.reload());
    place.replaceChildren(words);
    return false;
  }
}
