import assert from "node:assert/strict";
import { test } from "node:test";
import { isClinician, mayClose, seesPhotos } from "../../../static/lib/roles.js";
import { counted, findingWords, joined, readersWords, sentByTablet, titleOf } from "../../../static/lib/words.js";

test("a patient knows a consult by its kind, others by the patient", () => {
  const consult = { kind: "follow_up", patient: { id: "1", name: "Pat Moreno" } };

  assert.equal(titleOf(consult, "patient"), "Follow-up");
  assert.equal(titleOf(consult, "specialist"), "Pat Moreno");
});

test("a consult about nobody known says so", () => {
  assert.equal(titleOf({ kind: "emergency", patient: null }, "ems"), "Name not known");
});

test("one photo is one photo", () => {
  assert.equal(counted(1, "photo"), "1 photo");
  assert.equal(counted(3, "photo"), "3 photos");
  assert.equal(counted(2, "person", "people"), "2 people");
});

test("names are joined as people say them", () => {
  assert.equal(joined([]), "");
  assert.equal(joined(["Ada"]), "Ada");
  assert.equal(joined(["Ada", "Ben"]), "Ada and Ben");
  assert.equal(joined(["Ada", "Ben", "Cem"]), "Ada, Ben and Cem");
});

test("a kind of hidden thing that this page does not know has words too", () => {
  assert.equal(findingWords("gps"), "location");
  assert.equal(findingWords("something_new"), "other hidden details");
});

test("until a specialist is in the consult, every specialist can read it, and the page says so", () => {
  assert.match(readersWords([{ role: "patient" }]), /every burn specialist/);
  assert.doesNotMatch(readersWords([{ role: "patient" }, { role: "specialist" }]), /every burn specialist/);
});

test("each role finds what it may do, and no more", () => {
  const roles = ["patient", "ems", "specialist", "coordinator", "admin"];

  assert.deepEqual(roles.filter(isClinician), ["ems", "specialist", "coordinator"]);
  assert.deepEqual(roles.filter(seesPhotos), ["patient", "ems", "specialist"]);
  assert.deepEqual(roles.filter(mayClose), ["specialist", "coordinator"]);
});

test("what a tablet sent is by the tablet, and by whoever claimed it", () => {
  const rig = { id: "1", name: "Medic 12", role: "device" };
  const sam = { id: "2", name: "Sam Rivera", role: "ems" };

  assert.equal(sentByTablet({ opened_by: rig, claimed_by: null }, "3"), "From Medic 12");
  assert.equal(sentByTablet({ opened_by: rig, claimed_by: sam }, "3"), "From Medic 12, claimed by Sam Rivera");
  assert.equal(sentByTablet({ opened_by: rig, claimed_by: sam }, "2"), "From Medic 12, claimed by you");
  assert.equal(sentByTablet({ opened_by: sam, claimed_by: null }, "3"), "");
});
