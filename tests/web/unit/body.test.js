import assert from "node:assert/strict";
import { test } from "node:test";
import { SITES, isPaired, placeWords } from "../../../static/lib/body.js";

const place = (body_site, laterality = null, view = null) => placeWords({ body_site, laterality, view });

test("a photo without a place has no words for it", () => {
  assert.equal(place(null, "R", "front"), "");
});

test("the side comes first, as people say it", () => {
  assert.equal(place("hand", "R"), "Right hand");
  assert.equal(place("lower_leg", "L", "back"), "Left lower leg, back");
});

test("a place without a side is named without one", () => {
  assert.equal(place("face", "U", "close_up"), "Face, close up");
  assert.equal(place("foot"), "Foot");
});

test("both sides are named after the place", () => {
  assert.equal(place("hand", "B", "front"), "Hand, both sides, front");
});

test("a place that this page does not know yet still reads as words", () => {
  assert.equal(place("big_toe", "L"), "Left big toe");
});

test("only paired places ask for a side", () => {
  assert.ok(isPaired("hand"));
  assert.ok(!isPaired("neck"));
  assert.ok(!isPaired(""));
});

test("no place is offered twice", () => {
  assert.equal(new Set(SITES.map((site) => site.code)).size, SITES.length);
  assert.equal(new Set(SITES.map((site) => site.words)).size, SITES.length);
});
