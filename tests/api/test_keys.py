"""What is kept is sealed, what is shredded is gone, and what is damaged is not shown."""

import io
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from PIL import Image
from sqlmodel import col, select

from consult import audit
from consult.accounts import add_user, create_token, rename_passkey
from consult.backends.jobs.table import Job
from consult.bootstrap import Backends
from consult.devices import add_device
from consult.imaging.scrub import scrub
from consult.models import AuditRow, Consult, Credential, Photo, Preview, Role, User, private
from consult.notifications import SEND_NOTICE
from consult.shredding import clear_up, find_estate, record_intent
from consult.tasks import sweep_orphans
from tests.factories import People, Somebody, make_proxy, make_somebody, signed_in
from tests.imaging.photos import make_jpeg

PHOTO = make_jpeg(320, 240)


class TestCanaries:
    """EN-1. Sixty canaries, one in every input, are in no file in clear."""

    async def test_in_no_file_of_the_data_folder_its_log_or_its_photos(
        self, backends: Backends, client: AsyncClient, tmp_path: Path
    ) -> None:
        canaries = await speak(backends, client)
        assert len(canaries) >= 60
        files = {
            path: path.read_bytes()
            for path in backends.settings.data_dir.rglob("*")
            if path.is_file()
        }
        backup = tmp_path / "backup.db"
        with closing(sqlite3.connect(backends.settings.database_path)) as connection:
            connection.execute("VACUUM INTO ?", (str(backup),))
        files[backup] = backup.read_bytes()

        leaks = {
            (name, path.name)
            for path, content in files.items()
            for name, canary in canaries.items()
            if canary in content
        }

        assert leaks == set()
        assert {"consult.db", "consult.db-wal", "keys.db"} <= {path.name for path in files}

    async def test_they_would_be_found_if_they_were_there(
        self, backends: Backends, client: AsyncClient
    ) -> None:
        canaries = await speak(backends, client)
        async with backends.database.reads() as session:
            people = (await session.exec(select(User))).all()
            photo = (await session.exec(select(Photo))).first()
            assert photo
            preview = await session.get_one(Preview, photo.id)
        stored = await backends.storage.read(photo.storage_key, subject=photo.subject_id)
        opened = [
            *(user.name for user in people),
            *(user.email or "" for user in people),
            photo.note,
        ]
        found = {name for name, it in canaries.items() if it in "\n".join(opened).encode()}

        assert {"name 0", "email 0", "note 0"} <= found
        assert canaries["pixels 0"] in stored
        assert canaries["preview 0"] in preview.jpeg


async def speak(backends: Backends, client: AsyncClient) -> dict[str, bytes]:
    """Say something unique in every input that takes words or pictures: canaries by input."""
    canaries: dict[str, bytes] = {}

    def word(name: str) -> str:
        made = f"canary{uuid4().hex}"
        canaries[name] = made.encode()
        return made

    for number in range(7):
        async with backends.database.writes.begin() as session:
            email, name = f"{word(f'email {number}')}@consult.test", word(f"name {number}")
            user = await add_user(session, email=email, name=name, role=Role.PATIENT)
            token = await create_token(session, user, name=word(f"token {number}"))
        somebody = Somebody(user, client, token)
        consult_id = await somebody.open_consult(reason=word(f"reason {number}"))
        await somebody.say(consult_id, word(f"message {number}"))
        body = photo(number, word(f"exif {number}"))
        canaries |= pixels_of(number, body)
        await somebody.attach(consult_id, body, body_site="hand", note=word(f"note {number}"))
        canaries[f"birth {number}"] = f"1931-0{number + 1}-17".encode()
        canaries[f"zone {number}"] = b"Antarctica/Troll"
        await name_passkey(backends, somebody, word(f"passkey {number}"))
        await write_birth(backends, somebody, f"1931-0{number + 1}-17", "Antarctica/Troll")
    return canaries | await speak_of_a_consult(backends, client)


async def speak_of_a_consult(backends: Backends, client: AsyncClient) -> dict[str, bytes]:
    """Ask a guest in, break the glass and review it, each in words; and add a tablet."""
    words = {name: f"canary{uuid4().hex}" for name in ("purpose", "glass", "review", "tablet")}
    people = await People.make(backends, client, domain="staff.test")
    consult_id = await people.patient.open_consult()
    await people.specialist.say(consult_id, "Cool it.")
    giver = await signed_in(backends, people.specialist)
    guest = {"email": people.other_specialist.user.email, "purpose": words["purpose"]}
    answer = await giver.post(f"/api/consults/{consult_id}/seats", **guest)
    assert answer.status_code == 201, answer.text
    async with backends.database.writes.begin() as session:
        await add_device(session, name=words["tablet"])
    third = await make_somebody(backends, client, "third specialist", Role.SPECIALIST)
    other = await signed_in(backends, third)
    path = f"/api/consults/{consult_id}/break-glass"
    broken = await other.post(path, reason="emergency", text=words["glass"])
    assert broken.status_code == 201, broken.text
    path = f"/api/break-glass/{broken.json()['id']}/review"
    reviewed = await people.coordinator.post(path, outcome="justified", comment=words["review"])
    assert (reviewed.status_code, reviewed.json()["text"]) == (200, words["glass"])
    return {name: word.encode() for name, word in words.items()}


async def name_passkey(backends: Backends, somebody: Somebody, name: str) -> None:
    user_id = somebody.user.id
    passkey = Credential(
        user_id=user_id,
        credential_id=uuid4().bytes,
        public_key=b"",
        backup_eligible=True,
        backed_up=True,
        rp_id=backends.settings.rp_id,
        name=private("Passkey", user_id),
    )
    async with backends.database.writes.begin() as session:
        session.add(passkey)
        await session.flush()
        await rename_passkey(session, somebody.actor, passkey.id, name)


async def write_birth(backends: Backends, somebody: Somebody, born_on: str, zone: str) -> None:
    async with backends.database.writes.begin() as session:
        user = await session.get_one(User, somebody.user.id)
        user.born_on, user.time_zone = private(born_on, user.id), private(zone, user.id)


def photo(number: int, said: str, *, width: int = 320) -> bytes:
    image = Image.effect_noise((width, width * 3 // 4), 40 + number).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = exif[0x010F] = exif[0x0110] = said[:38]  # ImageDescription, Make, Model
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90, exif=exif)
    return stream.getvalue()


def pixels_of(number: int, body: bytes) -> dict[str, bytes]:
    """Take pieces out of the middle of the compressed pixels: of the photo and of its preview."""
    scrubbed = scrub(body)
    return {
        f"pixels {number}": scrubbed.jpeg[-4000:-3968],
        f"preview {number}": scrubbed.preview[-1000:-968],
    }


class TestDamaged:
    """EN-2. A damaged photo is not shown; that it was asked for and refused is on record."""

    @pytest.mark.parametrize("rendition", ["image", "dicom"])
    async def test_a_flipped_bit_is_a_problem_and_an_audit_row(
        self, people: People, backends: Backends, rendition: str
    ) -> None:
        facts = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        (path,) = objects(backends)
        flip_last_bit(path)

        answer = await people.patient.get(f"/api/photos/{facts['id']}/{rendition}")

        assert (answer.status_code, answer.json()["code"]) == (500, "damaged")
        assert await actions(backends, facts["id"]) == [
            "photo.attached",
            f"photo.{rendition}.viewed",
            "photo.damaged",
        ]

    async def test_one_that_shows_only_while_it_is_sent_ends_the_answer_and_is_on_record(
        self, people: People, backends: Backends
    ) -> None:
        large = photo(200, "large", width=1600)
        facts = await people.patient.attach(await people.patient.open_consult(), large)
        (path,) = objects(backends)
        assert path.stat().st_size > 500_000
        flip_last_bit(path)

        with pytest.raises(AssertionError):  # the transport's: the answer was never finished
            await people.patient.get(f"/api/photos/{facts['id']}/dicom")

        assert (await actions(backends, facts["id"]))[-1] == "photo.damaged"

    async def test_another_patients_photo_under_this_name_is_refused(
        self, people: People, backends: Backends
    ) -> None:
        mine = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        (own,) = objects(backends)
        other = people.other_patient
        await other.attach(await other.open_consult(), make_jpeg(320, 240, quality=60))
        (theirs,) = set(objects(backends)) - {own}
        shutil.copy(theirs, own)

        answer = await people.patient.get(f"/api/photos/{mine['id']}/image")

        assert (answer.status_code, answer.json()["code"]) == (500, "damaged")

    async def test_a_row_that_points_to_another_patients_photo_is_refused(
        self, people: People, backends: Backends
    ) -> None:
        mine = await people.patient.attach(await people.patient.open_consult(), PHOTO)
        other = people.other_patient
        theirs = await other.attach(await other.open_consult(), make_jpeg(320, 240, quality=60))
        keys = "SELECT storage_key FROM photo WHERE id = ?"
        with closing(sqlite3.connect(backends.settings.database_path)) as connection, connection:
            (key,) = connection.execute(keys, (UUID(theirs["id"]).hex,)).fetchone()
            connection.execute("DELETE FROM preview WHERE photo_id = ?", (UUID(theirs["id"]).hex,))
            connection.execute("DELETE FROM photo WHERE id = ?", (UUID(theirs["id"]).hex,))
            connection.execute("UPDATE photo SET storage_key = ?", (key,))

        answer = await people.patient.get(f"/api/photos/{mine['id']}/image")

        assert answer.status_code == 500


class TestShredded:
    """EN-4. What was shredded is gone to those who knew of it, and was never there to others."""

    async def test_reads_and_writes_are_gone_to_those_who_know_the_consult(
        self, people: People, backends: Backends
    ) -> None:
        known = await a_consult(people)
        await shred(backends, str(people.patient.user.id))

        for method, path in known.addresses:
            answer = await people.specialist.request(method, path, **known.body_of(path))
            assert (answer.status_code, answer.json()["code"]) == (410, "gone"), path

    async def test_to_strangers_it_is_not_there_as_before(
        self, people: People, backends: Backends
    ) -> None:
        known = await a_consult(people)
        absent = Known(str(uuid4()), str(uuid4()))
        await shred(backends, str(people.patient.user.id))

        for stranger in (people.other_patient, people.ems, people.admin, people.other_specialist):
            for (method, path), (_, nowhere) in zip(known.addresses, absent.addresses, strict=True):
                answer = await stranger.request(method, path, **known.body_of(path))
                missing = await stranger.request(method, nowhere, **known.body_of(path))
                assert answer.status_code == missing.status_code == 404, path
                assert answer.content == missing.content

    async def test_it_is_in_nobodys_list(self, people: People, backends: Backends) -> None:
        await a_consult(people)
        other = await people.other_patient.open_consult()
        await shred(backends, people.patient.user.email)

        for person in (people.specialist, people.coordinator):
            listed = await person.read("/api/consults")
            assert [item["id"] for item in listed["items"]] == [other]

    async def test_the_patient_is_signed_out_and_their_address_is_free_again(
        self, people: People, backends: Backends
    ) -> None:
        email = people.patient.user.email
        await shred(backends, email)

        assert (await people.patient.get("/api/me")).status_code == 401
        async with backends.database.writes.begin() as session:
            again = await add_user(session, email=email, name="Pat", role=Role.PATIENT)
        assert again.id != people.patient.user.id

    async def test_previews_and_notices_go_and_the_audit_trail_stays(
        self, people: People, backends: Backends
    ) -> None:
        """AU-5 in part: shredding keeps the audit."""
        await a_consult(people)
        async with backends.database.reads() as session:
            before = (await audit.verify(session)).rows
            assert (await session.exec(select(Job).where(Job.name == SEND_NOTICE))).all()
        await shred(backends, people.patient.user.email)

        async with backends.database.reads() as session:
            assert (await session.exec(select(Preview))).all() == []
            jobs = (await session.exec(select(Job).where(Job.name == SEND_NOTICE))).all()
            report = await audit.verify(session)
        assert jobs == []
        assert (report.first_bad_seq, report.rows) == (None, before + 3)
        assert await actions(backends, str(people.patient.user.id)) == [
            "user.added",
            "keys.shredding",
            "patient.shredded",
        ]

    async def test_its_photos_go_with_the_next_sweep_and_no_others(
        self, people: People, backends: Backends
    ) -> None:
        await a_consult(people)
        (doomed,) = objects(backends)
        other = people.other_patient
        await other.attach(await other.open_consult(), PHOTO)
        (kept,) = set(objects(backends)) - {doomed}
        for path in (doomed, kept):
            os.utime(path, (0, 0))
        await shred(backends, people.patient.user.email)
        await sweep_orphans(backends)

        assert objects(backends) == [kept]

    async def test_others_read_on(self, people: People, backends: Backends) -> None:
        await a_consult(people)
        other = people.other_patient
        consult_id = await other.open_consult(reason="A scald")
        photo = await other.attach(consult_id, PHOTO)
        await shred(backends, people.patient.user.email)

        assert (await other.read(f"/api/consults/{consult_id}"))["reason"] == "A scald"
        assert (await other.get(f"/api/photos/{photo['id']}/image")).status_code == 200

    async def test_an_emergency_access_to_it_can_still_be_reviewed_but_not_in_words(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = (await a_consult(people)).addresses[0][1].rpartition("/")[2]
        other = await signed_in(backends, people.other_specialist)
        path = f"/api/consults/{consult_id}/break-glass"
        broken = await other.post(path, reason="emergency", text="The patient is here")
        await shred(backends, people.patient.user.email)
        path = f"/api/break-glass/{broken.json()['id']}/review"

        worded = await people.coordinator.post(path, outcome="justified", comment="They were")
        plain = await people.coordinator.post(path, outcome="justified")

        assert (worded.status_code, plain.status_code) == (410, 200)
        assert (plain.json()["text"], plain.json()["comment"]) == ("", "")

    async def test_who_acts_for_them_is_told_of_nobody_any_more(
        self, people: People, backends: Backends
    ) -> None:
        await make_proxy(backends, people.patient, people.other_patient)
        proxies = f"/api/patients/{people.patient.user.id}/proxies"
        await shred(backends, people.patient.user.email)

        listed = await people.other_patient.read("/api/me/patients")
        assert listed == {"items": []}
        assert (await people.other_patient.get(proxies)).status_code == 410
        assert (await people.other_specialist.get(proxies)).status_code == 404

    async def test_an_unknown_person_is_shredded_by_their_consult(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency", reason="Nobody known")
        await shred(backends, consult_id)

        assert (await people.ems.get(f"/api/consults/{consult_id}")).status_code == 410
        assert (await people.ems.get("/api/me")).status_code == 200

    async def test_a_consult_that_became_a_patients_later_goes_with_them(
        self, people: People, backends: Backends
    ) -> None:
        consult_id = await people.ems.open_consult(kind="emergency")
        async with backends.database.writes.begin() as session:
            consult = await session.get_one(Consult, UUID(consult_id))
            consult.patient_id = people.patient.user.id
            session.add(consult)
        await shred(backends, people.patient.user.email)

        assert (await people.ems.get(f"/api/consults/{consult_id}")).status_code == 410


class Known:
    def __init__(self, consult_id: str, photo_id: str) -> None:
        consult, photo = f"/api/consults/{consult_id}", f"/api/photos/{photo_id}"
        self.addresses = [
            ("GET", consult),
            ("GET", f"{consult}/messages"),
            ("GET", f"{consult}/events"),
            ("PUT", f"{consult}/messages/{uuid4()}"),
            ("PUT", f"{consult}/photos/{uuid4()}"),
            ("PUT", f"{consult}/read"),
            ("POST", f"{consult}/close"),
            ("GET", photo),
            ("GET", f"{photo}/image"),
            ("GET", f"{photo}/preview"),
            ("GET", f"{photo}/dicom"),
            ("GET", f"{photo}/certificate"),
            ("POST", f"{photo}/turn"),
        ]

    def body_of(self, path: str) -> dict[str, Any]:
        bodies: dict[str, Any] = {"read": {"seq": 0}, "close": {}, "turn": {"clockwise": 90}}
        last = path.rpartition("/")[2]
        if "/messages/" in path:
            return {"json": {"body": "Hello?"}}
        if "/consults/" in path and "/photos/" in path:
            return {"content": PHOTO}
        return {"json": bodies[last]} if last in bodies else {}


async def a_consult(people: People) -> Known:
    consult_id = await people.patient.open_consult(reason="A burn")
    photo = await people.patient.attach(consult_id, PHOTO)
    await people.specialist.say(consult_id, "Cool it.")
    return Known(consult_id, photo["id"])


async def shred(backends: Backends, wanted: str | None) -> None:
    """What the command does, in this process."""
    assert wanted
    async with backends.database.reads() as session:
        estate = await find_estate(session, wanted)
    async with backends.database.writes.begin() as session:
        await record_intent(session, estate)
    backends.keys.shred(*estate.subjects)
    async with backends.database.writes.begin() as session:
        await clear_up(session, backends.jobs, estate)


async def actions(backends: Backends, object_id: str) -> list[str]:
    query = select(AuditRow.action).where(AuditRow.object_id == object_id)
    async with backends.database.reads() as session:
        return list((await session.exec(query.order_by(col(AuditRow.seq)))).all())


def flip_last_bit(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def objects(backends: Backends) -> list[Path]:
    folder = backends.settings.data_dir / "objects"
    return [path for path in folder.rglob("*") if path.is_file()]
