import assert from "node:assert/strict";
import { test } from "node:test";
import { agoWords, clockWords, dayWords, inSentence, takenWords } from "../../../static/lib/time.js";

process.env.TZ = "America/New_York";
const here = { now: new Date("2026-11-24T03:00:00"), locale: "en-US" };
const local = (text) => new Date(text);
const plain = (words) => words.replaceAll("\u202f", " "); // the narrow space before AM

test("the clock is the reader's own", () => {
  assert.equal(plain(clockWords(local("2026-11-24T02:14:00"), "en-US")), "2:14 AM");
  assert.match(clockWords(local("2026-11-24T02:14:00"), "de-DE"), /^0?2:14$/);
});

test("days are calendar days, not spans of 24 hours", () => {
  assert.equal(dayWords(local("2026-11-24T00:01:00"), here), "Today");
  assert.equal(dayWords(local("2026-11-23T23:59:00"), here), "Yesterday");
  assert.equal(dayWords(local("2026-11-22T23:59:00"), here), "Sunday, November 22");
});

test("another year is named", () => {
  assert.equal(dayWords(local("2025-11-24T12:00:00"), here), "Monday, November 24, 2025");
});

test("the night that the clocks change is still one day long", () => {
  assert.equal(dayWords(local("2026-10-31T23:30:00"), { now: local("2026-11-01T23:30:00"), locale: "en-US" }), "Yesterday");
});

test("a day inside a sentence has a small letter, a weekday keeps its own", () => {
  assert.equal(inSentence("Today"), "today");
  assert.equal(inSentence("Sunday, November 22"), "Sunday, November 22");
});

test("how long ago grows coarser with age", () => {
  const ago = (text) => agoWords(local(text), here);

  assert.equal(ago("2026-11-24T02:59:30"), "just now");
  assert.equal(ago("2026-11-24T02:55:00"), "5 min ago");
  assert.equal(ago("2026-11-24T01:00:00"), "2 h ago");
  assert.equal(ago("2026-11-23T22:00:00"), "5 h ago");
  assert.equal(ago("2026-11-23T09:00:00"), "yesterday");
  assert.equal(ago("2026-11-02T09:00:00"), "Nov 2");
});

test("a clock that runs ahead of ours reads as just now", () => {
  assert.equal(agoWords(local("2026-11-24T03:00:40"), here), "just now");
});

test("a photo shows the wall time that its phone wrote", () => {
  assert.equal(plain(takenWords({ captured_at: "2026-11-24T02:14:05", captured_offset: null }, here)), "Taken today, 2:14 AM");
  assert.equal(plain(takenWords({ captured_at: "2026-11-23T21:40:00.250", captured_offset: null }, here)), "Taken yesterday, 9:40 PM");
});

test("the phone's zone is named only where it is not the reader's", () => {
  const taken = (captured_offset) => plain(takenWords({ captured_at: "2026-11-24T02:14:05", captured_offset }, here));

  assert.equal(taken("-05:00"), "Taken today, 2:14 AM");
  assert.equal(taken("-08:00"), "Taken today, 2:14 AM (UTC-08:00)");
  assert.equal(taken("+05:30"), "Taken today, 2:14 AM (UTC+05:30)");
});

test("a photo without a time says so", () => {
  assert.equal(takenWords({ captured_at: null, captured_offset: null }, here), "Time taken not known");
});
