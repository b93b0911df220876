"""Advice: a draft nobody else sees, a signature that freezes it, a reader who says so."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, delete, update

from consult.bootstrap import Backends
from consult.models import Advice
from tests.factories import People, Somebody
from tests.imaging.photos import make_jpeg

DRAFT = {"text": "Cool it for twenty minutes.", "disposition": "treat_locally"}


@pytest.fixture
async def consult_id(people: People) -> str:
    """The crew's, taken by the specialist."""
    consult_id = await people.ems.open_consult(kind="emergency")
    path = f"/api/consults/{consult_id}/steps"
    answer = await people.specialist.post(path, step="acknowledge")
    assert answer.status_code == 200, answer.text
    return consult_id


async def draft(who: Somebody, consult_id: str, **more: Any) -> Any:
    path = f"/api/consults/{consult_id}/advice/{more.pop('id', None) or uuid4()}"
    answer = await who.request("PUT", path, json=DRAFT | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sign(who: Somebody, written: Any) -> Any:
    path = f"/api/consults/{written['consult_id']}/advice/{written['id']}/signature"
    answer = await who.post(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def read(who: Somebody, consult_id: str) -> list[Any]:
    return (await who.read(f"/api/consults/{consult_id}/advice"))["items"]


async def test_a_draft_is_seen_by_its_author_alone(people: People, consult_id: str) -> None:
    written = await draft(people.specialist, consult_id)
    await people.specialist.post(
        f"/api/consults/{consult_id}/steps",
        step="reassign",
        user_id=str(people.other_specialist.user.id),
        reason="Shift",
    )

    assert [one["id"] for one in await read(people.specialist, consult_id)] == [written["id"]]
    for other in (people.ems, people.coordinator, people.other_specialist):
        assert await read(other, consult_id) == []
    path = f"/api/consults/{consult_id}/advice/{written['id']}"
    theirs = await people.other_specialist.request("PUT", path, json=DRAFT)
    signed = await people.other_specialist.post(f"{path}/signature")
    assert (theirs.status_code, signed.status_code) == (409, 404)


async def test_signing_freezes_it_and_answers_the_consult(people: People, consult_id: str) -> None:
    signed = await sign(people.specialist, await draft(people.specialist, consult_id))

    path = f"/api/consults/{consult_id}/advice/{signed['id']}"
    changed = await people.specialist.request("PUT", path, json=DRAFT | {"text": "Another"})
    again = await people.specialist.post(f"{path}/signature")
    shown = await people.ems.read(f"/api/consults/{consult_id}")
    (seen,) = await read(people.ems, consult_id)

    assert (changed.status_code, changed.json()["code"]) == (409, "advice_signed")
    assert again.status_code == 409
    assert (shown["state"], shown["owner"]["side"]) == ("answered", "asker")
    assert (seen["text"], seen["number"], seen["valid"]) == (DRAFT["text"], 1, True)
    assert (seen["author"]["name"], len(seen["sha256"])) == ("Sol Specialist", 64)


async def test_the_database_itself_refuses_to_change_what_was_signed(
    people: People, consult_id: str, backends: Backends
) -> None:
    signed = await sign(people.specialist, await draft(people.specialist, consult_id))
    mine = col(Advice.id) == UUID(signed["id"])

    for change in (update(Advice).where(mine).values(number=9), delete(Advice).where(mine)):
        with pytest.raises(DBAPIError, match="never"):
            async with backends.database.writes.begin() as session:
                await session.exec(change)


async def test_a_later_one_supersedes_and_has_to_be_read_anew(
    people: People, consult_id: str
) -> None:
    first = await sign(people.specialist, await draft(people.specialist, consult_id))
    path = f"/api/consults/{consult_id}/advice"
    read_first = await people.ems.post(f"{path}/{first['id']}/acknowledgement")
    second = await sign(
        people.specialist, await draft(people.specialist, consult_id, disposition="transfer")
    )

    too_late = await people.ems.post(f"{path}/{first['id']}/acknowledgement")
    unread = await people.specialist.request("POST", f"/api/consults/{consult_id}/close")
    read_second = await people.ems.post(f"{path}/{second['id']}/acknowledgement")
    closed = await people.specialist.request("POST", f"/api/consults/{consult_id}/close")

    assert read_first.json()["acknowledged_by"]["name"] == "Erin Crew"
    assert (too_late.status_code, too_late.json()["code"]) == (409, "superseded")
    assert (unread.status_code, unread.json()["code"]) == (409, "answer_unread")
    assert (read_second.status_code, closed.status_code) == (200, 200)
    old, new = await read(people.ems, consult_id)
    assert (old["superseded_by"], old["valid"]) == (new["id"], False)
    assert (new["number"], new["disposition"]) == (2, "transfer")


async def test_it_holds_until_its_time_or_until_the_next_photo(
    people: People, consult_id: str
) -> None:
    over = await draft(people.specialist, consult_id, valid_until="2020-01-01T00:00:00Z")
    path = f"/api/consults/{consult_id}/advice/{over['id']}/signature"
    refused = await people.specialist.post(path)
    await sign(people.specialist, await draft(people.specialist, consult_id, until_next_photo=True))
    (before,) = await read(people.ems, consult_id)

    await people.ems.attach(consult_id, make_jpeg(48, 32))

    (after,) = await read(people.ems, consult_id)
    assert refused.status_code == 422
    assert (before["valid"], after["valid"]) == (True, False)


async def test_asking_for_more_pictures_lets_the_consult_wait_for_them(
    people: People, consult_id: str
) -> None:
    written = await draft(people.specialist, consult_id, disposition="more_images")
    await sign(people.specialist, written)
    waiting = await people.ems.read(f"/api/consults/{consult_id}")

    await people.ems.attach(consult_id, make_jpeg(48, 32))

    there = await people.ems.read(f"/api/consults/{consult_id}")
    assert (waiting["state"], waiting["owner"]["side"]) == ("awaiting_info", "asker")
    assert waiting["clock"]["stopped_since"]
    assert (there["state"], there["owner"]["side"]) == ("assigned", "clinician")


async def test_only_whoever_asked_acknowledges(people: People, consult_id: str) -> None:
    signed = await sign(people.specialist, await draft(people.specialist, consult_id))
    path = f"/api/consults/{consult_id}/advice/{signed['id']}/acknowledgement"

    own = await people.specialist.post(path)
    coordinator = await people.coordinator.post(path)

    assert (own.status_code, coordinator.status_code) == (403, 403)
