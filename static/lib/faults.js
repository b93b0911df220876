/** What is wrong with a form, said beside the fields: wrappers marked `data-field="name"`. */

import { ApiError } from "./api.js";
import { attempt } from "./attempt.js";

/** @param {Record<string, string>} faults by field; nothing wrong: go on */
export function refuse(faults) {
  if (Object.keys(faults).length) throw new ApiError(422, "invalid_fields", "", faults);
}

/**
 * As `attempt`; what is wrong with a field is told beside it, and the first such field takes the focus.
 * @param {HTMLElement} root @param {HTMLButtonElement} button @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it was done
 */
export function attemptForm(root, button, work) {
  for (const field of fieldsIn(root)) tell(field, "");
  return attempt(root, button, async () => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "invalid_fields") throw error;
      throw new ApiError(error.status, error.code, tellFaults(root, error));
    }
  });
}

/** @param {HTMLElement} root @param {ApiError} error @returns {string} what is left to say above the button */
function tellFaults(root, { faults, detail }) {
  const homeless = Object.entries(faults).filter(([name, words]) => {
    const field = fieldOf(root, name);
    if (field) tell(field, words);
    return !field;
  });
  /** @type {HTMLElement | null} */ (root.querySelector('[aria-invalid="true"]'))?.focus();
  if (!Object.keys(faults).length) return detail;
  return homeless.map(([, words]) => words).join(" ");
}

/** The field itself, or for a group ("where") the first of its fields. @param {HTMLElement} root @param {string} name */
const fieldOf = (root, name) =>
  fieldsIn(root).find(({ hidden, dataset }) => !hidden && (dataset["field"] === name || dataset["field"]?.startsWith(`${name}.`)));

/** @param {HTMLElement} root */
const fieldsIn = (root) => /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-field]")]);

/** @param {HTMLElement} field @param {string} words none: nothing is wrong with it */
function tell(field, words) {
  const input = /** @type {HTMLElement} */ (field.querySelector("input, select, textarea"));
  const place = field.querySelector(".field-problem") ?? placeIn(field);
  place.textContent = words;
  /** @type {HTMLElement} */ (place).hidden = !words;
  input.ariaInvalid = words ? "true" : null;
  if (words) input.setAttribute("aria-describedby", place.id);
  else input.removeAttribute("aria-describedby");
}

/** @param {HTMLElement} field */
function placeIn(field) {
  const place = Object.assign(document.createElement("span"), { className: "field-problem", id: `fault-${crypto.randomUUID()}` });
  field.append(place);
  return place;
}
