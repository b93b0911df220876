"""Photos in pieces, against the service as its own process: cut, killed, raced, sent again."""

import asyncio
import hashlib
import json
import random
import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import numpy as np
import pytest
from PIL import Image

from consult.accounts import add_user, create_token
from consult.backends.staging import SILENT_SECONDS
from consult.bootstrap import open_backends
from consult.config import read_settings
from consult.models import Role
from consult.tasks import NAMES
from tests import service as services
from tests.imaging.photos import saved, segment, with_segments
from tests.resumable import HTTP, Sender, checksum, metadata

CANARY = b"Zimmermann of 51.5074N 0.1278W"
CROWD = 60


def a_photo(seed: int = 1, *, side: int = 512) -> bytes:
    """Noise does not shrink: some 400 KB. Each seed another; all hold the canary in many places."""
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    jpeg = saved(Image.fromarray(pixels), "JPEG", quality=90)
    comments = [segment(0xFE, CANARY * 40 + bytes([number])) for number in range(CROWD)]
    return with_segments(jpeg, *comments)


@dataclass
class Site:
    service: services.Service
    consult: str
    credentials: dict[str, str]

    def sender(self, photo: bytes) -> Sender:
        return Sender(self.service.port, self.credentials, photo)

    def begun(self, photo: bytes, **words: object) -> Sender:
        sender = self.sender(photo)
        answer = sender.create(consult_id=self.consult, **words)
        assert answer.status_code == 201, answer.text
        return sender

    def get(self, path: str) -> httpx2.Response:
        return HTTP.get(f"{self.service.origin}{path}", headers=self.credentials)

    @property
    def photos(self) -> dict[str, Any]:
        photos = self.get(f"/api/consults/{self.consult}").json()["photos"]
        return {photo["id"]: photo for photo in photos}

    def arrived_as(self, photo_id: str) -> str:
        """SHA-256 of the bytes that the service made a photo of."""
        return self.get(f"/api/photos/{photo_id}/certificate").json()["sha256_before"]

    def staged(self, sender: Sender) -> Path:
        return self.service.data_dir / "uploads" / sender.path.rpartition("/")[2].replace("-", "")

    def die_and_come_back(self) -> None:
        self.service.kill()
        again = services.start(self.service.data_dir, port=self.service.port)
        self.service.process = again.process

    def change(self, sender: Sender, **values: object) -> None:
        """The row of an upload, behind the back of the service."""
        names = ", ".join(f"{name} = ?" for name in values)
        upload_id = sender.path.rpartition("/")[2].replace("-", "")
        database = self.service.data_dir / "consult.db"
        with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            statement = f"UPDATE upload SET {names} WHERE id = ?"
            assert connection.execute(statement, [*values.values(), upload_id]).rowcount == 1


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def at(delta: timedelta) -> str:
    return (datetime.now(UTC) + delta).strftime("%Y-%m-%d %H:%M:%S.%f")


@contextmanager
def serving(data_dir: Path) -> Generator[Site]:
    with services.running(data_dir) as service:
        credentials = {"Authorization": f"Bearer {asyncio.run(patient_of(service))}"}
        url, body = f"{service.origin}/api/consults", {"kind": "follow_up"}
        opened = HTTP.post(url, json=body, headers=credentials)
        yield Site(service, opened.json()["id"], credentials)


async def patient_of(service: services.Service) -> str:
    """The token of somebody new, made beside the service: a command takes seconds to start."""
    settings = read_settings(data_dir=service.data_dir)
    async with (
        open_backends(settings, task_names=NAMES) as backends,
        backends.database.writes.begin() as session,
    ):
        user = await add_user(session, email="pat@consult.test", name="Pat", role=Role.PATIENT)
        return await create_token(session, user, name="test")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("uploads") / "data") as site:
        yield site


class TestWhole:
    def test_a_photo_in_pieces_is_the_photo_that_a_put_would_have_made(self, site: Site) -> None:
        photo = a_photo(1)
        facts = {"body_site": "hand_left", "view": "back", "note": "Tea, at dawn"}
        sender = site.begun(photo, **facts, filename="IMG_1.jpg", filetype="image/jpeg")

        half = sender.patch(0, photo[:100_000])
        last = sender.rest(prefer="return=representation")

        assert (half.status_code, half.headers["upload-offset"]) == (204, "100000")
        assert (last.status_code, last.headers["upload-offset"]) == (201, str(len(photo)))
        shown = last.json()
        assert site.photos[sender.photo_id] == shown
        said = (shown["body_site"], shown["laterality"], shown["view"], shown["note"])
        assert said == ("hand", "L", "back", "Tea, at dawn")
        assert site.arrived_as(sender.photo_id) == sha256(photo)
        path = f"/api/consults/{site.consult}/photos/{sender.photo_id}"
        by_put = sender.ask("PUT", path, content=photo)
        assert (by_put.status_code, by_put.json()) == (200, shown)
        assert sender.ask("PUT", path, content=a_photo(2)).status_code == 409

    def test_the_first_piece_may_come_with_the_beginning(self, site: Site) -> None:
        photo = a_photo(3)
        sender = site.sender(photo)
        words = metadata(photo_id=sender.photo_id, consult_id=site.consult)
        answer = sender.ask(
            "POST", "/api/uploads", content=photo[:70_000],
            upload_length=str(len(photo)), upload_metadata=words,
            content_type="application/offset+octet-stream",
        )  # fmt: skip
        sender.path = urlsplit(answer.headers["location"]).path

        assert (answer.status_code, answer.headers["upload-offset"]) == (201, "70000")
        assert sender.rest().status_code == 204
        assert site.arrived_as(sender.photo_id) == sha256(photo)

    def test_a_photo_of_which_a_whole_put_came_first_is_there_once(self, site: Site) -> None:
        photo = a_photo(4)
        sender = site.begun(photo)
        sender.patch(0, photo[:50_000])
        path = f"/api/consults/{site.consult}/photos/{sender.photo_id}"
        put = sender.ask("PUT", path, content=photo)

        last = sender.rest(prefer="return=representation")

        assert (put.status_code, last.status_code) == (201, 200)
        assert last.json() == put.json()

    def test_what_is_no_photo_is_refused_as_by_a_put_and_not_kept(self, site: Site) -> None:
        for junk in (b"no photo at all, by any means", a_photo(5)[:-20_000] + bytes(9)):
            put = site.sender(junk).ask(
                "PUT", f"/api/consults/{site.consult}/photos/{uuid4()}", content=junk
            )
            sender = site.begun(junk)
            last = sender.patch(0, junk)

            assert last.status_code == put.status_code
            assert last.json() == put.json()
            assert last.headers["tus-resumable"] == "1.0.0"
            assert sender.head().status_code == 404
            assert not site.staged(sender).exists()


class TestCut:
    """A connection lost at any byte: what had arrived stays, and nothing is there twice."""

    @pytest.mark.parametrize("reset", [False, True])
    def test_a_photo_that_is_cut_again_and_again_arrives_once_and_unchanged(
        self, site: Site, *, reset: bool
    ) -> None:
        dice, photo = random.Random(7 + reset), a_photo(10 + reset, side=900)
        sender = site.begun(photo)
        told = 0
        for _ in range(12):
            sender.cut_after(dice.randint(1, len(photo) // 8), reset=reset)
            offset = settled(sender)
            assert offset >= told
            told = offset

        last = sender.rest()

        assert last.status_code == 204
        assert site.arrived_as(sender.photo_id) == sha256(photo)
        assert list(site.photos).count(sender.photo_id) == 1
        if not reset:  # with a reset, the kernel itself drops what it had not handed over
            assert sender.sent - len(photo) <= len(photo) * 0.02

    def test_cut_at_the_very_last_byte_it_is_asked_for_again(self, site: Site) -> None:
        photo = a_photo(12)
        sender = site.begun(photo)
        sender.cut_after(len(photo) - 1)

        assert settled(sender) == len(photo) - 1
        assert sender.photo_id not in site.photos
        assert sender.rest().status_code == 204
        assert site.arrived_as(sender.photo_id) == sha256(photo)

    def test_a_lost_answer_to_the_last_bytes_doubles_nothing(self, site: Site) -> None:
        photo = a_photo(13)
        sender = site.begun(photo)
        with sender.begin_patch(0) as line:
            line.send(photo)  # and nobody reads what is answered
        deadline = time.monotonic() + 20
        while sender.offset < len(photo) and time.monotonic() < deadline:
            time.sleep(0.05)

        blind = sender.patch(0, photo)
        again = sender.patch(len(photo), b"", prefer="return=representation")

        assert (blind.status_code, blind.json()["code"]) == (409, "wrong_offset")
        assert blind.headers["upload-offset"] == str(len(photo))
        assert again.status_code == 200
        assert again.json() == site.photos[sender.photo_id]
        assert sender.patch(len(photo), b"").status_code == 204
        assert not site.staged(sender).exists()

    def test_to_begin_again_is_to_go_on(self, site: Site) -> None:
        photo = a_photo(14)
        sender = site.begun(photo)
        sender.patch(0, photo[:123_456])
        first = sender.path

        again = sender.create(consult_id=site.consult)

        assert (again.status_code, sender.path, sender.offset) == (201, first, 123_456)
        other = Sender(sender.port, sender.credentials, photo + b"!", sender.photo_id)
        refused = other.create(consult_id=site.consult)
        assert (refused.status_code, refused.json()["code"]) == (409, "upload_exists")


def settled(sender: Sender) -> int:
    """Where it goes on, once the service has noticed that the connection is gone."""
    before = -1
    while (offset := sender.offset) != before:
        before = offset
        time.sleep(0.05)
    return offset


class TestKilled:
    def test_after_kill_9_at_any_moment_it_goes_on_where_it_was_told(self, tmp_path: Path) -> None:
        dice, photo, told = random.Random(11), a_photo(20, side=900), 0
        with serving(tmp_path / "data") as site:
            sender = site.begun(photo)
            for _ in range(2):
                with sender.begin_patch(told) as line:
                    piece = photo[told : told + dice.randint(100_000, 400_000)]
                    line.send(piece)
                    time.sleep(dice.uniform(0, 0.05))
                    site.die_and_come_back()
                offset = sender.offset
                assert told <= offset <= told + len(piece)
                assert CANARY not in site.staged(sender).read_bytes()
                told = offset
            with sender.begin_patch(told) as line:
                line.send(photo[told:])
                time.sleep(0.02)  # it is being made a photo, or is about to be, or is one
                site.die_and_come_back()
            if sender.offset < len(photo):
                assert sender.rest().status_code == 204

            assert site.arrived_as(sender.photo_id) == sha256(photo)
            assert list(site.photos) == [sender.photo_id]
            assert site.get(f"/api/photos/{sender.photo_id}/image").status_code == 200


class TestTwoAtOnce:
    def test_one_goes_on_and_the_other_is_told_to_wait(self, site: Site) -> None:
        photo = a_photo(30)
        sender = site.begun(photo)
        with sender.begin_patch(0) as line:
            line.send(photo[:1000])
            time.sleep(0.2)
            second = sender.patch(0, photo)
            given_up = sender.ask("DELETE", sender.path)
            line.send(photo[1000:])
            first = line.told()

        assert (second.status_code, second.json()["code"]) == (423, "upload_locked")
        assert given_up.status_code == 423
        assert (first.status_code, first.headers["upload-offset"]) == (204, str(len(photo)))
        assert site.arrived_as(sender.photo_id) == sha256(photo)

    def test_one_that_has_fallen_silent_gives_way_with_all_that_it_brought(
        self, site: Site
    ) -> None:
        photo = a_photo(31)
        sender = site.begun(photo)
        with sender.begin_patch(0) as line:
            line.send(photo[:90_001])
            time.sleep(SILENT_SECONDS + 0.3)

            offset = sender.offset
            last = sender.patch(offset, photo[offset:])

        assert (offset, last.status_code) == (90_001, 204)
        assert site.arrived_as(sender.photo_id) == sha256(photo)


class TestOnTheDisk:
    """EN-1 in part. Unscrubbed bytes touch no disk in clear, and none that are done with stay."""

    def test_what_has_arrived_is_sealed(self, site: Site) -> None:
        photo = a_photo(40)
        sender = site.begun(photo, note=CANARY.decode())
        sender.cut_after(len(photo) - 5000)
        settled(sender)

        everywhere = [path for path in site.service.data_dir.rglob("*") if path.is_file()]
        content = b"".join(path.read_bytes() for path in everywhere)
        file = site.staged(sender).stat()
        assert file.st_size > len(photo) - 5001
        assert file.st_mode & 0o777 == 0o600
        for piece in (CANARY, CANARY[:16], photo[-9000:-8960]):
            assert piece in photo
            assert piece not in content

    def test_nothing_stays_of_what_was_given_up(self, site: Site) -> None:
        photo = a_photo(41)
        sender = site.begun(photo)
        sender.patch(0, photo[:200_000])

        ended = sender.ask("DELETE", sender.path)

        assert ended.status_code == 204
        assert not site.staged(sender).exists()
        assert sender.head().status_code == 404
        assert sender.patch(0, photo).status_code == 404
        assert sender.ask("DELETE", sender.path).status_code == 404

    def test_a_photo_stays_when_its_upload_is_given_up(self, site: Site) -> None:
        photo = a_photo(42)
        sender = site.begun(photo)
        sender.rest()

        assert sender.ask("DELETE", sender.path).status_code == 204
        assert sender.photo_id in site.photos
        assert sender.head().status_code == 404

    @pytest.mark.parametrize("harm", ["flipped", "cut", "swapped"])
    def test_bytes_that_were_tampered_with_are_asked_for_again(self, site: Site, harm: str) -> None:
        """EN-2 in part."""
        photo = a_photo(43)
        sender = site.begun(photo)
        sender.patch(0, photo[:65536])
        sender.patch(65536, photo[65536:131072])
        path = site.staged(sender)
        whole, size = path.read_bytes(), (path.stat().st_size - 48) // 2
        harmed = {
            "flipped": whole[:-1] + bytes([whole[-1] ^ 1]),
            "cut": whole[:-7],
            "swapped": whole[:48] + whole[48 + size :] + whole[48 : 48 + size],
        }[harm]
        # A byte more: the length of what the service itself wrote it does not read again.
        path.write_bytes(harmed + b"\0")
        other = site.begun(photo)
        site.staged(other).write_bytes(whole)

        assert sender.offset == (0 if harm == "swapped" else 65536)
        assert other.head().status_code == 200
        assert other.offset == 0  # what belongs to another upload opens nowhere else
        assert sender.rest().status_code == 204
        assert site.arrived_as(sender.photo_id) == sha256(photo)


class TestExpiry:
    def test_what_took_too_long_is_gone_and_may_begin_anew(self, site: Site) -> None:
        photo = a_photo(50)
        sender = site.begun(photo)
        until = sender.head().headers["upload-expires"]
        sender.patch(0, photo[:100_000])
        site.change(sender, expires_at=at(-timedelta(seconds=1)))

        answers = [sender.head(), sender.patch(100_000, photo[100_000:])]

        assert until.endswith(" GMT")
        assert [answer.status_code for answer in answers] == [410, 410]
        assert answers[1].json()["code"] == "upload_expired"
        old = sender.path
        assert sender.create(consult_id=site.consult).status_code == 201
        assert (sender.path != old, sender.offset) == (True, 0)
        assert sender.rest().status_code == 204


class TestWords:
    """The protocol: what is announced is there, and what is wrong is told as tus 1.0 has it."""

    def test_says_what_it_speaks(self, site: Site) -> None:
        answer = HTTP.options(f"{site.service.origin}/api/uploads")

        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert set(answer.headers["tus-extension"].split(",")) == {
            "creation", "creation-with-upload", "expiration", "checksum", "termination",
        }  # fmt: skip
        assert answer.headers["tus-checksum-algorithm"] == "sha256,sha1"
        assert int(answer.headers["tus-max-size"]) == 25 * 1024 * 1024

    def test_of_an_offset_it_says_how_far_and_how_long(self, site: Site) -> None:
        sender = site.begun(a_photo(60))

        head = sender.head()

        wanted = {"upload-offset": "0", "upload-length": str(len(sender.photo))}
        assert {name: head.headers[name] for name in wanted} == wanted
        assert head.headers["cache-control"] == "no-store"
        assert head.headers["tus-resumable"] == "1.0.0"
        assert "upload-metadata" not in head.headers

    @pytest.mark.parametrize("version", ["0.2.2", "2.0.0", ""])
    def test_another_version_is_refused(self, site: Site, version: str) -> None:
        sender = site.begun(a_photo(60))
        for method, path in (("POST", "/api/uploads"), ("HEAD", sender.path),
                             ("PATCH", sender.path), ("DELETE", sender.path)):  # fmt: skip
            answer = sender.ask(method, path, tus_resumable=version)

            assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")

    def test_what_cannot_be_is_refused_and_nothing_moves(self, site: Site) -> None:
        photo = a_photo(61)
        sender = site.begun(photo)
        sender.patch(0, photo[:1000])

        wrong = [
            sender.patch(999, photo[999:]),
            sender.patch(1001, photo[1001:]),
            sender.patch(1000, photo[1000:], content_type="image/jpeg"),
            sender.patch(1000, photo[1000:], upload_offset="first"),
            sender.patch(1000, photo[1000:], upload_offset="-1"),
            sender.patch(1000, photo[1000:] + b"!"),
            sender.patch(1000, b"x", upload_checksum="md5 AAAA"),
            sender.patch(1000, b"x", upload_checksum="sha256 %%%"),
        ]

        codes = [answer.status_code for answer in wrong]
        assert codes == [409, 409, 415, 400, 400, 413, 400, 400]
        assert sender.offset == 1000

    def test_more_bytes_than_were_announced_leave_nothing_of_that_request(self, site: Site) -> None:
        photo = a_photo(62)
        sender = site.begun(photo)
        sender.patch(0, photo[:1000])
        with sender.begin_patch(1000, transfer_encoding="chunked", content_length="") as line:
            piece = photo[1000:] + b"one too many"
            line.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n0\r\n\r\n")
            told = line.told()

        assert told.status_code == 413
        assert sender.offset == 1000

    def test_a_beginning_that_cannot_be_is_refused(self, site: Site) -> None:
        photo_id, consult = str(uuid4()), site.consult
        good = {"photo_id": photo_id, "consult_id": consult}

        def begin(words: str, length: str = "1000") -> int:
            return site.sender(b"").ask(
                "POST", "/api/uploads", upload_length=length, upload_metadata=words
            ).status_code  # fmt: skip

        assert begin(metadata(**good), str(25 * 1024 * 1024 + 1)) == 413
        assert begin(metadata(**good), "0") == 422
        assert begin(metadata(**good), "many") == 400
        assert begin(metadata(**good), "") == 400
        assert begin("photo_id %%%") == 400
        assert begin("photo_id /w==") == 400
        assert begin(f"{metadata(**good)},{metadata(photo_id=photo_id)}") == 400
        assert begin(metadata(consult_id=consult)) == 422
        assert begin(metadata(photo_id=photo_id)) == 422
        assert begin(metadata(**good, body_sight="hand")) == 422
        assert begin(metadata(**good, body_site="tentacle")) == 422
        assert begin(metadata(photo_id=photo_id, consult_id=uuid4())) == 404

    @pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
    def test_a_piece_that_changed_on_its_way_is_not_kept(self, site: Site, algorithm: str) -> None:
        photo = a_photo(63)
        sender = site.begun(photo)
        piece, rest = photo[:200_000], photo[200_000:]
        good, changed = checksum(piece, algorithm), b"X" + piece[1:]

        wrong = sender.patch(0, changed, upload_checksum=good)
        offset = sender.offset
        right = sender.patch(0, piece, upload_checksum=good)
        wrong_end = sender.patch(200_000, b"X" + rest[1:], upload_checksum=checksum(rest))
        end = sender.patch(200_000, rest, upload_checksum=checksum(rest))

        assert (wrong.status_code, wrong.json()["title"]) == (460, "Checksum Mismatch")
        assert (offset, right.status_code) == (0, 204)
        assert (wrong_end.status_code, end.status_code) == (460, 204)
        assert site.arrived_as(sender.photo_id) == sha256(photo)


def test_the_log_names_no_id_and_no_word(site: Site) -> None:
    """LG-2 in part."""
    log = (site.service.data_dir.parent / "data.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]

    assert {"/api/uploads/{upload_id:uuid}", "/api/uploads"} <= {
        line.get("route") for line in lines
    }
    assert not [line for line in lines if line["event"] == "request.crashed"]
    assert "Zimmermann" not in log
    assert site.consult not in log
