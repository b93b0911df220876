import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { countDown } from "../../../static/lib/count-down.js";
import { leftWords } from "../../../static/lib/time.js";

test("what is left is said in minutes and seconds, and nothing once it is over", () => {
  assert.equal(leftWords(600_000), "10:00");
  assert.equal(leftWords(65_001), "1:06");
  assert.equal(leftWords(0), "");
  assert.equal(leftWords(-5_000), "");
});

test("a count ends once, at its moment", () => {
  mock.timers.enable({ apis: ["setInterval", "Date"], now: 0 });
  const clock = { textContent: "" };
  let ends = 0;

  countDown(clock, new Date(2_000), new AbortController().signal, () => (ends += 1));

  assert.equal(clock.textContent, "0:02");
  mock.timers.tick(1_000);
  assert.equal(clock.textContent, "0:01");
  mock.timers.tick(5_000);
  assert.equal(ends, 1);
  mock.timers.reset();
});

test("a count that is called off says nothing", () => {
  mock.timers.enable({ apis: ["setInterval", "Date"], now: 0 });
  const off = new AbortController();
  let ends = 0;
  countDown({ textContent: "" }, new Date(2_000), off.signal, () => (ends += 1));

  off.abort();
  mock.timers.tick(5_000);

  assert.equal(ends, 0);
  mock.timers.reset();
});
