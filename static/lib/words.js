/** The wire's codes in the words of the screen. Pure. */

/** @typedef {import("./api.js").Consult} Consult */
/** @typedef {import("./api.js").Role} Role */

/** @type {Record<import("./api.js").Kind, string>} */
const KINDS = {
  emergency: "Emergency",
  follow_up: "Follow-up",
  second_opinion: "Second opinion",
  pre_visit: "Before a visit",
  prior_imaging: "Earlier pictures",
};

/** @type {Record<import("./api.js").Urgency, string>} */
const URGENCIES = {
  stat: "Right now",
  asap: "As soon as possible",
  urgent: "Urgent",
  routine: "Routine",
};

/** @type {Record<string, string>} */
const FINDINGS = {
  exif: "camera settings",
  gps: "location",
  makernote: "the phone maker’s own notes",
  serial: "serial numbers",
  owner_text: "names or comments",
  thumbnail: "a hidden small copy",
  xmp: "editing history",
  iptc: "press details",
  photoshop: "Photoshop details",
  icc: "details in the colour profile",
  c2pa: "a signed history",
  mpf: "a list of extra pictures",
  gain_map: "a brightness layer",
  comment: "a comment",
  app_other: "other app details",
  adobe_extra: "extra Adobe details",
  trailer: "bytes after the picture",
  motion_video: "a hidden video",
  second_image: "a second picture",
  png_text: "written notes",
  junk: "stray bytes",
};

/** @param {import("./api.js").Kind} kind */
export const kindWords = (kind) => KINDS[kind];
/** @param {import("./api.js").Urgency} urgency */
export const urgencyWords = (urgency) => URGENCIES[urgency];
/** @param {string} kind */
export const findingWords = (kind) => FINDINGS[kind] ?? "other hidden details";

/**
 * What a consult is called: a patient knows their own by its kind, and those of whom they speak
 * for by name as well; others by the patient.
 * @param {Pick<Consult, "kind" | "patient">} consult @param {Role} role @param {string} [reader] their id
 */
export function titleOf(consult, role, reader) {
  const { kind, patient } = consult;
  if (role === "patient" && reader && patient && patient.id !== reader) return `${patient.name} · ${kindWords(kind)}`;
  if (role === "patient") return kindWords(kind);
  return consult.patient?.name ?? "Name not known";
}

/**
 * Who sent it: "Medic 12, claimed by Sam" for what a tablet sent before Sam had signed in on it.
 * @param {{ name: string }} sender @param {{ id: string, name: string } | null} claimer
 * @param {string} [reader] their id
 */
export function senderWords(sender, claimer, reader = "") {
  if (!claimer) return sender.name;
  return `${sender.name}, claimed by ${claimer.id === reader ? "you" : claimer.name}`;
}

/**
 * Who spoke, and for whom: "Ana for Leo", "You for Leo".
 * @param {{ id: string, name: string }} author @param {{ id: string, name: string } | null} patient
 * @param {string} [reader] their id
 */
export function speakerWords(author, patient, reader = "") {
  const name = author.id === reader ? "You" : author.name;
  if (!patient) return name;
  return `${name} for ${patient.id === reader ? "you" : patient.name}`;
}

/** @param {Pick<Consult, "opened_by" | "claimed_by">} consult @param {string} reader their id */
export const sentByTablet = ({ opened_by, claimed_by }, reader) =>
  opened_by.role === "device" ? `From ${senderWords(opened_by, claimed_by, reader)}` : "";

/**
 * Who else can look, beside the people who are in the consult.
 * @param {{ role: Role }[]} people
 */
export function readersWords(people) {
  const waits = !people.some(({ role }) => role === "specialist");
  const team = waits ? "Until one of them replies, every burn specialist here can read it. " : "";
  return `${team}Coordinators can read the words, not the photos.`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** @param {string[]} names "a", "a and b", "a, b and c" */
export function joined(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
