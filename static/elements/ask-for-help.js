import "./red-flags.js";
import * as api from "../lib/api.js";
import { attempt } from "../lib/attempt.js";
import { flagsWords } from "../lib/emergencies.js";
import { fill, part, stamp } from "../lib/templates.js";

/** @typedef {{ value: string, words: string, hint?: string }} Choice */

/** @type {Choice[]} */
const PATIENT_KINDS = [
  { value: "follow_up", words: "Look at my burn or wound", hint: "Show us how it heals" },
  { value: "pre_visit", words: "I have a visit soon", hint: "Show us before you come" },
  { value: "second_opinion", words: "I want a second opinion", hint: "Ask another specialist" },
  { value: "prior_imaging", words: "I have older pictures", hint: "From another clinic or hospital" },
];
/** @type {Choice[]} */
const CLINICIAN_KINDS = [
  { value: "emergency", words: "Emergency" },
  { value: "follow_up", words: "Follow-up" },
  { value: "second_opinion", words: "Second opinion" },
  { value: "pre_visit", words: "Before a visit" },
  { value: "prior_imaging", words: "Earlier pictures" },
];
/** @type {Choice[]} */
const URGENCIES = [
  { value: "stat", words: "Right now" },
  { value: "asap", words: "As soon as possible" },
  { value: "urgent", words: "Urgent" },
  { value: "routine", words: "Routine" },
];

/** The form that opens a consult. It asks each role only for what that role can tell, and a patient first for emergencies. */
export class AskForHelp extends HTMLElement {
  /** @type {api.Role} */
  #role = "patient";
  #id = crypto.randomUUID();
  /** @type {{ id: string, name: string } | null} */
  #patient = null;

  /** @param {api.Role} role @param {{ id: string, name: string } | null} patient whom I speak for */
  open(role, patient) {
    if (!this.#form.elements.namedItem("kind")) this.#prepare(role);
    this.#patient = patient;
    if (role === "patient") fill(this, { title: patient ? `Ask for help for ${patient.name}` : "Ask for help" });
    this.#askFirst(role === "patient");
    this.#dialog.showModal();
  }

  /** @param {boolean} isPatient */
  #askFirst(isPatient) {
    this.#flags.hidden = !isPatient;
    this.#form.hidden = isPatient;
    if (!isPatient) fill(this.#flags, { problem: "" });
  }

  /** @param {api.Role} role */
  #prepare(role) {
    this.#role = role;
    const isPatient = role === "patient";
    this.#offer("kind", isPatient ? PATIENT_KINDS : CLINICIAN_KINDS);
    this.#offer("urgency", URGENCIES, role === "ems" ? "stat" : "routine");
    part(this, "kinds").hidden = role === "ems";
    part(this, "urgencies").hidden = isPatient;
    fill(this, {
      title: isPatient ? "Ask for help" : "New consult",
      "reason-hint": isPatient
        ? "When did it happen, and how? How does it feel now?"
        : "Age, how and when it happened, how large, airway, what you need to know. No names.",
      submit: isPatient ? "Go on to photos" : "Open consult",
      next: isPatient ? part(this, "next").textContent ?? "" : "Next you can add photos.",
    });
    part(this, "cancel").addEventListener("click", () => this.#dialog.close());
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.addEventListener("flags-none", () => this.#goOn());
    this.addEventListener("flags-told", () => this.#tell());
  }

  /** @param {string} name @param {Choice[]} choices @param {string} [chosen] */
  #offer(name, choices, chosen = choices[0]?.value) {
    const labels = choices.map(({ value, words, hint = "" }) => {
      const label = stamp("choice");
      const input = /** @type {HTMLInputElement} */ (label.querySelector("input"));
      Object.assign(input, { name, value, checked: value === chosen });
      fill(label, { words, hint });
      return label;
    });
    part(this, `${name}-choices`).append(...labels);
  }

  #goOn() {
    this.#askFirst(false);
    this.#dialog.scrollTop = 0;
    this.querySelector("input")?.focus();
  }

  /** A yes stops everything else: the team hears of it, and the page goes on saying whom to call. */
  #tell() {
    const flags = this.#flags.chosen;
    const asked = { kind: "follow_up", reason: flagsWords(flags), red_flags: flags };
    return attempt(this.#flags, part(this, "tell", HTMLButtonElement), () => this.#send(asked));
  }

  /** @param {Omit<Parameters<typeof api.openConsult>[0], "id" | "patient_id">} asked */
  async #send(asked) {
    const whom = this.#patient ? { patient_id: this.#patient.id } : {};
    const consult = await api.openConsult({ id: this.#id, ...whom, ...asked });
    this.#dialog.close();
    this.dispatchEvent(new CustomEvent("consult-opened", { bubbles: true, detail: consult }));
    this.remove(); // the next question begins with an empty form and a new id
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const asked = new FormData(this.#form);
    const reason = String(asked.get("reason")).trim();
    if (!this.#check(reason)) return;
    const submit = part(this, "submit", HTMLButtonElement);
    submit.disabled = true;
    try {
      await this.#send({ reason, ...this.#kindAndUrgency(asked) });
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      fill(this, { problem: error.detail });
    } finally {
      submit.disabled = false;
    }
  }

  /** @param {FormData} asked */
  #kindAndUrgency(asked) {
    const kind = this.#role === "ems" ? "emergency" : String(asked.get("kind"));
    return this.#role === "patient" ? { kind } : { kind, urgency: String(asked.get("urgency")) };
  }

  /** @param {string} reason */
  #check(reason) {
    fill(this, { problem: "", "reason-problem": reason ? "" : "Write a few words about what happened." });
    const field = /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
    field.ariaInvalid = reason ? null : "true";
    if (!reason) field.focus();
    return Boolean(reason);
  }

  get #flags() {
    return /** @type {import("./red-flags.js").RedFlags} */ (part(this, "red-flags"));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }
}

customElements.define("ask-for-help", AskForHelp);
