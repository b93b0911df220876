import assert from "node:assert/strict";
import { test } from "node:test";
import { mayTurn } from "../../../static/lib/roles.js";

const photo = { created_by: { id: "pat" } };

test("a patient is offered to turn their own photos and no others", () => {
  assert.equal(mayTurn(photo, { id: "pat", role: "patient" }), true);
  assert.equal(mayTurn(photo, { id: "sam", role: "patient" }), false);
});

test("those who treat are offered to turn every photo", () => {
  assert.equal(mayTurn(photo, { id: "ada", role: "specialist" }), true);
  assert.equal(mayTurn(photo, { id: "medic", role: "ems" }), true);
});

test("whoever sees no pictures is not offered to turn them", () => {
  assert.equal(mayTurn(photo, { id: "robin", role: "coordinator" }), false);
  assert.equal(mayTurn(photo, { id: "pat", role: "admin" }), false);
});
