import assert from "node:assert/strict";
import { test } from "node:test";
import { dueWords, isLate, spanWords } from "../../../static/lib/due.js";

const NOW = new Date("2026-11-24T12:00:00Z");
const MINUTE = 60_000;
const at = (minutes) => new Date(NOW.getTime() + minutes * MINUTE).toISOString();
const words = (state, minutes, role = "specialist") => dueWords({ state, due_at: at(minutes) }, { now: NOW, role });

test("a span is as exact as it matters", () => {
  const spans = [59_000, 4 * MINUTE, 60 * MINUTE, 200 * MINUTE, 11 * 60 * MINUTE + MINUTE, 25 * 60 * MINUTE, 50 * 60 * MINUTE];

  assert.deepEqual(spans.map(spanWords), ["less than a minute", "4 min", "1 h", "3 h 20 min", "11 h", "1 day", "2 days"]);
});

test("what is due is named, and what is over is overdue", () => {
  assert.equal(words("in_review", 12), "answer due in 12 min");
  assert.equal(words("submitted", 2), "to be taken in 2 min");
  assert.equal(words("assigned", -4), "overdue by 4 min");
});

test("a patient is promised and told in their own words", () => {
  assert.equal(words("in_review", 180, "patient"), "answer in 3 h at the latest");
  assert.equal(words("in_review", -4, "patient"), "late by 4 min");
  assert.equal(words("awaiting_info", 60, "patient"), "please send it in 1 h at the latest");
});

test("an end has no time", () => {
  assert.equal(dueWords({ state: "closed", due_at: null }, { now: NOW, role: "patient" }), "");
});

test("only the side that answers is late", () => {
  assert.equal(isLate({ due_at: at(-1), owner: { side: "service", person: null } }, NOW), true);
  assert.equal(isLate({ due_at: at(1), owner: { side: "service", person: null } }, NOW), false);
  assert.equal(isLate({ due_at: at(-1), owner: { side: "asker", person: null } }, NOW), false);
  assert.equal(isLate({ due_at: null, owner: null }, NOW), false);
});
