import assert from "node:assert/strict";
import { test } from "node:test";
import { clockLines, nobodyOnDuty, pageLines } from "../../../static/lib/clock.js";

const NOW = new Date("2026-11-24T12:00:00");
const here = { now: NOW, locale: "en-US" };
const at = (minutes) => new Date(NOW.getTime() + minutes * 60_000).toISOString();
const ADA = { id: "ada", name: "Dr. Ada Okafor", role: "specialist" };
const page = (facts) => ({ kind: "acknowledge", rung: "primary", due_at: at(0), at: null, outcome: null, person: null, mail_failed: false, ...facts });
const text = (lines) => lines.map(({ title, words }) => `${title}: ${words.replaceAll("\u202f", " ")}`);

test("what has happened has its time, the rest has not happened yet", () => {
  const clock = { sent_at: at(-9), delivered_at: at(-8), seen_at: null, acknowledged_at: at(-5), acknowledged_by: ADA, answered_at: null };

  assert.deepEqual(text(clockLines(clock, here)), [
    "Sent: 11:51 AM", "Delivered: 11:52 AM", "Seen: Not yet", "Taken by Dr. Ada Okafor: 11:55 AM", "Answered: Not yet",
  ]);
});

test("the ladder says who was paged, who is next, and leaves out what was not needed", () => {
  const pages = [
    page({ at: at(-9), outcome: "paged", person: ADA }),
    page({ rung: "backup", due_at: at(5) }),
    page({ rung: "supervisor", at: at(-1), outcome: "stopped" }),
  ];

  assert.deepEqual(text(pageLines(pages, here)), [
    "First on duty: Dr. Ada Okafor: Paged: 11:51 AM", "Backup: Next: 12:05 PM, if nobody takes it",
  ]);
});

test("a clock that stands still gives no time, and a mail that came back is told", () => {
  const pages = [page({ due_at: null }), page({ at: at(-1), outcome: "paged", mail_failed: true })];

  assert.match(pageLines(pages, here)[0].words, /Stands still/);
  assert.match(pageLines(pages, here)[1].words, /The mail came back/);
});

test("that nobody was there to be paged counts until somebody was", () => {
  const nobody = page({ at: at(-9), outcome: "telephone" });

  assert.equal(nobodyOnDuty([nobody]), true);
  assert.equal(nobodyOnDuty([nobody, page({ rung: "backup", at: at(-4), outcome: "paged" })]), false);
  assert.equal(nobodyOnDuty([page({})]), false);
});
