import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EMPTY,
  allPhotosSent,
  draftOf,
  isEmpty,
  nextPhoto,
  photoFailed,
  photoProblem,
  settled,
  tryAgain,
  withPhoto,
  withPhotos,
  withoutPhoto,
} from "../../../static/lib/outbox.js";

const file = new Blob(["photo"]);
const two = withPhotos({ ...EMPTY, text: "Is it bad?" }, [{ id: "a", file }, { id: "b", file }]);
const states = (outbox) => outbox.photos.map(({ state }) => state);
const refused = { status: 422, detail: "This file is damaged." };
const offline = { status: 0, detail: "No line." };

test("photos are sent one after another, in the order in which they were chosen", () => {
  assert.equal(nextPhoto(two)?.id, "a");
  assert.equal(nextPhoto(withPhoto(two, "a", { state: "sent" }))?.id, "b");
});

test("photos that are chosen later join those that wait", () => {
  const three = withPhotos(withPhoto(two, "a", { state: "sent" }), [{ id: "c", file }]);

  assert.deepEqual(states(three), ["sent", "waiting", "waiting"]);
});

test("a photo that is taken out leaves the others and the words", () => {
  const one = withoutPhoto(two, "a");

  assert.deepEqual(one.photos.map(({ id }) => id), ["b"]);
  assert.equal(one.text, "Is it bad?");
});

test("what failed on the way is worth another try; what was refused is not", () => {
  const stuck = photoFailed(photoFailed(two, "a", offline), "b", refused);

  assert.deepEqual(states(stuck), ["failed", "refused"]);
  assert.deepEqual(states(tryAgain(stuck)), ["waiting", "refused"]);
});

test("an ended session, a busy or a broken service pass", () => {
  for (const status of [0, 401, 403, 408, 429, 500, 502, 507]) {
    assert.equal(states(photoFailed(two, "a", { status, detail: "" }))[0], "failed", String(status));
  }
  for (const status of [400, 404, 409, 413, 415, 422]) {
    assert.equal(states(photoFailed(two, "a", { status, detail: "" }))[0], "refused", String(status));
  }
});

test("another try keeps the id of the photo, so that it arrives once", () => {
  const again = tryAgain(photoFailed(two, "a", offline));

  assert.equal(nextPhoto(again)?.id, "a");
  assert.equal(nextPhoto(again)?.problem, "");
});

test("a photo says why it was refused", () => {
  assert.equal(photoFailed(two, "b", refused).photos[1]?.problem, "This file is damaged.");
});

test("the message waits until every photo has arrived", () => {
  assert.ok(!allPhotosSent(withPhoto(two, "a", { state: "sent" })));
  assert.ok(allPhotosSent(withPhoto(withPhoto(two, "a", { state: "sent" }), "b", { state: "sent" })));
});

test("a message names its photos and says its words without the space around them", () => {
  const draft = draftOf({ ...two, text: "  Is it bad?\n", audience: "clinicians" }, "fresh");

  assert.deepEqual(draft, { id: "fresh", body: "Is it bad?", photo_ids: ["a", "b"], audience: "clinicians" });
});

test("the same message again keeps its id", () => {
  const tried = { ...two, lastTry: draftOf(two, "first") };

  assert.equal(draftOf(tried, "second").id, "first");
});

test("other words, photos or readers make another message", () => {
  const tried = { ...two, lastTry: draftOf(two, "first") };

  assert.equal(draftOf({ ...tried, text: "Is it very bad?" }, "second").id, "second");
  assert.equal(draftOf(withoutPhoto(tried, "b"), "second").id, "second");
  assert.equal(draftOf({ ...tried, audience: "clinicians" }, "second").id, "second");
});

test("a message seen in the thread has been sent, whatever became of its answer", () => {
  const tried = { ...two, audience: "clinicians" };
  tried.lastTry = draftOf(tried, "first");

  assert.deepEqual(settled(tried, new Set(["first"])), { ...EMPTY, audience: "clinicians" });
  assert.equal(settled(tried, new Set(["other"])), tried);
});

test("words that were changed since the last try are kept", () => {
  const changed = { ...two, lastTry: draftOf(two, "first"), text: "Is it worse?" };

  assert.equal(settled(changed, new Set(["first"])), changed);
  assert.equal(settled(EMPTY, new Set(["first"])), EMPTY);
});

test("an outbox with nothing but space in it is empty", () => {
  assert.ok(isEmpty({ ...EMPTY, text: " \n" }));
  assert.ok(!isEmpty(two));
  assert.ok(!isEmpty({ ...EMPTY, text: "Help" }));
});

test("one sentence says what keeps the photos from going", () => {
  assert.equal(photoProblem(two), "");
  assert.match(photoProblem(photoFailed(two, "a", offline)), /Try again/);
  assert.match(photoProblem(photoFailed(photoFailed(two, "a", offline), "b", refused)), /Remove it/);
});
