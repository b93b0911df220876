"""Who acts for a patient, from when, and until which second."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from httpx2 import AsyncClient

from consult.access import Action, Relation
from consult.bootstrap import Backends
from consult.consults import get_seat, list_seats, open_consult
from consult.errors import Conflict, Forbidden, InvalidFields, NotFound
from consult.models import ConsultKind, Proxy, ProxyBasis, Role
from consult.patients import get_patient
from consult.proxies import Birth, Wish, add_proxy, end_proxy, majority_at, set_birth
from consult.tasks import tasks_of
from tests.factories import People, Somebody, make_somebody
from tests.mailbox import addressees, mails, work

SECOND = timedelta(seconds=1)


class TestTheBirthday:
    @pytest.mark.parametrize(
        ("born_on", "zone", "begins"),
        [
            (date(2010, 5, 20), "UTC", "2028-05-20T00:00:00+00:00"),
            (date(2010, 5, 20), "Pacific/Auckland", "2028-05-19T12:00:00+00:00"),
            (date(2010, 5, 20), "America/Los_Angeles", "2028-05-20T07:00:00+00:00"),
            (date(2010, 1, 20), "America/Los_Angeles", "2028-01-20T08:00:00+00:00"),
            # Clocks go from 23:59 to 1:00 on this day: it begins with the first moment it has.
            (date(2007, 9, 7), "America/Santiago", "2025-09-07T04:00:00+00:00"),
        ],
    )
    def test_it_begins_where_the_patient_lives(self, born_on: date, zone: str, begins: str) -> None:
        assert majority_at(Birth(born_on, zone), 18).isoformat() == begins

    def test_without_a_29th_of_february_it_is_the_1st_of_march(self) -> None:
        leap = date(2008, 2, 29)

        assert majority_at(Birth(leap, "UTC"), 18) == datetime(2026, 3, 1, tzinfo=UTC)
        assert majority_at(Birth(leap, "UTC"), 20) == datetime(2028, 2, 29, tzinfo=UTC)

    @pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "\0"])
    def test_a_place_that_is_none_is_refused(self, zone: str) -> None:
        with pytest.raises(InvalidFields) as refusal:
            majority_at(Birth(date(2010, 1, 1), zone), 18)
        assert set(refusal.value.faults) == {"time_zone"}


@dataclass
class Family:
    backends: Backends
    people: People
    mother: Somebody
    father: Somebody

    @property
    def child(self) -> Somebody:
        return self.people.patient

    async def born(self, born_on: date, zone: str = "America/New_York") -> None:
        async with self.backends.database.writes.begin() as session:
            actor = self.people.coordinator.fresh
            seat = await get_patient(session, actor, self.child.user.id, Action.PROXY_ADD)
            await set_birth(session, self.backends.settings, seat, Birth(born_on, zone))

    async def add(
        self,
        proxy: Somebody,
        basis: ProxyBasis = ProxyBasis.PARENT,
        *,
        by: Somebody | None = None,
        ends_at: datetime | None = None,
    ) -> Proxy:
        async with self.backends.database.writes.begin() as session:
            actor = (by or self.people.coordinator).fresh
            seat = await get_patient(session, actor, self.child.user.id, Action.PROXY_ADD)
            wish = Wish((proxy.user.email or "").upper(), basis, ends_at)
            return await add_proxy(session, self.backends.settings, seat, wish)

    async def end(self, proxy: Proxy, *, by: Somebody) -> None:
        async with self.backends.database.writes.begin() as session:
            seat = await get_patient(session, by.actor, self.child.user.id, Action.PROXY_END)
            await end_proxy(session, self.backends.jobs, seat, proxy.id)


@pytest.fixture
async def family(backends: Backends, client: AsyncClient, people: People) -> Family:
    """A child, and two grown-ups who may sign in and act for nobody yet."""
    mother = await make_somebody(backends, client, "mia mother", Role.PATIENT)
    father = await make_somebody(backends, client, "finn father", Role.PATIENT)
    return Family(backends, people, mother, father)


def years_ago(years: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=365 * years + 10)


class TestActingForAChild:
    """AZ-11. A parent's part ends with the 18th birthday, to the second, where the child lives."""

    async def test_it_ends_at_the_second_of_the_birthday(self, family: Family) -> None:
        await family.born(date(2010, 5, 20))
        await family.add(family.mother)
        consult_id = await opened(family, family.child)
        ends_at = majority_at(Birth(date(2010, 5, 20), "America/New_York"), 18)
        assert ends_at == datetime(2028, 5, 20, 4, tzinfo=UTC)

        async with family.backends.database.reads() as session:
            mother = family.mother.actor
            before = await get_seat(session, mother, consult_id, at=ends_at - SECOND)
            (listed,) = await list_seats(session, mother, after=None, limit=9, at=ends_at - SECOND)
            with pytest.raises(NotFound):
                await get_seat(session, mother, consult_id, at=ends_at)
            assert not await list_seats(session, mother, after=None, limit=9, at=ends_at)
            await get_seat(session, family.child.actor, consult_id, at=ends_at)

        assert before.relation is listed.relation is Relation.PROXY
        assert before.actor.on_behalf_of == listed.actor.on_behalf_of == family.child.user.id

    async def test_nobody_acts_before_they_were_added(self, family: Family) -> None:
        await family.born(years_ago(9))
        consult_id = await opened(family, family.child)
        proxy = await family.add(family.mother)

        async with family.backends.database.reads() as session:
            with pytest.raises(NotFound):
                await get_seat(
                    session, family.mother.actor, consult_id, at=proxy.valid_from - SECOND
                )
            await get_seat(session, family.mother.actor, consult_id, at=proxy.valid_from)

    async def test_several_act_at_once_and_end_each_by_themselves(self, family: Family) -> None:
        await family.born(years_ago(9))
        mothers = await family.add(family.mother)
        await family.add(family.father, ProxyBasis.GUARDIAN)
        consult_id = await opened(family, family.child)

        await family.end(mothers, by=family.people.coordinator)

        async with family.backends.database.reads() as session:
            await get_seat(session, family.father.actor, consult_id)
            with pytest.raises(NotFound):
                await get_seat(session, family.mother.actor, consult_id)

    async def test_a_corrected_birthday_moves_the_end(self, family: Family) -> None:
        await family.born(years_ago(9))
        await family.add(family.mother)
        consult_id = await opened(family, family.child)

        await family.born(years_ago(18))

        async with family.backends.database.reads() as session:
            with pytest.raises(NotFound):
                await get_seat(session, family.mother.actor, consult_id)

    async def test_an_ended_part_does_not_come_back_with_a_birthday(self, family: Family) -> None:
        await family.born(years_ago(9))
        await family.end(await family.add(family.mother), by=family.people.coordinator)
        consult_id = await opened(family, family.child)

        await family.born(years_ago(5))

        async with family.backends.database.reads() as session:
            with pytest.raises(NotFound):
                await get_seat(session, family.mother.actor, consult_id)


class TestAdding:
    async def test_without_a_birthday_nobody_is_added_as_a_parent(self, family: Family) -> None:
        with pytest.raises(InvalidFields) as refusal:
            await family.add(family.mother)
        assert "born" in refusal.value.faults["basis"]

    async def test_a_child_adds_nobody(self, family: Family) -> None:
        await family.born(years_ago(9))

        for basis in ProxyBasis:
            with pytest.raises(InvalidFields):
                await family.add(family.mother, basis, by=family.child)

    async def test_an_adult_adds_a_delegate_and_nobody_else(self, family: Family) -> None:
        await family.born(years_ago(40))

        for basis in set(ProxyBasis) - {ProxyBasis.DELEGATE}:
            with pytest.raises(InvalidFields):
                await family.add(family.mother, basis, by=family.child)
        added = await family.add(family.mother, ProxyBasis.DELEGATE, by=family.child)
        assert (added.ends_at, added.added_by) == (None, family.child.user.id)

    async def test_a_coordinator_adds_a_representative_for_an_adult(self, family: Family) -> None:
        await family.born(years_ago(40))
        ends_at = datetime.now(UTC) + timedelta(days=30)

        added = await family.add(family.mother, ProxyBasis.REPRESENTATIVE, ends_at=ends_at)

        assert added.ends_at == ends_at

    async def test_a_childs_proxy_takes_no_other_end(self, family: Family) -> None:
        await family.born(years_ago(9))

        with pytest.raises(InvalidFields) as refusal:
            await family.add(family.mother, ends_at=datetime(2100, 1, 1, tzinfo=UTC))
        assert set(refusal.value.faults) == {"ends_at"}

    async def test_an_end_that_is_past_is_refused(self, family: Family) -> None:
        await family.born(years_ago(40))

        with pytest.raises(InvalidFields):
            await family.add(
                family.mother,
                ProxyBasis.REPRESENTATIVE,
                ends_at=datetime.now(UTC) - timedelta(seconds=1),
            )

    async def test_only_an_account_of_a_person_can_act(self, family: Family) -> None:
        await family.born(years_ago(9))
        answers = set[str]()

        for nobody in (family.people.specialist, family.people.admin):
            with pytest.raises(InvalidFields) as refusal:
                await family.add(nobody)
            answers.add(refusal.value.faults["email"])
        assert len(answers) == 1
        with pytest.raises(InvalidFields):
            await family.add(family.child)

    async def test_the_same_person_twice_is_a_conflict(self, family: Family) -> None:
        await family.born(years_ago(9))
        await family.add(family.mother)

        with pytest.raises(Conflict) as refusal:
            await family.add(family.mother, ProxyBasis.GUARDIAN)
        assert refusal.value.code == "already_a_proxy"

    async def test_it_takes_the_passkey(self, family: Family) -> None:
        async with family.backends.database.reads() as session:
            for somebody in (family.people.coordinator, family.child):
                with pytest.raises(Forbidden) as refusal:
                    await get_patient(
                        session, somebody.actor, family.child.user.id, Action.PROXY_ADD
                    )
                assert refusal.value.code == "step_up_required"

    async def test_strangers_learn_nothing_of_a_patient(self, family: Family) -> None:
        people = family.people
        async with family.backends.database.reads() as session:
            for somebody in (people.other_patient, people.ems, people.specialist, people.admin):
                for action in (Action.PROXY_ADD, Action.PROXY_END, Action.CONSENT_READ):
                    with pytest.raises(NotFound):
                        await get_patient(session, somebody.fresh, family.child.user.id, action)

    async def test_a_proxy_of_one_is_nothing_to_another(self, family: Family) -> None:
        await family.born(years_ago(9))
        await family.add(family.mother)

        async with family.backends.database.reads() as session:
            with pytest.raises(NotFound):
                await get_patient(
                    session,
                    family.mother.fresh,
                    family.people.other_patient.user.id,
                    Action.CONSENT_READ,
                )

    async def test_nobody_but_a_coordinator_says_when_somebody_was_born(
        self, family: Family
    ) -> None:
        async with family.backends.database.writes.begin() as session:
            actor = family.child.fresh
            seat = await get_patient(session, actor, family.child.user.id, Action.PROXY_ADD)
            with pytest.raises(Forbidden):
                await set_birth(
                    session, family.backends.settings, seat, Birth(years_ago(40), "UTC")
                )


class TestNotices:
    async def test_whoever_acts_for_the_patient_hears_what_the_patient_hears(
        self, family: Family
    ) -> None:
        await family.born(years_ago(9))
        await family.add(family.mother)
        consult_id = str(await opened(family, family.child))
        await heard_by(family.backends)

        await family.people.specialist.say(consult_id, "It heals.")
        assert {family.child.user.email, family.mother.user.email} <= await heard_by(
            family.backends
        )
        await family.people.specialist.say(consult_id, "Deep.", audience="clinicians")
        assert family.mother.user.email not in await heard_by(family.backends)

    async def test_not_of_what_is_kept_from_them(self, family: Family) -> None:
        await family.born(years_ago(15))
        await family.add(family.mother)
        consult_id = str(await opened(family, family.child))
        await heard_by(family.backends)
        await family.people.specialist.say(consult_id, "It heals.")  # waits to be told

        hidden = await family.child.post(
            f"/api/consults/{consult_id}/confidential", confidential=True
        )
        await family.people.specialist.say(consult_id, "And more.")

        assert hidden.status_code == 200
        heard = await heard_by(family.backends)
        assert family.child.user.email in heard
        assert family.mother.user.email not in heard

    async def test_the_coordinators_hear_when_a_patient_ends_it(self, family: Family) -> None:
        await family.born(years_ago(15))
        proxy = await family.add(family.mother)
        await heard_by(family.backends)

        await family.end(proxy, by=family.child)

        assert await heard_by(family.backends) == {family.people.coordinator.user.email}
        last = mails(family.backends)[-1]
        assert "Mia" not in str(last)
        assert "Pat" not in str(last)


async def opened(family: Family, somebody: Somebody) -> UUID:
    async with family.backends.database.writes.begin() as session:
        seat, _ = await open_consult(
            session, family.backends.jobs, actor=somebody.actor, kind=ConsultKind.FOLLOW_UP
        )
    return seat.consult.id


async def heard_by(backends: Backends) -> set[str]:
    """Let the waiting mail go out, and say who got some."""
    before = addressees(backends)
    await work(backends, tasks_of(backends))
    return set(addressees(backends) - before)
