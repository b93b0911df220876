import assert from "node:assert/strict";
import { test } from "node:test";
import { delay } from "../../../static/lib/backoff.js";

test("each try waits twice as long as the one before, up to half a minute", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((attempt) => delay(attempt, 1)), [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test("chance spreads the tries of many pages over half the wait", () => {
  assert.equal(delay(3, 0), 4000);
  assert.equal(delay(3, 0.5), 6000);
});
