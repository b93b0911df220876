import assert from "node:assert/strict";
import { test } from "node:test";
import { saidWords } from "../../../static/lib/consents.js";
import { holds, proxyWords } from "../../../static/lib/proxies.js";
import { byPerson, looksAt } from "../../../static/lib/readers.js";
import { asksForConsent, isOwn, mayAskIn, mayEndGuests } from "../../../static/lib/roles.js";
import { threadEntries } from "../../../static/lib/thread.js";
import { speakerWords, titleOf } from "../../../static/lib/words.js";

const NOW = new Date("2026-11-24T12:00:00Z");
const ADA = { id: "ada", name: "Dr. Ada", role: "specialist" };

const look = (facts) => ({
  who: ADA, what: "saw the photo", times: 1, first_at: "2026-11-24T11:00:00Z", last_at: "2026-11-24T11:55:00Z",
  on_behalf_of: null, purpose: "care", emergency: false, ...facts,
});

test("who looked is told person by person, the last one first, and without oneself", () => {
  const ben = { id: "ben", name: "Ben", role: "patient" };
  const looks = [
    look({ last_at: "2026-11-24T11:50:00Z" }),
    look({ who: ben, on_behalf_of: "Leo", last_at: "2026-11-24T11:59:00Z" }),
    look({ what: "read the consult", times: 3 }),
    look({ who: { id: "me", name: "Me", role: "patient" } }),
  ];

  const people = byPerson(looks, "me", NOW);

  assert.deepEqual(people.map(({ name }) => name), ["Ben for Leo", "Dr. Ada"]);
  assert.deepEqual(people[1].lines, ["Saw the photo, 10 min ago", "Read the consult, 3 times, last 5 min ago"]);
});

test("a look in an emergency stands by itself and says so", () => {
  const people = byPerson([look({}), look({ emergency: true, last_at: "2026-11-24T11:58:00Z" })], "me", NOW);

  assert.deepEqual(people.map(({ emergency }) => emergency), [true, false]);
});

test("the looks at a photo nobody saw are none", () => {
  const readers = { consult: [], photos: [{ photo_id: "1", looks: [look({})] }] };

  assert.equal(looksAt(readers, "1").length, 1);
  assert.deepEqual(looksAt(readers, "2"), []);
});

test("what was said tells who said it and how", () => {
  const said = { purpose: "care", given: true, capacity: "proxy", method: "tap", given_by: { name: "Ana" }, at: NOW.toISOString() };

  assert.match(saidWords(said), /^Care: yes\. Ana, for the patient, with a tap\. /);
  assert.match(saidWords({ ...said, given: false, capacity: "self" }), /^Care: no\. Ana, with a tap\. /);
  assert.match(saidWords({ ...said, consult_id: "1" }, { everywhere: true }), /^Care: yes, for one consult\. Ana/);
  assert.match(saidWords({ ...said, method: "emergency" }), /nobody could be asked/);
});

test("a proxy holds until its end or until somebody ends it", () => {
  const proxy = { basis: "parent", valid_from: "2020-01-02T12:00:00Z", ends_at: "2026-11-24T12:00:00Z", ended_at: null };

  assert.equal(holds(proxy, new Date("2026-11-24T11:59:59Z")), true);
  assert.equal(holds(proxy, NOW), false);
  assert.equal(holds({ ...proxy, ends_at: null }, NOW), true);
  assert.equal(holds({ ...proxy, ends_at: null, ended_at: "2026-11-24T11:00:00Z" }, NOW), false);
  assert.match(proxyWords(proxy, NOW), /^Parent · since .* · ended /);
  assert.match(proxyWords({ ...proxy, ends_at: null }, NOW), /^Parent · since [^·]*$/);
});

test("every message says who spoke and for whom", () => {
  const [ana, leo] = [{ id: "ana", name: "Ana" }, { id: "leo", name: "Leo" }];

  assert.equal(speakerWords(ana, leo, "ada"), "Ana for Leo");
  assert.equal(speakerWords(ana, leo, "ana"), "You for Leo");
  assert.equal(speakerWords(ana, leo, "leo"), "Ana for you");
  assert.equal(speakerWords(ana, null, "ada"), "Ana");
});

test("photos that somebody sent for another are not grouped with their own", () => {
  const photo = { created_by: { id: "ana", name: "Ana" }, claimed_by: null, turned_from: null, created_at: "2026-11-24T11:00:00Z" };
  const photos = [{ ...photo, id: "1", on_behalf_of: null }, { ...photo, id: "2", on_behalf_of: { id: "leo", name: "Leo" } }];

  const entries = threadEntries({ messages: [], photos, dayOf: () => "" });

  assert.equal(entries.filter(({ type }) => type === "photos").length, 2);
});

test("whoever speaks for somebody knows their consults by name", () => {
  const consult = { kind: "follow_up", patient: { id: "leo", name: "Leo" } };

  assert.equal(titleOf(consult, "patient", "ana"), "Leo · Follow-up");
  assert.equal(titleOf(consult, "patient", "leo"), "Follow-up");
});

test("each finds around a consult what the service would let them do", () => {
  assert.deepEqual(["subject", "proxy", "member", "none"].filter((relation) => isOwn({ relation })), ["subject", "proxy"]);
  const open = { state: "answered", emergency_until: null };
  assert.equal(mayAskIn({ ...open, relation: "member" }, "specialist"), true);
  assert.equal(mayAskIn({ ...open, relation: "member", state: "closed" }, "specialist"), false);
  assert.equal(mayAskIn({ ...open, relation: "inbox" }, "specialist"), false);
  assert.equal(mayAskIn({ ...open, relation: "member" }, "ems"), false);
  assert.equal(mayEndGuests({ relation: "subject" }, "patient"), true);
  assert.equal(mayEndGuests({ relation: "proxy" }, "patient"), false);
  assert.equal(mayEndGuests({ relation: "guest" }, "specialist"), false);
  assert.equal(asksForConsent({ ...open, relation: "member" }, "specialist"), true);
  assert.equal(asksForConsent({ relation: "none", emergency_until: NOW.toISOString() }, "specialist"), false);
  assert.equal(asksForConsent({ ...open, relation: "member" }, "ems"), false);
});
