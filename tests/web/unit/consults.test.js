import assert from "node:assert/strict";
import { test } from "node:test";
import { groupConsults } from "../../../static/lib/consults.js";

const consult = (id, state, urgency = "routine") => ({ id, state, urgency });
const shape = (groups) => groups.map(({ title, consults }) => [title, consults.map(({ id }) => id).join("")]);

test("what waits comes first, the most urgent on top, then as the server listed it", () => {
  const consults = [
    consult("a", "submitted"),
    consult("b", "in_review", "urgent"),
    consult("c", "submitted", "stat"),
    consult("d", "submitted"),
    consult("e", "submitted", "asap"),
  ];

  assert.deepEqual(shape(groupConsults(consults, "specialist")), [["Waiting for a reply", "cebad"]]);
});

test("answered and closed consults stand apart from those that wait", () => {
  const consults = [consult("a", "closed", "stat"), consult("b", "answered", "stat"), consult("c", "submitted")];

  assert.deepEqual(shape(groupConsults(consults, "coordinator")), [
    ["Waiting for a reply", "c"],
    ["Answered", "b"],
    ["Closed", "a"],
  ]);
});

test("a patient's own stay in the order of the last change", () => {
  const consults = [consult("a", "answered"), consult("b", "submitted", "stat"), consult("c", "closed")];

  assert.deepEqual(shape(groupConsults(consults, "patient")), [["Open", "ab"], ["Closed", "c"]]);
});

test("a patient's only group needs no title", () => {
  assert.deepEqual(shape(groupConsults([consult("a", "submitted")], "patient")), [["", "a"]]);
});

test("without consults there are no groups", () => {
  assert.deepEqual(groupConsults([], "patient"), []);
  assert.deepEqual(groupConsults([], "ems"), []);
});

test("the list that came from the server is left as it was", () => {
  const consults = Object.freeze([consult("a", "submitted"), consult("b", "submitted", "stat")]);

  groupConsults(consults, "specialist");

  assert.deepEqual(consults.map(({ id }) => id), ["a", "b"]);
});
