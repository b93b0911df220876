import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceOf, splitAdvice, validityOf, validityWords } from "../../../static/lib/advice.js";

const now = new Date("2026-11-24T12:00:00Z");
/** @param {object} [more] @returns {any} */
const advice = (more = {}) => ({ signed_at: now.toISOString(), superseded_by: null, valid: true, valid_until: null, until_next_photo: false, ...more });

test("what holds stands apart from what it replaced, newest first, and from one's draft", () => {
  const [one, two, three] = [advice({ superseded_by: "2" }), advice({ superseded_by: "3" }), advice()];
  const draft = advice({ signed_at: null });

  assert.deepEqual(splitAdvice([one, two, three, draft]), { current: three, before: [two, one], draft });
  assert.deepEqual(splitAdvice([]), { current: null, before: [], draft: null });
});

test("a choice becomes an end, and a draft its choice again", () => {
  assert.deepEqual(validityOf("24", "", now), { valid_until: "2026-11-25T12:00:00.000Z", until_next_photo: false });
  assert.deepEqual(validityOf("photo", "", now), { valid_until: null, until_next_photo: true });
  assert.deepEqual(validityOf("", "2030-01-02T03:04", now), { valid_until: null, until_next_photo: false });
  assert.equal(validityOf("own", "2030-01-02T03:04", now).valid_until, new Date("2030-01-02T03:04").toISOString());
  assert.equal(choiceOf(validityOf("photo", "", now)), "photo");
  assert.equal(choiceOf(validityOf("72", "", now)), "own");
  assert.equal(choiceOf(validityOf("", "", now)), "");
});

test("what is over says so", () => {
  assert.equal(validityWords(advice()), "");
  assert.match(validityWords(advice({ until_next_photo: true })), /^Holds until the next photo/);
  assert.match(validityWords(advice({ until_next_photo: true, valid: false })), /^It held until the next photo/);
  assert.match(validityWords(advice({ valid_until: now.toISOString(), valid: false })), /^It held until Nov/);
});
