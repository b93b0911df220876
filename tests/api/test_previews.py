"""A small picture goes ahead: somebody can begin to look, and nothing is made of it but that."""

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient, Response
from PIL import Image
from sqlmodel import select

from consult.bootstrap import Backends
from consult.config import Settings
from consult.models import EarlyPreview, Event, now
from consult.shredding import clear_up, find_estate
from tests.api.test_limits import limited, refused
from tests.factories import People, Somebody
from tests.imaging.photos import SECRET, make_jpeg, tell_all_exif, tell_all_segments, with_segments
from tests.link import Holder
from tests.resumable import metadata

ORIGINAL = make_jpeg(640, 480)
SMALL = with_segments(make_jpeg(160, 120, exif=tell_all_exif()), *tell_all_segments())


async def send_ahead(
    somebody: Somebody, consult_id: str, photo_id: str, small: bytes = SMALL, **query: str
) -> Response:
    path = f"/api/consults/{consult_id}/photos/{photo_id}/preview"
    return await somebody.request("PUT", path, content=small, params=query)


async def coming(somebody: Somebody, consult_id: str) -> list[Any]:
    return (await somebody.read(f"/api/consults/{consult_id}"))["coming"]


@pytest.fixture
async def consult_id(people: People) -> str:
    return await people.patient.open_consult(reason="Scald")


@pytest.fixture
async def photo_id(people: People, consult_id: str) -> str:
    """Of a photo of which only the small picture has come."""
    photo_id = str(uuid4())
    answer = await send_ahead(people.patient, consult_id, photo_id, body_site="hand_left")
    assert answer.status_code == 201, answer.text
    return photo_id


class TestAhead:
    async def test_the_specialist_sees_it_scrubbed_and_is_told_that_it_is_not_the_photo(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        """UP-2 in part."""
        (shown,) = await coming(people.specialist, consult_id)
        picture = await people.specialist.get(f"/api/photos/{photo_id}/preview")

        wanted = {"id": photo_id, "shown_as": "preview", "body_site": "hand", "laterality": "L"}
        assert {name: shown[name] for name in wanted} == wanted
        assert (shown["width"], shown["height"]) == (160, 120)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert SECRET in SMALL
        assert SECRET not in picture.content
        assert (await people.specialist.read(f"/api/consults/{consult_id}"))["photos"] == []

    async def test_nothing_is_made_of_it(self, people: People, photo_id: str) -> None:
        photo = f"/api/photos/{photo_id}"
        answers = [
            *[await people.specialist.get(photo + part) for part in
              ("", "/image", "/dicom", "/certificate")],
            await people.specialist.request("POST", f"{photo}/turn", json={"clockwise": 90}),
            await people.specialist.post(f"{photo}/review", verdict="accepted"),
        ]  # fmt: skip

        told = [(answer.status_code, answer.json()["code"]) for answer in answers]
        assert told == [(409, "original_missing")] * 6

    @pytest.mark.parametrize("way", ["put", "tus"])
    async def test_it_goes_when_the_photo_has_come_and_both_are_told(
        self, people: People, backends: Backends, consult_id: str, photo_id: str, way: str
    ) -> None:
        send = by_put if way == "put" else by_tus
        assert (await send(people.patient, consult_id, photo_id)).status_code in (201, 204)

        detail = await people.specialist.read(f"/api/consults/{consult_id}")
        assert detail["coming"] == []
        assert [photo["id"] for photo in detail["photos"]] == [photo_id]
        preview = await people.specialist.get(f"/api/photos/{photo_id}/preview")
        assert Image.open(BytesIO(preview.content)).width > 160
        assert (await people.specialist.get(f"/api/photos/{photo_id}/dicom")).status_code == 200
        async with backends.database.reads() as session:
            events = (await session.exec(select(Event).order_by("number"))).all()
            assert (await session.exec(select(EarlyPreview))).all() == []
        kinds = [event.kind for event in events if str(event.subject_id) == photo_id]
        assert kinds == ["photo.previewed", "photo.attached"]

    async def test_the_same_again_changes_nothing_and_another_is_refused(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        again = await send_ahead(people.patient, consult_id, photo_id)
        other = await send_ahead(people.patient, consult_id, photo_id, make_jpeg(80, 60))
        await by_put(people.patient, consult_id, photo_id)
        late = await send_ahead(people.patient, consult_id, photo_id)

        assert (again.status_code, again.json()["shown_as"]) == (200, "preview")
        assert (other.status_code, other.json()["code"]) == (409, "id_taken")
        assert (late.status_code, late.json()["shown_as"]) == (200, "original")
        assert await coming(people.patient, consult_id) == []

    async def test_it_is_refused_as_a_photo_is(self, people: People, consult_id: str) -> None:
        for junk, status in ((b"no picture at all, no", 415), (bytes(300_000), 413), (b"", 422)):
            answer = await send_ahead(people.patient, consult_id, str(uuid4()), junk)
            assert answer.status_code == status

    async def test_by_a_link_it_shows_as_what_was_asked_for(
        self, people: People, client: AsyncClient, consult_id: str
    ) -> None:
        wanted = [{"body_site": "foot", "laterality": "R"}]
        due = (now() + timedelta(days=2)).isoformat()
        asked = await people.specialist.post(
            f"/api/consults/{consult_id}/requests",
            purpose="follow_up", addressee="patient", due_at=due, wanted=wanted,
        )  # fmt: skip
        holder, photo_id = Holder(client, asked.json()["link"]), uuid4()
        path = f"/api/link/photos/{photo_id}/preview"

        answer = await client.put(path, content=SMALL, headers=holder.headers)

        assert (answer.status_code, set(answer.json())) == (201, {"id", "state"})
        (shown,) = await coming(people.specialist, consult_id)
        assert (shown["body_site"], shown["laterality"]) == ("foot", "R")
        assert (await holder.put_photo(ORIGINAL, photo_id=photo_id)).status_code == 201
        assert await coming(people.specialist, consult_id) == []


class TestAccess:
    async def test_to_strangers_it_is_not_there(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        """AZ-9."""
        for part in ("", "/preview", "/image", "/dicom"):
            foreign = await people.other_patient.get(f"/api/photos/{photo_id}{part}")
            absent = await people.other_patient.get(f"/api/photos/{uuid4()}{part}")
            assert foreign.status_code == absent.status_code == 404
            assert foreign.content == absent.content
        assert (await people.coordinator.get(f"/api/photos/{photo_id}/preview")).status_code == 403
        sent = await send_ahead(people.other_patient, consult_id, str(uuid4()))
        assert sent.status_code == 404

    async def test_an_id_that_is_taken_elsewhere_shows_and_hides_nothing(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        mine = await people.other_patient.open_consult()

        ahead = await send_ahead(people.other_patient, mine, photo_id)
        photo = await by_put(people.other_patient, mine, photo_id)

        assert (ahead.status_code, ahead.json()["code"]) == (409, "id_taken")
        assert photo.status_code == 201  # whoever brings the photo first has the id
        assert len(await coming(people.patient, consult_id)) == 1

    async def test_every_look_is_on_record_and_told_to_the_patient(
        self, people: People, consult_id: str, photo_id: str
    ) -> None:
        """AU-4."""
        await people.specialist.get(f"/api/photos/{photo_id}/preview")

        readers = await people.patient.read(f"/api/consults/{consult_id}/readers")

        assert "saw the photo, small" in str(readers)
        assert photo_id in str(readers)

    async def test_there_are_only_so_many(self, settings: Settings) -> None:
        """UP-4."""
        async with limited(settings, photos_per_hour=2) as (people, _):
            consult_id = await people.patient.open_consult()
            answers = [await send_ahead(people.patient, consult_id, str(uuid4())) for _ in range(3)]

        assert [answer.status_code for answer in answers[:2]] == [201, 201]
        refused(answers[2], "previews_full", wait=3600)

    async def test_of_somebody_who_was_shredded_none_stays(
        self, people: People, backends: Backends, photo_id: str
    ) -> None:
        """EN-4 in part."""
        async with backends.database.reads() as session:
            assert await session.get(EarlyPreview, UUID(photo_id))
            estate = await find_estate(session, people.patient.user.email or "")
        backends.keys.shred(*estate.subjects)
        async with backends.database.writes.begin() as session:
            await clear_up(session, backends.jobs, estate)

        async with backends.database.reads() as session:
            assert (await session.exec(select(EarlyPreview))).all() == []
        assert (await people.specialist.get(f"/api/photos/{photo_id}/preview")).status_code == 404


async def by_put(somebody: Somebody, consult_id: str, photo_id: str) -> Response:
    return await somebody.put_photo(consult_id, ORIGINAL, photo_id=photo_id)


async def by_tus(somebody: Somebody, consult_id: str, photo_id: str) -> Response:
    tus = {"Tus-Resumable": "1.0.0"}
    said = {"Upload-Metadata": metadata(photo_id=photo_id, consult_id=consult_id)}
    begun = await somebody.request(
        "POST", "/api/uploads", headers=tus | said | {"Upload-Length": str(len(ORIGINAL))}
    )
    piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    return await somebody.request(
        "PATCH", begun.headers["location"], content=ORIGINAL, headers=tus | piece
    )
