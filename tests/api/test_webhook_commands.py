"""`consult webhook`, as an operator types it."""

import re

import pytest

from tests.api.test_commands import Run
from tests.api.test_commands import consult as consult  # noqa: PLC0414 - the fixture

URL = "https://pager.example.org/hook"


def test_a_webhook_shows_its_secret_once_and_never_in_the_list(consult: Run) -> None:
    status, out, _ = consult("webhook", "add", "--url", URL)
    listed = consult("webhook", "list")[1]

    secret = out.splitlines()[-1]
    assert status == 0
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]{44}", secret)
    assert listed.rstrip().endswith(URL)
    assert secret not in listed


def test_one_that_was_ended_is_no_longer_there(consult: Run) -> None:
    consult("webhook", "add", "--url", URL)
    webhook_id = consult("webhook", "list")[1].split()[0]

    ended = consult("webhook", "end", webhook_id)
    again = consult("webhook", "end", webhook_id)

    assert ended[0] == 0
    assert (again[0], "No webhook has this id" in again[2]) == (2, True)
    assert consult("webhook", "list")[1] == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--url", "http://pager.example.org/hook"), "Use https"),
        (("--url", URL, "--service", "00000000-0000-4000-8000-000000000000"), "No service"),
    ],
)
def test_what_cannot_be_added_is_said_in_words(
    consult: Run, arguments: tuple[str, ...], word: str
) -> None:
    status, _, err = consult("webhook", "add", *arguments)

    assert (status, word in err) == (2, True)
