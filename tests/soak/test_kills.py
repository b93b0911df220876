"""A short run of the soak test, so that it is seen to work; `python -m tests.soak.kills` is the long one."""

from pathlib import Path

from tests.soak.kills import run


def test_five_kills_lose_no_page_and_send_none_twice_under_two_ids(tmp_path: Path) -> None:
    report = run(5, 7, tmp_path)

    assert report.whole, report
    assert report.points == 5
    assert report.pages >= 3
