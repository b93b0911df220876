import assert from "node:assert/strict";
import { test } from "node:test";
import { groupConsults } from "../../../static/lib/consults.js";

const NOW = new Date("2026-11-24T12:00:00Z");
const SIDES = { answered: "asker", awaiting_info: "asker", follow_up: "asker", assigned: "clinician", in_review: "clinician", closed: null };
const consult = (id, state, { urgency = "routine", due = 60 } = {}) => {
  const side = state in SIDES ? SIDES[state] : "service";
  const due_at = side && new Date(NOW.getTime() + due * 60_000).toISOString();
  return { id, state, urgency, due_at, owner: side && { side, person: null } };
};
const shape = (groups) => groups.map(({ title, consults }) => [title, consults.map(({ id }) => id).join("")]);
const grouped = (consults, role) => shape(groupConsults(consults, role, NOW));

test("the most urgent comes first, then what is due first, then as the server listed it", () => {
  const consults = [
    consult("a", "submitted"),
    consult("b", "in_review", { urgency: "urgent" }),
    consult("c", "submitted", { urgency: "stat", due: 9 }),
    consult("d", "submitted"),
    consult("e", "assigned", { urgency: "stat", due: 2 }),
    consult("f", "submitted", { due: 30 }),
  ];

  assert.deepEqual(grouped(consults, "specialist"), [["To be answered", "ecbfad"]]);
});

test("what the team let pass stands above everything", () => {
  const consults = [
    consult("a", "submitted", { urgency: "stat" }),
    consult("b", "in_review", { due: -4 }),
    consult("c", "triaged", { due: -9, urgency: "asap" }),
  ];

  assert.deepEqual(grouped(consults, "coordinator"), [["Overdue", "cb"], ["To be answered", "a"]]);
});

test("what waits for whoever asked is not overdue for the team", () => {
  const consults = [consult("a", "closed"), consult("b", "answered", { due: -4 }), consult("c", "submitted")];

  assert.deepEqual(grouped(consults, "specialist"), [["To be answered", "c"], ["Waiting for whoever asked", "b"], ["Ended", "a"]]);
});

test("a crew sees first what waits for them", () => {
  const consults = [consult("a", "submitted"), consult("b", "awaiting_info"), consult("c", "in_review", { urgency: "stat" })];

  assert.deepEqual(grouped(consults, "ems"), [["Your turn", "b"], ["With the burn team", "ca"]]);
});

test("a patient's own stay in the order of the last change", () => {
  const consults = [consult("a", "answered"), consult("b", "submitted", { urgency: "stat" }), consult("c", "closed")];

  assert.deepEqual(grouped(consults, "patient"), [["Open", "ab"], ["Closed", "c"]]);
});

test("a patient's only group needs no title", () => {
  assert.deepEqual(grouped([consult("a", "submitted")], "patient"), [["", "a"]]);
});

test("without consults there are no groups", () => {
  assert.deepEqual(grouped([], "patient"), []);
  assert.deepEqual(grouped([], "ems"), []);
});

test("the list that came from the server is left as it was", () => {
  const consults = Object.freeze([consult("a", "submitted"), consult("b", "submitted", { urgency: "stat" })]);

  grouped(consults, "specialist");

  assert.deepEqual(consults.map(({ id }) => id), ["a", "b"]);
});
