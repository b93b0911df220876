import assert from "node:assert/strict";
import { test } from "node:test";
import { hangsByOne } from "../../../static/lib/accounts.js";
import { found, offersFor, standingWords } from "../../../static/lib/people.js";
import { invitable, seesPeople } from "../../../static/lib/roles.js";

const PATIENT = { id: "p", name: "Pat", email: null, role: "patient", active: true, enrolled: false };
const COORDINATOR = { id: "c", role: "coordinator" };
const ADMIN = { id: "a", role: "admin" };

/** The names of what is offered, sorted. */
const offered = (person, me) =>
  Object.entries(offersFor({ ...PATIENT, ...person }, me))
    .filter(([, may]) => may)
    .map(([name]) => name)
    .toSorted();

test("a new patient without e-mail is given a code, one with e-mail a link as well", () => {
  assert.deepEqual(offered({}, COORDINATOR), ["cancel-codes", "card", "qr"]);
  assert.deepEqual(offered({ email: "p@example.org" }, COORDINATOR), ["again", "cancel-codes", "card", "qr"]);
});

test("a patient who had a passkey gets a card only as a proof in the place of a mailbox", () => {
  assert.ok(offered({ enrolled: true }, COORDINATOR).includes("card"));
  assert.ok(!offered({ enrolled: true }, COORDINATOR).includes("qr"));
  assert.ok(!offered({ enrolled: true, email: "p@example.org" }, COORDINATOR).includes("card"));
});

test("only administrators shut out, and nobody themselves", () => {
  assert.ok(!offered({ enrolled: true }, COORDINATOR).includes("disable"));
  assert.deepEqual(offered({ enrolled: true, role: "ems" }, ADMIN), ["disable", "end-sessions"]);
  assert.deepEqual(offered({ id: "a", enrolled: true, role: "admin" }, ADMIN), []);
  assert.deepEqual(offered({ role: "ems", active: false }, ADMIN), ["enable"]);
});

test("nobody is their own witness, and none is asked for somebody who never came", () => {
  assert.ok(offered({ enrolled: true }, COORDINATOR).includes("witness"));
  assert.ok(!offered({ enrolled: false }, COORDINATOR).includes("witness"));
  assert.deepEqual(offered({ id: "c", role: "coordinator", enrolled: true }, COORDINATOR), []);
});

test("a coordinator is offered nothing that opens or ends an administrator's account", () => {
  assert.deepEqual(offered({ role: "admin", email: "a@example.org" }, COORDINATOR), []);
  assert.ok(!offered({ role: "admin", enrolled: true }, COORDINATOR).includes("end-sessions"));
});

test("only coordinators and administrators see people, and only the latter make administrators", () => {
  assert.deepEqual(["patient", "ems", "specialist", "coordinator", "admin"].filter(seesPeople), ["coordinator", "admin"]);
  assert.ok(!invitable("coordinator").includes("admin"));
  assert.ok(invitable("admin").includes("admin"));
});

test("people are found by name and address, in order of their names", () => {
  const people = [{ name: "Zoe", email: "zoe@example.org" }, { name: "Al", email: null }, { name: "Bo", email: "al@example.org" }];
  assert.deepEqual(found(people, " AL ").map(({ name }) => name), ["Al", "Bo"]);
  assert.equal(found(people, "").length, 3);
});

test("whoever is shut out is not said to have a passkey", () => {
  assert.equal(standingWords({ active: false, enrolled: true }), "Shut out");
  assert.equal(standingWords({ active: true, enrolled: true }), "Has a passkey");
  assert.equal(standingWords({ active: true, enrolled: false }), "Not here yet");
});

test("an account hangs by one passkey that is nowhere else", () => {
  assert.equal(hangsByOne([{ backed_up: false }]), true);
  assert.equal(hangsByOne([{ backed_up: true }]), false);
  assert.equal(hangsByOne([{ backed_up: false }, { backed_up: false }]), false);
});
