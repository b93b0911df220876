import assert from "node:assert/strict";
import { test } from "node:test";
import { lastSeq, mergeMessages, newestPhotos, threadEntries } from "../../../static/lib/thread.js";

const at = (minute) => `2026-11-24T02:${String(minute).padStart(2, "0")}:00.000Z`;
const message = (seq, { minute = seq, photo_ids = [], id = `m${seq}` } = {}) => ({ id, seq, photo_ids, created_at: at(minute) });
const photo = (id, minute, by = "pat") => ({ id, created_at: at(minute), created_by: { id: by } });
/** One photo, turned again and again: each but the first replaces the one before. */
const line = (ids, minute) =>
  ids.map((id, n) => ({ ...photo(id, minute), turned_from: ids[n - 1] ?? null, replaced_by: ids[n + 1] ?? null }));
const entries = (messages, photos, more = {}) => threadEntries({ messages, photos, dayOf: () => "one day", ...more });
const shape = (list) =>
  list.map((entry) => ("photos" in entry ? [entry.key, ...entry.photos.map(({ id }) => id)].join(" ") : entry.type));

test("what arrives twice is one message", () => {
  const merged = mergeMessages([message(1), message(2)], [message(2), message(3)]);

  assert.deepEqual(merged.map(({ seq }) => seq), [1, 2, 3]);
});

test("messages stand in the order of the service, whatever the order of arrival", () => {
  const merged = mergeMessages([message(3)], [message(1), message(2)]);

  assert.deepEqual(merged.map(({ seq }) => seq), [1, 2, 3]);
  assert.equal(lastSeq(merged), 3);
  assert.equal(lastSeq([]), 0);
});

test("a photo stands in the message that names it, and nowhere else", () => {
  const list = entries([message(1, { minute: 5, photo_ids: ["p"] })], [photo("p", 1)]);

  assert.deepEqual(shape(list), ["day", "m1 p"]);
});

test("a photo of no message stands at its place in time", () => {
  const list = entries([message(1), message(5)], [photo("late", 9), photo("between", 3), photo("early", 0)]);

  assert.deepEqual(shape(list), ["day", "early early", "m1", "between between", "m5", "late late"]);
});

test("photos that one person sent in a row stand together", () => {
  const list = entries([message(5)], [photo("a", 1), photo("b", 2), photo("c", 3, "medic"), photo("d", 6)]);

  assert.deepEqual(shape(list), ["day", "a a b", "c c", "m5", "d d"]);
});

test("a message that names a photo which has not come yet still shows its words", () => {
  assert.deepEqual(shape(entries([message(1, { photo_ids: ["later"] })], [])), ["day", "m1"]);
});

test("a clock that went back does not change the order of messages", () => {
  assert.deepEqual(shape(entries([message(1, { minute: 30 }), message(2, { minute: 10 })], [])), ["day", "m1", "m2"]);
});

test("the mark of what is new stands before the first unread message", () => {
  assert.deepEqual(shape(entries([message(1), message(2), message(3)], [], { readTo: 1 })), ["day", "m1", "unread", "m2", "m3"]);
});

test("when all is read there is no mark", () => {
  assert.deepEqual(shape(entries([message(1)], [], { readTo: 1 })), ["day", "m1"]);
  assert.deepEqual(shape(entries([message(1)], [])), ["day", "m1"]);
});

test("each day begins with its name", () => {
  const dayOf = (moment) => (moment < at(3) ? "first" : "second");
  const list = entries([message(1), message(2), message(3), message(4)], [], { dayOf });

  assert.deepEqual(list.map(({ key }) => key), ["day first", "m1", "m2", "day second", "m3", "m4"]);
});

test("nothing said and nothing shown is an empty thread", () => {
  assert.deepEqual(entries([], []), []);
});

test("the newest of a line stands for all of it", () => {
  const newest = newestPhotos([...line(["a", "b", "c"], 1), photo("other", 2)]);

  assert.deepEqual([...newest].map(([id, { id: now }]) => id + now), ["ac", "bc", "cc", "otherother"]);
});

test("a photo whose successor has not come yet stands for itself", () => {
  const [first] = line(["a", "b"], 1);

  assert.equal(newestPhotos([first]).get("a"), first);
});

test("a message that names a photo shows it as it is now", () => {
  const list = entries([message(1, { photo_ids: ["a", "p"] })], [...line(["a", "b", "c"], 1), photo("p", 1)]);

  assert.deepEqual(shape(list), ["day", "m1 c p"]);
});

test("a message that names a photo twice, before and after it was turned, shows it once", () => {
  assert.deepEqual(shape(entries([message(1, { photo_ids: ["a", "b"] })], line(["a", "b"], 1))), ["day", "m1 b"]);
});

test("a turned photo of no message keeps its place and its entry", () => {
  const list = entries([message(1), message(5)], [...line(["a", "b"], 3), photo("late", 9)]);

  assert.deepEqual(shape(list), ["day", "m1", "a b", "m5", "late late"]);
});

test("photos of one tablet stand together as long as nobody else claims some of them", () => {
  const claimed = (id, minute, by) => ({ ...photo(id, minute, "rig"), claimed_by: by && { id: by } });

  const list = entries([], [claimed("a", 1, "sam"), claimed("b", 2, "sam"), claimed("c", 3, null), photo("d", 4, "rig")]);

  assert.deepEqual(shape(list), ["day", "a claimed a b", "c c d"]);
});
