"""Who may go on with an upload, where it ends, what it counts for, and what becomes of its rest."""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlmodel import select, update

from consult import devices
from consult.bootstrap import Backends
from consult.config import Settings
from consult.models import AuditRow, Link, RequestedPhoto, Upload, now
from consult.shredding import clear_up, find_estate
from consult.tasks import sweep_uploads
from tests.api.test_limits import limited, refused, running
from tests.conftest import ORIGIN
from tests.factories import People, Somebody, make_proxy
from tests.imaging.photos import make_jpeg
from tests.link import Holder
from tests.resumable import metadata
from tests.tablet import Tablet

PHOTO = make_jpeg(320, 240)
PIECE = {"Content-Type": "application/offset+octet-stream"}
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Uploading:
    """Somebody who may send, by whatever they show of themselves."""

    client: AsyncClient
    credentials: dict[str, str]
    photo: bytes = PHOTO
    photo_id: str = field(default_factory=lambda: str(uuid4()))
    path: str = ""

    async def ask(self, method: str, path: str = "", **more: Any) -> Response:
        headers = TUS | self.credentials | more.pop("headers", {})
        return await self.client.request(method, path or self.path, headers=headers, **more)

    async def begin(self, **words: object) -> Response:
        said = metadata(photo_id=self.photo_id, **words)
        headers = {"Upload-Length": str(len(self.photo)), "Upload-Metadata": said}
        answer = await self.ask("POST", "/api/uploads", headers=headers)
        self.path = urlsplit(answer.headers.get("location", "")).path
        return answer

    async def send(self, start: int = 0, end: int | None = None) -> Response:
        headers = PIECE | {"Upload-Offset": str(start), "Prefer": "return=representation"}
        return await self.ask("PATCH", content=self.photo[start:end], headers=headers)

    async def go_on(self) -> list[Response]:
        """Whatever can be asked of an upload that has begun."""
        return [await self.ask("HEAD"), await self.send(), await self.ask("DELETE")]


def by(somebody: Somebody, **more: Any) -> Uploading:
    return Uploading(somebody.client, somebody.credentials(), **more)


@pytest.fixture
async def consult_id(people: People) -> str:
    return await people.patient.open_consult(reason="Scald")


@pytest.fixture
async def upload(people: People, consult_id: str) -> Uploading:
    uploading = by(people.patient)
    assert (await uploading.begin(consult_id=consult_id)).status_code == 201
    return uploading


@pytest.fixture
async def holder(people: People, client: AsyncClient, consult_id: str) -> Holder:
    wish = {"purpose": "dressing_change", "addressee": "patient"}
    due = {"due_at": (now() + timedelta(days=2)).isoformat()}
    wanted = [{"body_site": "hand", "laterality": "L", "view": "back"}, {"body_site": "face"}]
    path = f"/api/consults/{consult_id}/requests"
    answer = await people.specialist.post(path, **wish, **due, wanted=wanted)
    assert answer.status_code == 201, answer.text
    return Holder(client, answer.json()["link"])


@pytest.fixture
async def tablet(backends: Backends, client: AsyncClient) -> AsyncGenerator[Tablet]:
    async with backends.database.writes.begin() as session:
        _, code = await devices.add_device(session, name="Medic 12")
    async with AsyncClient(transport=client._transport, base_url=ORIGIN) as browser:
        tablet = Tablet(browser, ORIGIN)
        await tablet.enrol(code)
        yield tablet


async def rows(backends: Backends) -> list[Upload]:
    async with backends.database.reads() as session:
        return list((await session.exec(select(Upload))).all())


async def deeds(backends: Backends) -> list[tuple[str, str | None]]:
    async with backends.database.reads() as session:
        found = (await session.exec(select(AuditRow).order_by("seq"))).all()
    return [(row.action, row.outcome) for row in found]


def files(settings: Settings) -> list[str]:
    return [path.name for path in (settings.data_dir / "uploads").iterdir() if path.is_file()]


class TestForeign:
    """AZ-9. An upload is there for whoever began it; to everybody else it is not."""

    async def test_is_as_absent_even_to_those_who_may_read_the_consult(
        self, people: People, upload: Uploading, backends: Backends
    ) -> None:
        async with backends.database.reads() as session:
            assert (await session.exec(select(Upload))).one().created_by == people.patient.user.id
        await make_proxy(backends, people.patient, people.other_patient)
        for other in (people.other_patient, people.specialist, people.coordinator, people.admin):
            foreign = by(other, path=upload.path)
            absent = by(other, path=f"/api/uploads/{uuid4()}")

            theirs, nobodys = await foreign.go_on(), await absent.go_on()

            assert [answer.status_code for answer in theirs] == [404] * 3
            assert [answer.content for answer in theirs] == [each.content for each in nobodys]
        assert (await upload.send()).status_code == 201

    async def test_a_link_and_a_tablet_go_on_with_their_own_and_with_no_other(
        self, upload: Uploading, holder: Holder, tablet: Tablet, client: AsyncClient
    ) -> None:
        by_link = Uploading(client, holder.headers)
        on_tablet = Uploading(tablet.client, dict(tablet.own_page))
        opened = (await tablet.open()).json()["id"]
        assert (await by_link.begin(number=0)).status_code == 201
        assert (await on_tablet.begin(consult_id=opened)).status_code == 201
        senders = [upload, by_link, on_tablet]

        for sender in senders:
            for other in senders:
                mine, sender.path = sender.path, other.path
                if other is not sender:
                    answers = await sender.go_on()
                    assert [answer.status_code for answer in answers] == [404] * 3
                sender.path = mine

        answers = [await sender.send() for sender in senders]
        assert [answer.status_code for answer in answers] == [201] * 3

    async def test_nobody_is_nobody(self, upload: Uploading) -> None:
        upload.credentials = {}

        path = upload.path
        answers = [await upload.begin()]
        upload.path = path
        answers += await upload.go_on()

        assert {answer.status_code for answer in answers} == {401}

    async def test_two_people_may_use_one_id_and_neither_learns_of_the_other(
        self, people: People, upload: Uploading
    ) -> None:
        mine = await people.other_patient.open_consult()
        other = by(people.other_patient, photo_id=upload.photo_id)

        assert (await other.begin(consult_id=mine)).status_code == 201
        assert other.path != upload.path
        assert (await upload.send()).status_code == 201
        late = await other.send()
        assert (late.status_code, late.json()["code"]) == (409, "id_taken")


class TestEnds:
    """The last byte ends in the call that the plain PUT of the same sender ends in."""

    async def test_by_a_link_it_answers_the_request_and_uses_the_link(
        self,
        people: People,
        client: AsyncClient,
        holder: Holder,
        backends: Backends,
        consult_id: str,
    ) -> None:
        sender = Uploading(client, holder.headers)
        await sender.begin(number=0)
        await sender.send(0, 1000)
        sent = await sender.send(1000)

        shown = (await people.patient.read(f"/api/consults/{consult_id}"))["photos"][0]
        assert (sent.status_code, set(sent.json())) == (201, {"id", "state", "sha256_before"})
        assert (shown["body_site"], shown["laterality"]) == ("hand", "L")
        async with backends.database.reads() as session:
            (answered,) = (await session.exec(select(RequestedPhoto))).all()
            assert (str(answered.photo_id), answered.number) == (sender.photo_id, 0)
            assert (await session.exec(select(Link))).one().uses == 1
        assert (await holder.asked())["sent"] == [0]
        by_put = await holder.put_photo(PHOTO, photo_id=UUID(sender.photo_id), number=0)
        assert (by_put.status_code, by_put.json()) == (200, sent.json())

    async def test_of_somebody_signed_in_it_answers_the_request_that_they_name(
        self, people: People, holder: Holder, consult_id: str
    ) -> None:
        path = f"/api/consults/{consult_id}/requests"
        request_id = (await people.patient.read(path))["items"][0]["id"]
        sender = by(people.patient)
        begun = await sender.begin(consult_id=consult_id, request_id=request_id, number=1)
        sent = await sender.send()

        assert (begun.status_code, sent.status_code) == (201, 201)
        assert sent.json()["body_site"] == "face"
        assert (await holder.asked())["sent"] == [1]

    async def test_of_a_tablet_it_tells_that_it_is_here_and_nothing_else(
        self, tablet: Tablet
    ) -> None:
        opened = (await tablet.open()).json()["id"]
        sender = Uploading(tablet.client, dict(tablet.own_page))
        await sender.begin(consult_id=opened, note="Fell into the fire")

        sent = await sender.send()
        again = await sender.send(len(PHOTO))

        assert set(sent.json()) == {"id", "consult_id", "state", "sha256", "sha256_before"}
        assert (again.status_code, again.json()) == (200, sent.json())

    async def test_it_is_on_record_as_a_photo_and_so_is_every_refusal(
        self, people: People, upload: Uploading, backends: Backends
    ) -> None:
        """AU-1."""
        await upload.send(0, 500)
        await by(people.specialist, path=upload.path).ask("HEAD")
        await upload.send(500)
        await upload.send(len(PHOTO))

        told = [deed for deed in await deeds(backends) if deed[0].startswith("photo.")]
        assert told == [
            ("photo.begun", "allowed"),
            ("photo.attach", "refused"),
            ("photo.attached", "allowed"),
            ("photo.facts.viewed", "allowed"),
        ]

    async def test_whoever_may_not_send_any_more_goes_on_with_nothing(
        self, people: People, upload: Uploading, consult_id: str
    ) -> None:
        await upload.send(0, 500)
        await people.specialist.say(consult_id, "I have it.")
        assert (await people.specialist.close(consult_id)).status_code == 200

        answers = [await upload.send(500), await upload.ask("HEAD")]

        assert [answer.status_code for answer in answers] == [409, 409]
        assert answers[0].json()["code"] == "consult_closed"

    async def test_a_browser_needs_the_token_of_the_page(self, tablet: Tablet) -> None:
        """CS-3."""
        opened = (await tablet.open()).json()["id"]
        sender = Uploading(tablet.client, dict(tablet.own_page))
        await sender.begin(consult_id=opened)
        sender.credentials = {"Sec-Fetch-Site": "same-origin"}

        assert (await sender.send()).status_code == 403
        assert (await sender.ask("DELETE")).status_code == 403
        assert (await sender.ask("HEAD")).status_code == 200


class TestQuotas:
    """UP-4. A photo counts from when it begins to come, once."""

    @pytest.mark.parametrize(
        ("limit", "code"),
        [("photos_per_consult", "consult_full"), ("photos_per_hour", "hour_full")],
    )
    async def test_of_a_consult_and_of_an_hour_are_taken_beforehand(
        self, settings: Settings, limit: str, code: str
    ) -> None:
        async with limited(settings, **{limit: 2}) as (people, _):
            consult_id = await people.patient.open_consult()
            senders = [by(people.patient, photo=make_jpeg(64 + n)) for n in range(3)]
            answers = [await sender.begin(consult_id=consult_id) for sender in senders]
            by_put = await people.patient.put_photo(consult_id, PHOTO)
            again = await senders[0].begin(consult_id=consult_id)
            done = [await sender.send() for sender in senders[:2]]

        assert [answer.status_code for answer in (*answers, again)] == [201, 201, 429, 201]
        refused(answers[2], code, wait=86_400)
        refused(by_put, code, wait=86_400)
        assert [answer.status_code for answer in done] == [201, 201]

    async def test_bytes_of_a_day_are_taken_beforehand(self, settings: Settings) -> None:
        async with limited(settings, photo_bytes_per_day=len(PHOTO)) as (people, _):
            consult_id = await people.patient.open_consult()
            sender = by(people.patient)
            assert (await sender.begin(consult_id=consult_id)).status_code == 201

            refused(await by(people.patient).begin(consult_id=consult_id), "day_full", wait=86_400)
            assert (await sender.ask("DELETE")).status_code == 204
            assert (await by(people.patient).begin(consult_id=consult_id)).status_code == 201

    async def test_what_expired_counts_no_more(self, settings: Settings) -> None:
        async with limited(settings, photos_per_consult=1) as (people, backends):
            consult_id = await people.patient.open_consult()
            await by(people.patient).begin(consult_id=consult_id)
            async with backends.database.writes.begin() as session:
                await session.exec(update(Upload).values(expires_at=now()))

            assert (await by(people.patient).begin(consult_id=consult_id)).status_code == 201

    async def test_uses_of_a_link_are_taken_beforehand(
        self, client: AsyncClient, holder: Holder, backends: Backends
    ) -> None:
        async with backends.database.writes.begin() as session:
            await session.exec(update(Link).values(most_uses=1))
        sender = Uploading(client, holder.headers)
        await sender.begin(number=0)

        late = await Uploading(client, holder.headers).begin(number=1)

        assert (late.status_code, late.json()["code"]) == (409, "link_used_up")
        assert (await sender.send()).status_code == 201

    async def test_without_space_none_begins_and_none_is_lost(
        self, settings: Settings, people: People, upload: Uploading, consult_id: str
    ) -> None:
        await upload.send(0, 1000)
        async with running(settings, free_space_percent=100) as client:
            upload.client = client
            new = await Uploading(client, upload.credentials).begin(consult_id=consult_id)
            last = await upload.send(1000)
            head = await upload.ask("HEAD")

        assert (new.status_code, new.json()["code"]) == (507, "storage_full")
        assert (last.status_code, last.json()["code"]) == (507, "storage_full")
        assert head.headers["upload-offset"] == str(len(PHOTO) - 1)
        upload.client = people.patient.client
        assert (await upload.send(len(PHOTO) - 1)).status_code == 201


class TestSweep:
    async def test_takes_what_expired_and_what_nobody_owns_and_leaves_the_rest(
        self, people: People, upload: Uploading, consult_id: str, settings: Settings,
        backends: Backends,
    ) -> None:  # fmt: skip
        folder = settings.data_dir / "uploads"
        expired, fresh, finished = by(people.patient), by(people.patient), by(people.patient)
        for sender in (expired, fresh, finished):
            await sender.begin(consult_id=consult_id)
            await sender.send(0, 100)
        await finished.send(100)
        orphan = uuid4()
        await backends.staging.create(orphan, subject=(await rows(backends))[0].subject_id)
        left = {name: UUID(s.path.rpartition("/")[2]) for name, s in
                (("expired", expired), ("fresh", fresh), ("upload", upload))}  # fmt: skip
        (folder / UUID(finished.path.rpartition("/")[2]).hex).write_bytes(b"left by a crash")
        async with backends.database.writes.begin() as session:
            old = now() - timedelta(hours=2)
            await session.exec(
                update(Upload).where(Upload.id == left["expired"]).values(expires_at=old)  # pyright: ignore[reportArgumentType] - an expression
            )
        await sweep_uploads(backends)
        assert len(files(settings)) == 5  # nothing is old yet
        for path in folder.iterdir():
            age(path, hours=2)

        await sweep_uploads(backends)
        await sweep_uploads(backends)

        assert sorted(files(settings)) == sorted([left["fresh"].hex, left["upload"].hex])
        assert {row.id for row in await rows(backends)} >= {left["fresh"], left["upload"]}
        assert left["expired"] not in {row.id for row in await rows(backends)}
        assert (await fresh.send(100)).status_code == 201

    async def test_of_somebody_who_was_shredded_nothing_opens_and_nothing_stays(
        self, people: People, upload: Uploading, settings: Settings, backends: Backends
    ) -> None:
        """EN-4 in part."""
        await upload.send(0, 1000)
        async with backends.database.reads() as session:
            estate = await find_estate(session, people.patient.user.email or "")
        backends.keys.shred(*estate.subjects)
        async with backends.database.writes.begin() as session:
            await clear_up(session, backends.jobs, estate)

        assert await rows(backends) == []
        for path in (settings.data_dir / "uploads").iterdir():
            age(path, hours=2)
        await sweep_uploads(backends)
        assert files(settings) == []


def age(path: Path, *, hours: int) -> None:
    then = (now() - timedelta(hours=hours)).timestamp()
    os.utime(path, (then, then))
