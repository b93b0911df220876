import assert from "node:assert/strict";
import { test } from "node:test";
import { coalesced } from "../../../static/lib/coalesced.js";

test("what is asked for while it runs is done once more, not once for each asking", async () => {
  let runs = 0;
  const ask = coalesced(async () => {
    runs += 1;
    await Promise.resolve();
  });

  await Promise.all([ask(), ask(), ask(), ask()]);

  assert.equal(runs, 2);
});

test("two runs never overlap", async () => {
  let inside = 0;
  const ask = coalesced(async () => {
    inside += 1;
    assert.equal(inside, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inside -= 1;
  });

  ask();
  await ask();
});

test("asked for after it is done, it runs anew", async () => {
  let runs = 0;
  const ask = coalesced(async () => {
    runs += 1;
  });

  await ask();
  await ask();

  assert.equal(runs, 2);
});

test("work that failed can be asked for again", async () => {
  let runs = 0;
  const ask = coalesced(async () => {
    runs += 1;
    if (runs === 1) throw new Error("once");
  });

  await assert.rejects(ask());
  await ask();

  assert.equal(runs, 2);
});
