"""`consult device`, as an operator types it."""

import re

import pytest

from tests.api.test_commands import Run
from tests.api.test_commands import consult as consult  # noqa: PLC0414 - the fixture


def test_a_tablet_gets_a_link_with_its_secret_in_the_fragment(consult: Run) -> None:
    status, out, _ = consult("device", "add", "--name", "Medic 12")

    assert status == 0
    assert re.search(r"^http://localhost:8000/device#t=[\w-]{43}$", out, re.MULTILINE)


def test_the_list_says_how_each_stands(consult: Run) -> None:
    consult("device", "add", "--name", "Medic 12")

    (line,) = consult("device", "list")[1].splitlines()
    device_id = line.split()[0]
    relinked = consult("device", "link", device_id)
    revoked = consult("device", "revoke", device_id)
    (after,) = consult("device", "list")[1].splitlines()

    assert line.endswith("Medic 12  not enrolled yet  seen: never")
    assert (relinked[0], "/device#t=" in relinked[1]) == (0, True)
    assert revoked[0] == 0
    assert after.endswith("Medic 12  revoked  seen: never")


@pytest.mark.parametrize("word", ["link", "revoke"])
def test_a_tablet_that_is_none_is_said_so(consult: Run, word: str) -> None:
    status, _, err = consult("device", word, "00000000-0000-4000-8000-000000000000")

    assert (status, "no such thing" in err) == (2, True)
