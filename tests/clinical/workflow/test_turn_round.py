from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.clinical.workflow.turn_round import Measure, TurnRound, figures_of, percentile


def seconds(*counts: float) -> list[timedelta]:
    return [timedelta(seconds=count) for count in counts]


class TestPercentile:
    @pytest.mark.parametrize(
        ("percent", "expected"), [(5, 15), (30, 20), (40, 20), (50, 35), (90, 50), (100, 50)]
    )
    def test_it_is_the_nearest_rank(self, percent: int, expected: int) -> None:
        """The example that textbooks give for that method."""
        assert percentile(seconds(15, 20, 35, 40, 50), percent) == timedelta(seconds=expected)

    def test_of_a_hundred_times_it_is_the_time_of_that_number(self) -> None:
        times = seconds(*range(100, 0, -1))

        found = [percentile(times, percent) for percent in (50, 90, 99)]

        assert found == seconds(50, 90, 99)

    def test_of_no_times_there_is_none(self) -> None:
        assert percentile([], 50) is None

    @given(st.lists(st.timedeltas(), min_size=1), st.integers(1, 100))
    def test_so_many_percent_waited_no_longer_and_fewer_do_below_it(
        self, times: list[timedelta], percent: int
    ) -> None:
        found = percentile(times, percent)

        assert found is not None
        assert found in times
        assert sum(time <= found for time in times) * 100 >= percent * len(times)
        assert sum(time < found for time in times) * 100 < percent * len(times)


class TestFigures:
    def test_each_service_comes_whole_and_then_by_partner(self) -> None:
        fast, slow = timedelta(minutes=1), timedelta(minutes=9)
        sent = [
            TurnRound("South", "b.org", {Measure.SEEN: slow}),
            TurnRound("South", "a.org", {Measure.SEEN: fast}),
            TurnRound("South", "a.org", {}),
            TurnRound("North", "a.org", {}),
        ]

        seen = [figure for figure in figures_of(sent) if figure.measure is Measure.SEEN]

        assert [
            (one.service, one.partner, one.consults, one.reached, one.p50, one.p99) for one in seen
        ] == [
            ("North", None, 1, 0, None, None),
            ("North", "a.org", 1, 0, None, None),
            ("South", None, 3, 2, fast, slow),
            ("South", "a.org", 2, 1, fast, fast),
            ("South", "b.org", 1, 1, slow, slow),
        ]

    def test_each_has_every_measure(self) -> None:
        figures = figures_of([TurnRound("South", "a.org", {})])

        assert [one.measure for one in figures] == [*Measure, *Measure]

    def test_of_nothing_there_are_none(self) -> None:
        assert figures_of([]) == []
