import assert from "node:assert/strict";
import { test } from "node:test";
import { dayTitle, gapWords, later, shiftWords, weekOf } from "../../../static/lib/roster.js";

const there = { now: new Date("2026-11-25T03:30:00Z"), timeZone: "America/Chicago", locale: "en-US" };
const shift = {
  id: "s", user: { id: "ada", name: "Dr. Ada Okafor", role: "specialist" }, rung: "primary",
  starts_at: "2026-11-25T02:00:00Z", ends_at: "2026-11-26T14:00:00Z",
  starts: "2026-11-24T20:00:00-06:00", ends: "2026-11-26T08:00:00-06:00",
};

const plain = (/** @type {string} */ words) => words.replace(/\s/g, " "); // narrow spaces of some versions

test("a shift is split by the days of the service, not by those of the reader", () => {
  const week = weekOf([shift], there);
  assert.deepEqual(week.slice(0, 4).map(({ day, rungs }) => [day, ...rungs[0].stretches.map(({ words }) => plain(words))]), [
    ["2026-11-24", "from 8:00 PM"], ["2026-11-25", "all day"], ["2026-11-26", "until 8:00 AM"], ["2026-11-27"],
  ]);
  assert.equal(week.length, 7);
  assert.deepEqual(week[0].rungs.map(({ rung }) => rung), ["primary", "backup", "supervisor"]);
});

test("a shift that ends at midnight is over on the next day", () => {
  const short = { ...shift, starts: "2026-11-24T08:00:00-06:00", ends: "2026-11-25T00:00:00-06:00" };
  const words = weekOf([short], there).map(({ rungs }) => rungs[0].stretches.map((each) => plain(each.words)).join());
  assert.deepEqual(words.slice(0, 2), ["from 8:00 AM", ""]);
});

test("days and shifts are named by the clocks of the service", () => {
  assert.equal(dayTitle("2026-11-24", there), "Today");
  assert.equal(dayTitle("2026-11-25", there), "Wednesday, Nov 25");
  assert.equal(later("2026-12-31", 1), "2027-01-01");
  assert.equal(plain(shiftWords(shift, "en-US")), "Tue, Nov 24, 8:00 PM to Thu, Nov 26, 8:00 AM");
});

test("a gap says from when until when, and when it is the whole week", () => {
  const gap = (starts_at, ends_at) => plain(gapWords({ rung: "primary", starts_at, ends_at }, there));
  assert.equal(gap("2026-11-25T03:30:00Z", "2026-12-02T03:30:00Z"), "the whole week");
  assert.equal(gap("2026-11-25T03:30:00Z", "2026-11-25T14:00:00Z"), "now to Wed, Nov 25, 8:00 AM");
  assert.equal(gap("2026-11-26T14:00:00Z", "2026-12-02T03:30:00Z"), "Thu, Nov 26, 8:00 AM to the end of this week");
});
