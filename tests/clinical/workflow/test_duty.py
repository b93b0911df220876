"""Who is on call, and when nobody is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from consult.clinical.workflow.duty import Shift, gaps, on_call, whom_to_page
from consult.clinical.workflow.service_levels import Rung

START = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA, BEN, CAI = uuid4(), uuid4(), uuid4()


def shift(person: UUID, begins: int, ends: int, rung: Rung = Rung.PRIMARY) -> Shift:
    return Shift(rung, person, START + begins * HOUR, START + ends * HOUR)


def at(hour: float) -> datetime:
    return START + hour * HOUR


def test_a_shift_ends_just_before_the_next_begins() -> None:
    shifts = [shift(ANA, 0, 8), shift(BEN, 8, 16)]

    assert [on_call(shifts, Rung.PRIMARY, at(hour)) for hour in (0, 7.99, 8, 16)] == [
        *(ANA, ANA, BEN),
        None,
    ]


def test_of_two_that_overlap_the_later_one_stands_in() -> None:
    assert on_call([shift(ANA, 0, 12), shift(BEN, 4, 6)], Rung.PRIMARY, at(5)) == BEN


def test_an_empty_rung_is_passed_over_to_the_one_above() -> None:
    shifts = [shift(CAI, 0, 8, Rung.SUPERVISOR)]

    assert whom_to_page(shifts, Rung.PRIMARY, at(1)) == CAI
    assert whom_to_page(shifts, Rung.PRIMARY, at(9)) is None


def test_nobody_is_paged_on_a_rung_below() -> None:
    assert whom_to_page([shift(ANA, 0, 8)], Rung.BACKUP, at(1)) is None


def begun_at(begins: int, hours: int) -> Shift:
    return shift(ANA, begins, begins + hours)


SHIFTS = st.lists(st.builds(begun_at, st.integers(-10, 60), st.integers(1, 12)), max_size=8)


@given(SHIFTS)
def test_gaps_are_just_the_hours_in_which_nobody_is_on_call(shifts: list[Shift]) -> None:
    found = gaps(shifts, Rung.PRIMARY, at(0), at(48))

    for hour in range(48):
        empty = any(gap.starts_at <= at(hour) < gap.ends_at for gap in found)
        assert empty == (on_call(shifts, Rung.PRIMARY, at(hour)) is None)
