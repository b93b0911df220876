import assert from "node:assert/strict";
import { test } from "node:test";

import { faultsIn, formOf, namesOf, offered, takenWords, wishOf } from "../../../static/lib/steps.js";

const by = /** @type {any} */ ({ id: "ada", name: "Dr. Ada Okafor", role: "specialist" });

test("only what is possible is offered, and nothing that has a place of its own", () => {
  assert.deepEqual(offered(["acknowledge", "answer", "close", "release", "decline", "ask"]), ["ask", "decline"]);
});

test("a patient in an emergency is asked for no words", () => {
  const form = formOf("redirect_emergency", "patient");

  assert.deepEqual(namesOf(form), []);
  assert.equal(form.code, "asked");
});

test("whoever is sent on is sent to a place that knows of it", () => {
  const faults = faultsIn(formOf("redirect", "specialist"), { code: "no_capacity", "where.name": "Harbor Clinic" });

  assert.deepEqual(Object.keys(faults), ["where.telephone", "where.told"]);
});

test("a bed and a word of one's own may be left out", () => {
  const filled = { "transfer.clinician": "Dr. Lin", "transfer.mode": "ground", "transfer.arrives_at": "2030-01-02T03:04" };

  assert.deepEqual(faultsIn(formOf("accept_transfer", "specialist"), filled), {});
  assert.deepEqual(faultsIn(formOf("triage", "specialist"), { urgency: "stat" }), {});
});

test("what is sent holds groups, times of the world, and nothing empty", () => {
  const filled = { code: "", reason: "Full.", due_at: "2030-01-02T03:04", "where.name": "Harbor", "where.told": "" };

  assert.deepEqual(wishOf("decline", filled), {
    step: "decline",
    reason: "Full.",
    due_at: new Date("2030-01-02T03:04").toISOString(),
    where: { name: "Harbor" },
  });
});

test("the history says who, why and where to go", () => {
  const details = { where: { name: "Harbor", telephone: "555 0100", told: "Dr. Lin" } };
  const taken = /** @type {any} */ ({ step: "redirect", by, reason_code: "no_capacity", reason: "Full.", details, due_at: null });

  assert.deepEqual(takenWords(taken), {
    title: "Sent them elsewhere · Dr. Ada Okafor",
    more: ["There is no room", "Full.", "Harbor · 555 0100 · Dr. Lin was told"],
  });
});
