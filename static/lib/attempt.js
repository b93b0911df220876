import { wordsFor } from "./passkey.js";
import { fill } from "./templates.js";

/**
 * Do what a button promises, once at a time; what goes wrong is told in the part `problem`.
 * @param {HTMLElement} root @param {HTMLButtonElement} button @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it was done
 */
export async function attempt(root, button, work) {
  if (button.ariaDisabled === "true") return false;
  fill(root, { problem: "" });
  button.ariaDisabled = "true"; // not disabled: a button that is loses the focus
  try {
    await work();
    return true;
  } catch (error) {
    fill(root, { problem: wordsFor(error) ?? "" });
    return false;
  } finally {
    button.ariaDisabled = null;
  }
}
