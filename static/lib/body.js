/** Where on the body a photo was taken: codes of the wire, words of the screen. Pure. */

/** @typedef {{ code: string, words: string, paired: boolean }} Site */

/** @type {Site[]} from head to toe */
export const SITES = [
  { code: "whole_body", words: "Whole body", paired: false },
  { code: "head", words: "Head", paired: false },
  { code: "face", words: "Face", paired: false },
  { code: "scalp", words: "Scalp", paired: false },
  { code: "ear", words: "Ear", paired: true },
  { code: "neck", words: "Neck", paired: false },
  { code: "trunk", words: "Trunk", paired: false },
  { code: "chest", words: "Chest", paired: false },
  { code: "abdomen", words: "Belly", paired: false },
  { code: "back", words: "Back", paired: false },
  { code: "armpit", words: "Armpit", paired: true },
  { code: "upper_arm", words: "Upper arm", paired: true },
  { code: "elbow", words: "Elbow", paired: true },
  { code: "forearm", words: "Forearm", paired: true },
  { code: "wrist", words: "Wrist", paired: true },
  { code: "hand", words: "Hand", paired: true },
  { code: "finger", words: "Finger", paired: true },
  { code: "buttock", words: "Buttock", paired: true },
  { code: "genitalia_perineum", words: "Genital area", paired: false },
  { code: "thigh", words: "Thigh", paired: true },
  { code: "knee", words: "Knee", paired: true },
  { code: "lower_leg", words: "Lower leg", paired: true },
  { code: "ankle", words: "Ankle", paired: true },
  { code: "foot", words: "Foot", paired: true },
  { code: "toe", words: "Toe", paired: true },
];

/** @type {Record<string, string>} */
const SIDES = { R: "right", L: "left", B: "both sides" };
/** @type {Record<string, string>} */
const VIEWS = {
  front: "front",
  back: "back",
  overview: "from further away",
  regional: "from nearer",
  close_up: "close up",
};

/** @param {string} code */
export const isPaired = (code) => SITES.some((site) => site.code === code && site.paired);

/**
 * "Right hand, back"; "" when the place was not given.
 * @param {{ body_site: string | null, laterality: string | null, view: string | null }} photo
 */
export function placeWords({ body_site: code, laterality, view }) {
  if (!code) return "";
  const site = SITES.find((known) => known.code === code)?.words ?? code.replaceAll("_", " ");
  const side = SIDES[laterality ?? ""];
  const place = side && laterality !== "B" ? capital(`${side} ${site.toLowerCase()}`) : site;
  const rest = [laterality === "B" && side, VIEWS[view ?? ""]].filter(Boolean);
  return [place, ...rest].join(", ");
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
