import assert from "node:assert/strict";
import { test } from "node:test";
import { isOver, ownerWords, stateWords } from "../../../static/lib/states.js";

const ADA = { id: "ada", name: "Dr. Ada Okafor", role: "specialist" };
const PAT = { id: "pat", name: "Pat Moreno", role: "patient" };
const owned = (side, person = null) => ({ owner: side && { side, person } });

test("a state has other words for a patient", () => {
  assert.equal(stateWords("awaiting_info", "specialist"), "Waiting for information");
  assert.equal(stateWords("awaiting_info", "patient"), "We need something from you");
});

test("every end is an end", () => {
  assert.equal(isOver("closed"), true);
  assert.equal(isOver("redirected_emergency"), true);
  assert.equal(isOver("answered"), false);
});

test("whose turn it is goes by name, and by you", () => {
  assert.equal(ownerWords(owned("clinician", ADA), ADA), "Your turn");
  assert.equal(ownerWords(owned("clinician", ADA), PAT), "Dr. Ada Okafor");
  assert.equal(ownerWords(owned("service", ADA), ADA), "You were paged");
  assert.equal(ownerWords(owned("service", ADA), { id: "robin", role: "coordinator" }), "Dr. Ada Okafor was paged");
  assert.equal(ownerWords(owned("asker", PAT), ADA), "Waits for Pat Moreno");
  assert.equal(ownerWords(owned("asker", PAT), PAT), "Your turn");
  assert.equal(ownerWords(owned(null), ADA), "");
});

test("that nobody is on duty is said to the team", () => {
  assert.equal(ownerWords(owned("service"), ADA), "Nobody is on duty");
  assert.equal(ownerWords(owned("service"), PAT), "");
});
