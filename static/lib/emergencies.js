/** What makes a burn an emergency, as questions for the patient: the codes and words of the service. Pure. */

/** @typedef {{ code: string, words: string }} Flag */

/** @type {readonly Flag[]} */
export const RED_FLAGS = [
  { code: "breathing", words: "Trouble breathing, a hoarse voice, or soot in the mouth or nose" },
  { code: "face", words: "A burn on the face that is swelling" },
  { code: "large", words: "A burn bigger than the chest, or of a child bigger than five of their hands" },
  { code: "deep", words: "Skin that looks white, black or like leather" },
  { code: "electrical", words: "A burn from electricity" },
  { code: "chemical", words: "A burn from a chemical" },
  { code: "around", words: "A burn all the way round an arm or leg, or fingers blue, cold or numb" },
  { code: "drowsy", words: "Confused, very sleepy or faint" },
  { code: "baby", words: "A new burn on a baby" },
  { code: "pregnant", words: "Pregnant" },
  { code: "hurt_by_somebody", words: "Somebody hurt you" },
];

/** What the team reads of those answers. @param {string[]} codes */
export const flagsWords = (codes) =>
  RED_FLAGS.filter(({ code }) => codes.includes(code)).map(({ words }) => words).join(". ");
