"""What was put in comes out to those who may have it, and nowhere else.

The service is a process of its own that logs all it can, is killed in the middle of an upload,
and loses its database at last. Each input gets a word of its own; then everything that is left
is searched: the database and its log, the stored photos, the service's log, the mail, temporary
files, metrics, every refusal, what commands print.
"""

import asyncio
import base64
import contextlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import piexif
import pytest
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select, text
from starlette.routing import Route

from api.app import API_ROUTES
from api.bodies import Body, read_json
from api.consults.handlers import ConsultOpen
from api.messages import MessagePut
from api.web import routes as page_routes
from consult import logs
from consult.bootstrap import Backends
from consult.errors import ConsultError
from consult.logs import FIELDS
from consult.models import User
from tests import service as services
from tests.imaging.photos import (
    XMP_NAME,
    chunk,
    make_exif,
    make_jpeg,
    make_png,
    segment,
    with_segments,
)
from tests.security.canaries import Canaries, leaks
from tests.security.proofs import ROOT
from tests.service import Service


@dataclass
class Aftermath:
    canaries: Canaries = field(default_factory=Canaries)
    places: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Everything that must not hold any of the words."""
    to_the_entitled: list[bytes] = field(default_factory=list[bytes])
    statuses: list[int] = field(default_factory=list[int])
    log: str = ""

    def note(self, what: str, answer: httpx2.Response) -> httpx2.Response:
        self.statuses.append(answer.status_code)
        headers = repr(answer.headers.multi_items()).encode()
        if answer.status_code < 400:
            self.to_the_entitled.append(answer.content)
            self.places[f"headers of {what} {len(self.statuses)}"] = headers
        else:
            self.places[f"refusal of {what} {len(self.statuses)}"] = headers + answer.content
        return answer


class Story:
    """Fills every input of a running service, as people, strangers and attackers would."""

    def __init__(self, service: Service, after: Aftermath) -> None:
        self.service, self.after, self.word = service, after, after.canaries
        self.patient = self.person("patient", "patient")
        self.specialist = self.person("specialist", "specialist")
        self.stranger = httpx2.Client(base_url=service.origin, timeout=60)
        self.consult = ""

    def person(self, name: str, role: str) -> httpx2.Client:
        email = f"{self.word(f'address of the {name}').lower()}@example.org"
        self.service.add_user(email, role, self.word(f"name of the {name}"))
        (token,) = self.service.command(
            "token", "create", "--email", email, "--name", self.word(f"token of the {name}")
        )
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.service.origin, headers=headers, timeout=60)

    def ask(
        self, what: str, client: httpx2.Client, method: str, path: str, **more: Any
    ) -> httpx2.Response:
        return self.after.note(what, client.request(method, path, **more))

    def close(self) -> None:
        for client in (self.patient, self.specialist, self.stranger):
            client.close()

    def tell_all(self) -> None:
        self.consults()
        self.messages()
        self.photos()
        self.queries()
        self.headers()
        self.addresses()
        self.ceremonies()
        self.no_requests()
        self.commands()
        self.figures()

    def consults(self) -> None:
        word, good = self.word, {"kind": "follow_up"}
        opened = self.ask(
            "consult", self.patient, "POST", "/api/consults",
            json=good | {"reason": word("reason of the consult")},
        )  # fmt: skip
        self.consult = opened.json()["id"]
        for name, wrong in {
            "kind": {"kind": word("wrong kind")},
            "urgency": good | {"urgency": word("wrong urgency")},
            "id": good | {"id": word("wrong id")},
            "patient": good | {"patient_id": word("wrong patient")},
            "field": good | {word("name of an unknown field"): word("unknown field")},
            "length": good | {"reason": word("too long a reason") * 200},
        }.items():
            self.ask(f"consult, {name}", self.patient, "POST", "/api/consults", json=wrong)
        for name, body in {
            "half": f'{{"kind": "{word("half a JSON")}',
            "list": f'["{word("list for an object")}"]',
            "words": word("words for an object"),
        }.items():
            self.ask(f"consult, {name}", self.patient, "POST", "/api/consults", content=body)

    def messages(self) -> None:
        word, path = self.word, f"/api/consults/{self.consult}/messages/"
        for name, who, body in (
            ("message", self.patient, {"body": word("message")}),
            ("answer", self.specialist, {"body": word("answer")}),
            (
                "aside",
                self.specialist,
                {"body": word("words among clinicians"), "audience": "clinicians"},
            ),
            ("long", self.patient, {"body": word("too long a message") * 1000}),
            ("photo", self.patient, {"photo_ids": [word("wrong photo of a message")]}),
            ("audience", self.patient, {"body": "a", "audience": word("wrong audience")}),
            ("id", self.patient, {"body": "a", "id": word("unknown field of a message")}),
        ):
            self.ask(f"message, {name}", who, "PUT", path + str(uuid4()), json=body)
        self.ask("messages", self.specialist, "GET", path.rstrip("/"))
        self.ask("consult", self.specialist, "GET", f"/api/consults/{self.consult}")

    def photos(self) -> None:
        word, path = self.word, f"/api/consults/{self.consult}/photos/"
        photo_id = uuid4()
        sent = self.ask(
            "photo", self.patient, "PUT", f"{path}{photo_id}", content=self.photo(),
            params={"note": word("note of a photo")},
            headers={
                "Content-Disposition": f'attachment; filename="{word("file name")}.jpg"',
                "X-File-Name": word("other file name"),
                "Content-Type": f'image/jpeg; name="{word("name in the content type")}"',
            },
        )  # fmt: skip
        assert sent.status_code == 201, sent.text
        for rendition in ("", "/image", "/preview", "/dicom", "/certificate"):
            self.ask("photo", self.specialist, "GET", f"/api/photos/{photo_id}{rendition}")
        png = make_png(64, 48, chunk(b"tEXt", b"Author\0" + word("text in a PNG").encode()))
        self.ask("PNG", self.patient, "PUT", f"{path}{uuid4()}", content=png)
        for name, body in {
            "text": word("text for a photo").encode() * 20,
            "half": self.photo(word("words of a broken photo"))[:-300],
            "id taken": make_jpeg(comment=word("words of another photo").encode()),
        }.items():
            target = photo_id if name == "id taken" else uuid4()
            self.ask(f"photo, {name}", self.patient, "PUT", f"{path}{target}", content=body)

    def photo(self, comment: str = "") -> bytes:
        """A JPEG with a word in every place that has room for one."""
        word, main, camera, gps = self.word, piexif.ImageIFD, piexif.ExifIFD, piexif.GPSIFD
        exif = make_exif(
            main={
                getattr(main, name): word(f"EXIF {name}").encode()
                for name in ("Artist", "Copyright", "ImageDescription", "Software", "HostComputer")
            }
            | {main.XPComment: word("EXIF XPComment").encode("utf-16-le")},
            camera={
                getattr(camera, name): word(f"EXIF {name}").encode()
                for name in ("CameraOwnerName", "BodySerialNumber", "UserComment", "ImageUniqueID")
            },
            gps={gps.GPSAreaInformation: word("EXIF GPSAreaInformation").encode()},
        )
        segments = [
            segment(0xE1, XMP_NAME + word("XMP").encode()),
            segment(0xED, b"Photoshop 3.0\x008BIM" + word("IPTC").encode()),
            segment(0xFE, (comment or word("comment of a JPEG")).encode()),
        ]
        return with_segments(make_jpeg(exif=exif), *segments) + word("behind a JPEG").encode()

    def queries(self) -> None:
        word = self.word
        photo = f"/api/consults/{self.consult}/photos/{uuid4()}"
        for name in ("body_site", "laterality", "view"):
            query = {name: word(f"wrong {name}")}
            self.ask(f"query {name}", self.patient, "PUT", photo, params=query)
        query = {word("name of an unknown query"): word("unknown query")}
        self.ask("query", self.patient, "PUT", photo, params=query)
        self.ask("query", self.patient, "PUT", photo, params={"note": word("too long a note") * 60})
        for path, name in (
            ("/api/consults", "cursor"),
            ("/api/consults", "limit"),
            (f"/api/consults/{self.consult}/messages", "after"),
            ("/api/me", "whatever"),
            ("/", "page"),
        ):
            query = {name: word(f"query {name}")}
            self.ask(f"query {name}", self.patient, "GET", path, params=query)

    def headers(self) -> None:
        for name in (
            *("User-Agent", "Referer", "Accept-Language", "X-Forwarded-For", "Forwarded"),
            *("X-CSRF-Token", "X-Request-ID", "If-None-Match", "Origin", "From", "Host"),
        ):
            headers = {name: self.word(f"header {name}")}
            self.ask(f"header {name}", self.patient, "GET", "/api/me", headers=headers)
        for name, value in {
            "Cookie": f"__Host-session={self.word('session of nobody')}",
            "cookie": f"other={self.word('cookie of others')}",
            "Authorization": f"Bearer {self.word('token of nobody')}",
            "authorization": f"Basic {self.word('password of nobody')}",
        }.items():
            self.ask(f"header {name}", self.stranger, "GET", "/api/me", headers={name: value})
        last = {"Last-Event-ID": self.word("header Last-Event-ID")}
        path = f"/api/consults/{self.consult}/events"
        self.ask("events", self.patient, "GET", path, headers=last)

    def addresses(self) -> None:
        for name, path in {
            "address of the interface": "/api/{}",
            "address of a file": "/{}.js",
            "address of a consult": "/api/consults/{}",
            "address of a photo": "/api/photos/{}/image",
            "address of a page": "/consults/{}",
        }.items():
            self.ask(name, self.patient, "GET", path.format(self.word(name)))
        path = f"/?{self.word('address that takes no POST')}"
        self.ask("address", self.stranger, "POST", path, json={})

    def ceremonies(self) -> None:
        word, client_data = self.word, {"type": "webauthn.get", "challenge": "AAAA"}
        self.ask(
            "invitation", self.stranger, "POST", "/api/passkeys/registration/options",
            json={"token": word("invitation of nobody")},
        )  # fmt: skip
        spoken = client_data | {"origin": f"https://{word('origin of a passkey')}.example"}
        for ceremony, more in (
            ("authentication", {}),
            ("registration", {"token": word("other invitation of nobody")}),
        ):
            credential = {
                "id": word(f"id of a passkey, {ceremony}"),
                "rawId": word(f"raw id of a passkey, {ceremony}"),
                "type": "public-key",
                word(f"unknown field of a passkey, {ceremony}"): 1,
                "response": {
                    "clientDataJSON": coded(json.dumps(spoken)),
                    "authenticatorData": coded(word(f"authenticator, {ceremony}")),
                    "attestationObject": coded(word(f"attestation, {ceremony}")),
                    "signature": coded(word(f"signature, {ceremony}")),
                    "userHandle": coded(word(f"user handle, {ceremony}")),
                },
            }
            body = {"credential": credential} | more
            self.ask(ceremony, self.stranger, "POST", f"/api/passkeys/{ceremony}", json=body)

    def no_requests(self) -> None:
        for name, sent in {
            "what is no HTTP": "{}\r\n\r\n",
            "method": "{} / HTTP/1.1\r\nHost: a\r\n\r\n",
            "length": "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
            "broken header": "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n",
        }.items():
            with socket.create_connection(("127.0.0.1", self.service.port), timeout=10) as link:
                link.sendall(sent.format(self.word(name)).encode())
                with contextlib.suppress(ConnectionError):
                    self.after.places[f"answer to {name}"] = link.recv(65536)

    def commands(self) -> None:
        import subprocess  # noqa: PLC0415 - of this one input
        import sys  # noqa: PLC0415

        for name, arguments in {
            "add": ("user", "add", "--role", "patient", "--name", self.word("name in a command"),
                    "--email", f"{self.word('address in a command')} is none"),
            "token": ("token", "create", "--email", f"{self.word('unknown address')}@example.org"),
        }.items():  # fmt: skip
            done = subprocess.run(
                [sys.executable, "-m", "api", *arguments],
                cwd=ROOT, env=self.service.environment, check=False, capture_output=True,
            )  # fmt: skip
            assert done.returncode != 0
            self.after.places[f"command {name}"] = done.stdout + done.stderr

    def figures(self) -> None:
        self.service.add_user("ada@consult.test", "admin", "Ada")
        headers = {"Authorization": f"Bearer {self.service.token('ada@consult.test')}"}
        answer = self.stranger.get("/metrics", headers=headers)
        assert answer.status_code == 200
        self.after.places["metrics"] = answer.content

    def break_off(self) -> None:
        """Half an upload, and kill -9."""
        photo = self.photo(self.word("words of half an upload")) + bytes(200_000)
        path = f"/api/consults/{self.consult}/photos/{uuid4()}"
        lines = [f"PUT {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(photo)}"]
        lines.append(f"Authorization: {self.patient.headers['authorization']}")
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=10) as link:
            link.sendall("\r\n".join([*lines, "Expect: 100-continue", "", ""]).encode())
            assert b"100" in link.recv(100)
            link.sendall(photo[:-1000])
            self.service.kill()

    def lose_everything(self) -> None:
        """The database is no database any more, and everybody goes on."""
        database = self.service.data_dir / "consult.db"
        database.write_bytes(b"this is no database" * 1000)
        for leftover in database.parent.glob("consult.db-*"):
            leftover.unlink()
        body = {"kind": "follow_up", "reason": self.word("reason in a crash")}
        self.ask("crash", self.patient, "POST", "/api/consults", json=body)
        path = f"/api/consults/{self.consult}/messages/{uuid4()}"
        said = {"body": self.word("message in a crash")}
        self.ask("crash", self.patient, "PUT", path, json=said)
        token = {"token": self.word("invitation in a crash")}
        self.ask("crash", self.stranger, "POST", "/api/passkeys/registration/options", json=token)


def coded(words: str) -> str:
    return base64.urlsafe_b64encode(words.encode()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    after, folder = Aftermath(), tmp_path_factory.mktemp("leaks")
    settings = {"CONSULT_LOG_LEVEL": "debug", "TMPDIR": str(folder / "temporary")}
    (folder / "temporary").mkdir()
    dumps = set(ROOT.glob("core*"))
    with services.running(folder / "data", **settings) as service:
        story = Story(service, after)
        story.tell_all()
        wait_for_mail(folder / "data" / "mail")
        story.break_off()
        port = service.port
        after.places |= {f"killed/{name}": content for name, content in files_of(folder)}
    with services.start(folder / "data", port=port, settings=settings) as story.service:
        after.places |= dict(files_of(folder))
        story.lose_everything()
    story.close()
    after.log = (folder / "data.log").read_text()
    after.places["data.log"] = after.log.encode()
    after.places |= {path.name: path.read_bytes() for path in set(ROOT.glob("core*")) - dumps}
    return after


CODED: dict[str, Callable[[bytes], bytes]] = {
    "clear": bytes,
    "capitals": bytes.upper,
    "UTF-16": lambda said: said.decode().encode("utf-16-le"),
    "hexadecimal": lambda said: said.hex().encode(),
    "base64": base64.b64encode,
}


def wait_for_mail(folder: Path) -> None:
    import time  # noqa: PLC0415

    deadline = time.monotonic() + 20
    while len([*folder.glob("*.eml")]) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file; of a mail all but the line it is sent by."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            content = path.read_bytes()
            yield name, re.sub(rb"(?m)^To: .*$", b"", content) if name.endswith("eml") else content


class TestSixtyCanaries:
    """LG-1, EN-1."""

    def test_are_heard_nowhere(self, after: Aftermath) -> None:
        assert leaks(after.canaries, after.places.items()) == []

    def test_are_more_than_sixty_and_in_every_kind_of_input(self, after: Aftermath) -> None:
        assert len(after.canaries.words) >= 60
        assert {200, 201, 400, 401, 404, 405, 409, 415, 422, 500} <= set(after.statuses)

    def test_there_was_something_to_search(self, after: Aftermath) -> None:
        names = set(after.places)
        assert len([name for name in names if name.endswith(".eml")]) >= 2
        assert len([name for name in names if name.startswith("refusal")]) >= 40
        assert {"metrics", "data.log", "command add", "command token"} < names
        assert {"killed/data/consult.db", "killed/data/consult.db-wal", "data/keys.db"} < names
        assert len([name for name in names if name.startswith("killed/data/objects/")]) >= 2
        assert after.log.count("request.answered") > 60
        assert "request.crashed" in after.log

    def test_are_heard_by_those_who_may(self, after: Aftermath) -> None:
        heard = after.canaries.heard_in(b"".join(after.to_the_entitled))

        assert {"reason of the consult", "message", "answer", "note of a photo"} <= heard
        assert not {name for name in heard if name.startswith("EXIF")}

    @pytest.mark.parametrize("coding", CODED)
    def test_the_search_hears_them_in_any_coding(self, coding: str) -> None:
        canaries = Canaries()
        word = canaries("input")
        for before in range(4):
            said = b"x" * before + word.encode() + b"yz"
            heard = CODED[coding](said)

            assert canaries.heard_in(heard) == {"input"}
            assert canaries.heard_in(heard[:10]) == set()


class TestLog:
    """LG-2."""

    def test_names_routes_and_no_path_or_query(self, after: Aftermath) -> None:
        lines = [json.loads(line) for line in after.log.splitlines() if line.startswith("{")]
        routes = {line["route"] for line in lines if "route" in line}
        templates = {
            route.path for route in (*API_ROUTES, *page_routes) if isinstance(route, Route)
        }

        assert len(routes) > 10
        assert routes <= templates | {"(none)"}
        assert all("?" not in str(line) and "%" not in str(line) for line in lines)

    def test_holds_only_what_is_on_the_list(self, after: Aftermath) -> None:
        lines = after.log.splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]

        ours = ("Consult is at ", "A key was made: ", "Back it up, apart from the data: ")
        assert [line for line in lines if not line.startswith(("{", *ours))] == []
        assert {name for line in told for name in line} <= FIELDS

    def test_of_an_id_only_that_of_the_request(self, after: Aftermath) -> None:
        for line in after.log.splitlines():
            fields: dict[str, object] = json.loads(line) if line.startswith("{") else {}
            for name, value in fields.items():
                if isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{36}", value):
                    assert UUID(value)
                    assert name.endswith("_id"), line


class TestErrorsOfLibraries:
    """LG-3."""

    @pytest.mark.parametrize("shape", [ConsultOpen, MessagePut])
    async def test_what_pydantic_refuses_is_not_repeated(self, shape: type[Body]) -> None:
        secret = Canaries()("field")
        fields = {name: [secret] for name in shape.model_fields} | {"more": secret}

        with pytest.raises(ConsultError) as refusal:
            await read_json(request_with({**fields}), shape)
        with pytest.raises(ValidationError) as raw:
            shape.model_validate_json(json.dumps(fields))

        assert secret in str(raw.value)  # what the library itself would have said
        assert secret not in repr(vars(refusal.value)) + str(refusal.value)
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__

    async def test_what_the_database_refuses_is_not_repeated(self, backends: Backends) -> None:
        secret = Canaries()("value")
        async with backends.database.reads() as session:
            for statement in (
                select(User).where(text("nothing = :value")).params(value=secret),
                text("INSERT INTO user (id, email) VALUES (1, :value)").bindparams(value=secret),
            ):
                with pytest.raises(SQLAlchemyError) as refusal:
                    await (await session.connection()).execute(statement)

                assert secret not in str(refusal.value)
                assert secret not in str(logs.describe(refusal.value))

    def test_what_the_passkey_library_refuses_is_not_repeated(self, after: Aftermath) -> None:
        sent = {name for name in after.canaries.words if "passkey" in name or "authent" in name}
        answers = {
            place: content
            for place, content in after.places.items()
            if place.startswith(("refusal of authentication", "refusal of registration"))
        }

        assert len(sent) >= 8
        assert len(answers) >= 2
        assert leaks(after.canaries, answers.items()) == []


def request_with(body: dict[str, object]) -> Any:
    from starlette.requests import Request  # noqa: PLC0415

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)
