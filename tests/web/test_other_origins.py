"""CS-1. A page of somebody else, in the same browser: it changes nothing and reads nothing.

The attacker serves on another port of the same host, where SameSite cookies are sent along,
and on another host. The victim is signed in, in another tab of the same browser.
"""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.service import Service
from tests.web.person import Person

ATTACK = """
async ({ target, consult, photo, message }) => {
  const read = [];
  const note = (way, what) => read.push([way, what]);
  const wishes = [
    ["POST", "/api/consults", '{"kind":"follow_up","reason":"forged"}'],
    ["PUT", `/api/consults/${consult}/messages/${message}`, '{"body":"forged"}'],
    ["POST", `/api/consults/${consult}/close`, "{}"],
    ["PUT", `/api/consults/${consult}/read`, '{"seq":1}'],
    ["POST", `/api/photos/${photo}/turn`, '{"clockwise":90}'],
    ["DELETE", "/api/session", ""],
    ["POST", "/api/passkeys/authentication/options", "{}"],
  ];
  const sights = [
    "/api/session", "/api/me", "/api/consults", `/api/consults/${consult}`,
    `/api/consults/${consult}/messages`, `/api/photos/${photo}`, `/api/photos/${photo}/image`,
    `/api/photos/${photo}/preview`, `/api/photos/${photo}/dicom`,
    `/api/photos/${photo}/certificate`, "/", "/app.js",
  ];
  const look = async (way, promise) => {
    try {
      const answer = await promise;
      const text = await answer.text();
      if (answer.type !== "opaque" || text) note(way, `${answer.status} ${text.slice(0, 80)}`);
    } catch { /* refused, as it should be */ }
  };
  for (const mode of ["cors", "no-cors"]) {
    for (const path of sights) {
      await look(`${mode} GET ${path}`, fetch(target + path, {
        mode, credentials: "include", signal: AbortSignal.timeout(10000),
      }));
    }
    for (const [method, path, body] of wishes) {
      for (const type of ["text/plain", "application/json", ""]) {
        const headers = type ? { "Content-Type": type } : {};
        const said = {
          method, mode, headers, credentials: "include", body: new Blob([body]),
          signal: AbortSignal.timeout(10000),
        };
        await look(`${mode} ${method} ${path} ${type}`, (async () => fetch(target + path, said))());
      }
    }
  }
  for (const [method, path, body] of wishes) {
    navigator.sendBeacon(target + path, new Blob([body], { type: "text/plain" }));
  }
  const shown = (tag, path) => new Promise((done) => {
    const element = document.createElement(tag);
    element[tag === "object" ? "data" : "src"] = target + path;
    element.onerror = () => done(null);
    element.onload = () => done(element);
    setTimeout(() => done(null), 1500);
    document.body.append(element);
  });
  for (const path of sights) {
    const image = await shown("img", path);
    if (image && image.naturalWidth) note(`img ${path}`, image.naturalWidth);
  }
  for (const tag of ["iframe", "object", "embed"]) {
    const framed = await Promise.all(sights.map((path) => shown(tag, path)));
    framed.forEach((frame, at) => {
      try {
        const inside = frame?.contentDocument?.body?.textContent;
        if (inside) note(`${tag} ${sights[at]}`, inside.slice(0, 80));
      } catch { /* another origin */ }
    });
  }
  for (const path of ["/app.js", "/api/consults"]) {
    const script = await shown("script", path);
    if (script) note(`script ${path}`, "ran");
  }
  for (const [, path, body] of wishes) {
    for (const enctype of ["text/plain", "application/x-www-form-urlencoded"]) {
      const frame = document.createElement("iframe");
      frame.name = `f${Math.random()}`;
      document.body.append(frame);
      const form = Object.assign(document.createElement("form"), {
        method: "POST", action: target + path, enctype, target: frame.name,
      });
      const field = document.createElement("input");
      [field.name, field.value] = [body.slice(0, -1) + ',"x":"', '"}'];
      form.append(field);
      document.body.append(form);
      form.submit();
    }
  }
  await new Promise((done) => setTimeout(done, 1500));
  const opened = window.open(`${target}/consults/${consult}`);
  await new Promise((done) => setTimeout(done, 1000));
  try {
    if (opened?.document?.title) note("window", opened.document.title);
  } catch { /* another origin */ }
  opened?.close();
  return read;
}
"""


MESSAGE = "5b8f9c1e-5a4d-4f0e-9a51-3f1f6b1f2a77"


@dataclass(frozen=True)
class Attacker:
    port: int

    def page_on(self, host: str) -> str:
        return f"http://{host}:{self.port}/"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Win a phone</title><body>Here</body>")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture(scope="module")
def attacker() -> Iterator[Attacker]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True).start()
        yield Attacker(server.server_address[1])
        server.shutdown()


@pytest.fixture
def consult(patient: Person, photo: Path) -> dict[str, str]:
    """A consult of the victim's with a photo and words in it."""
    address = patient.ask_for_help("Hot oil on my wrist.")
    patient.choose_photos(photo)
    patient.say("Does it need a dressing?")
    consult_id = address.rpartition("/")[2]
    shown = state_of(patient, consult_id)
    return {"consult": consult_id, "photo": shown["consult"]["photos"][0]["id"]}


def state_of(person: Person, consult_id: str) -> dict[str, Any]:
    """Everything that an attack could have changed, as the victim's own page sees it."""
    return person.page.evaluate(
        """async (id) => {
          // The clock moves by itself, when the worker pages somebody or a mail has gone out.
          const unmoved = ({ clock, pages, updated_at, last_event, ...rest }) => rest;
          return {
          session: (await (await fetch("/api/session")).json()).user,
          consults: (await (await fetch("/api/consults")).json()).items.map((item) => item.id),
          consult: unmoved(await (await fetch(`/api/consults/${id}`)).json()),
          messages: await (await fetch(`/api/consults/${id}/messages`)).json(),
        }; }""",
        consult_id,
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_another_origin_changes_nothing_and_reads_nothing(
    patient: Person, consult: dict[str, str], attacker: Attacker, service: Service, host: str
) -> None:
    before = state_of(patient, consult["consult"])
    sent: list[dict[str, str]] = []
    page = open_attack(patient, attacker.page_on(host), sent)

    target = {"target": service.origin, "message": MESSAGE}
    read = page.evaluate(ATTACK, consult | target)
    carried = [headers for headers in sent if "__Host-session" in headers.get("cookie", "")]
    page.close()

    assert read == []
    assert state_of(patient, consult["consult"]) == before
    assert len(sent) > 60
    # To another port of the same host the cookie does go along: it is refused all the same.
    assert bool(carried) is (host == "localhost")
    expect(patient.page.get_by_role("article").first).to_be_visible()


def test_the_attack_reads_what_is_not_guarded(
    patient: Person, consult: dict[str, str], attacker: Attacker
) -> None:
    """Against a service without any guard, its own, the same page gets at everything."""
    address = attacker.page_on("localhost")
    page = open_attack(patient, address, [])

    target = {"target": address.rstrip("/"), "message": MESSAGE}
    read = page.evaluate(ATTACK, consult | target)
    page.close()

    ways = {way.partition(" /")[0] for way, _ in read}
    assert {"cors GET", "no-cors GET", "iframe", "object", "window"} <= ways


def open_attack(victim: Person, address: str, sent: list[dict[str, str]]) -> Page:
    page = victim.page.context.new_page()
    # What really goes out, cookies among it; Playwright's own list may wait for ever for one.
    cdp: Any = victim.page.context.new_cdp_session(page)

    def note(event: dict[str, Any]) -> None:
        sent.append({name.lower(): value for name, value in event["headers"].items()})

    cdp.on("Network.requestWillBeSentExtraInfo", note)
    cdp.send("Network.enable")
    page.goto(address)
    assert re.search("Win a phone", page.title())
    return page
