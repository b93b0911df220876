"""Mail that has to arrive: a real mail server that is away, comes back, or knows no such address."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import col, delete, select, update

from consult.backends.jobs.table import Job, JobState
from consult.bootstrap import Backends
from consult.clinical.workflow.service_levels import Rung
from consult.config import Settings
from consult.models import DEFAULT_SERVICE, Notice, Shift, now
from consult.tasks import tasks_of
from consult.worker import escalate
from tests.factories import People, Somebody
from tests.mailbox import work
from tests.postbox import Postbox, make_postbox


@pytest.fixture
def postbox(tmp_path: Path) -> Postbox:
    return make_postbox(tmp_path)


@pytest.fixture
def settings(settings: Settings, postbox: Postbox) -> Settings:
    return settings.model_copy(
        update={"mail_url": SecretStr(postbox.url), "mail_ca_file": postbox.ca_file}
    )


async def page(backends: Backends, people: People, *, who: Somebody) -> str:
    """Somebody on duty is paged; the consult."""
    at = now()
    shift = Shift(
        service_id=DEFAULT_SERVICE,
        user_id=who.user.id,
        rung=Rung.PRIMARY,
        starts_at=at - timedelta(hours=1),
        ends_at=at + timedelta(hours=8),
    )
    async with backends.database.writes.begin() as session:
        session.add(shift)
    consult_id = await people.ems.open_consult(kind="emergency")
    await escalate(backends)
    return consult_id


async def attempt(backends: Backends) -> Notice:
    """One more attempt at the only page there is, as if its time had come."""
    async with backends.database.reads() as session:
        paged = select(Notice).where(col(Notice.escalation_id).is_not(None))
        (notice,) = (await session.exec(paged)).all()
    await tasks_of(backends)["send_page"](notice_id=str(notice.id))
    async with backends.database.reads() as session:
        return await session.get_one(Notice, notice.id)


async def test_a_mail_server_that_is_down_for_an_hour_loses_nothing(
    people: People, backends: Backends, postbox: Postbox
) -> None:
    """Seventeen attempts are what an hour holds: 2, 4, 8 … seconds, then one every five minutes."""
    consult_id = await page(backends, people, who=people.specialist)

    down = [await attempt(backends) for _ in range(17)][-1]
    waiting = await people.ems.read(f"/api/consults/{consult_id}")
    with postbox.listening():
        await work(backends, tasks_of(backends))

    assert (down.sent_at, down.failed_at, down.attempt_count) == (None, None, 17)
    assert waiting["clock"]["delivered_at"] is None
    pages = [mail for mail in postbox.mails if "on duty" in str(mail["Subject"])]
    assert [mail["Message-ID"] for mail in pages] == [f"<{down.id}@consult.test>"]
    there = await people.ems.read(f"/api/consults/{consult_id}")
    assert there["clock"]["delivered_at"]
    assert (await attempt(backends)).attempt_count == 18  # and is not sent again


async def test_what_was_cut_off_before_it_was_noted_goes_out_under_the_same_id(
    people: People, backends: Backends, postbox: Postbox
) -> None:
    await page(backends, people, who=people.specialist)
    with postbox.listening():
        await attempt(backends)
        async with backends.database.writes.begin() as session:
            await session.exec(update(Notice).values(sent_at=None))

        await attempt(backends)

    assert len(postbox.ids) == 2
    assert len(set(postbox.ids)) == 1


async def test_a_page_whose_job_was_given_up_goes_out_all_the_same(
    people: People, backends: Backends, postbox: Postbox
) -> None:
    await page(backends, people, who=people.specialist)
    async with backends.database.writes.begin() as session:
        await session.exec(update(Job).values(state=JobState.DEAD))
        await session.exec(update(Notice).values(created_at=now() - timedelta(minutes=2)))

    await tasks_of(backends)["resume_sending"]()

    async with backends.database.writes.begin() as session:
        await session.exec(delete(Job).where(col(Job.state) == JobState.DEAD))
    with postbox.listening():
        await work(backends, tasks_of(backends))
    assert len(postbox.ids) == 1


async def test_an_address_that_does_not_work_is_shown_to_whoever_waits(
    people: People, backends: Backends, postbox: Postbox
) -> None:
    postbox.refused = {str(people.specialist.user.email)}
    consult_id = await page(backends, people, who=people.specialist)
    before = await people.ems.read(f"/api/consults/{consult_id}")

    with postbox.listening():
        failed = await attempt(backends)
        again = await attempt(backends)

    after = await people.ems.read(f"/api/consults/{consult_id}")
    assert failed.failed_at
    assert again.attempt_count == 1
    assert [page["mail_failed"] for page in after["pages"] if page["at"]] == [True]
    assert [person["name"] for person in after["unreachable"]] == ["Sol Specialist"]
    assert after["last_event"] > before["last_event"]
    assert postbox.ids == []
