import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, byService, daysBetween, lastDays, partnerWords, spanWords } from "../../../static/lib/figures.js";

const figure = (partner, p50, p90, p99, measure = "answered") => ({ service: "Burns", partner, measure, consults: 3, reached: 2, p50, p90, p99 });

test("a span is told in the two units that matter", () => {
  assert.deepEqual([0, 45, 59.7, 720, 3600, 12_000, 86_400, 187_200, null].map(spanWords),
    ["0 s", "45 s", "1 min", "12 min", "1 h", "3 h 20 min", "1 d", "2 d 4 h", "–"]);
});

test("the longest bar is as wide as the chart, and nobody has none", () => {
  const [all, one, none] = barsOf([figure(null, 50, 80, 100), figure("a.org", 10, 20, 50), figure("b.org", null, null, null)]);
  assert.deepEqual([all.p50, all.p90, all.p99], [50, 80, 100]);
  assert.equal(one.p99, 50);
  assert.deepEqual([none.p50, none.p99, none.words], [0, 0, "nobody yet"]);
});

test("only the chosen measure is shown, by service", () => {
  const items = [figure(null, 1, 1, 1), figure(null, 2, 2, 2, "seen")];
  assert.deepEqual([...byService(items, "seen")], [["Burns", [items[1]]]]);
});

test("the last day that is chosen counts as a whole", () => {
  const { since, until } = daysBetween("2026-11-01", "2026-11-01");
  assert.ok([23, 24, 25].includes((Date.parse(until) - Date.parse(since)) / 3_600_000));
  assert.deepEqual(lastDays(7, new Date("2026-11-08T00:00:00Z")).since, "2026-11-01T00:00:00.000Z");
});

test("whose they are is told in words", () => {
  assert.deepEqual([null, "patients", "tablets", "a.org"].map(partnerWords), ["All together", "Patients", "Ambulance tablets", "a.org"]);
});
