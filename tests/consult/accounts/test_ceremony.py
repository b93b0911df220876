"""The pure checks, against answers that are broken in every way that can be thought of."""

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consult.accounts.ceremony import (
    KnownPasskey,
    challenge_of,
    check_assertion,
    check_registration,
    credential_id_of,
)
from consult.config import Settings
from consult.errors import NotSignedIn
from tests.authenticator import Authenticator, decode, encode

ORIGIN, CHALLENGE, HANDLE = "https://consult.test", bytes(range(32)), b"h" * 32
SETTINGS = Settings(public_url=ORIGIN)
AUTHENTICATOR = Authenticator(ORIGIN)

CREATED = AUTHENTICATOR.create(
    {
        "rp": {"id": "consult.test"},
        "user": {"id": encode(HANDLE)},
        "challenge": encode(CHALLENGE),
    }
)
GOT = AUTHENTICATOR.get({"rpId": "consult.test", "challenge": encode(CHALLENGE)})
NEW = check_registration(SETTINGS, CREATED, CHALLENGE)
KNOWN = KnownPasskey(NEW.public_key, NEW.backup_eligible, HANDLE)

NO_DEADLINE = settings(deadline=None)  # other work on the machine is no fault of the code

ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=5,
)
READERS: list[Callable[[dict[str, Any]], object]] = [
    challenge_of,
    credential_id_of,
    lambda credential: check_registration(SETTINGS, credential, CHALLENGE),
    lambda credential: check_assertion(SETTINGS, credential, CHALLENGE, KNOWN),
]


def test_what_is_whole_is_accepted() -> None:
    assert credential_id_of(GOT) == NEW.credential_id == AUTHENTICATOR.credential_id
    assert challenge_of(CREATED) == challenge_of(GOT) == CHALLENGE
    assert check_assertion(SETTINGS, GOT, CHALLENGE, KNOWN).sign_count == 0


@NO_DEADLINE
@given(
    part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]),
    position=st.integers(0, 10_000),
    flip=st.integers(1, 255),
)
def test_an_assertion_with_any_byte_changed_is_refused(part: str, position: int, flip: int) -> None:
    """ID-2."""
    raw = bytearray(decode(GOT["response"][part]))
    raw[position % len(raw)] ^= flip

    with pytest.raises(NotSignedIn):
        check_assertion(SETTINGS, with_part(GOT, part, encode(bytes(raw))), CHALLENGE, KNOWN)


@NO_DEADLINE
@given(
    part=st.sampled_from(["clientDataJSON", "attestationObject"]),
    start=st.integers(0, 10_000),
    length=st.integers(0, 40),
    inserted=st.binary(max_size=40),
)
def test_a_damaged_registration_raises_nothing_but_the_refusal(
    part: str, start: int, length: int, inserted: bytes
) -> None:
    """ID-2."""
    raw = decode(CREATED["response"][part])
    start %= len(raw)
    damaged = raw[:start] + inserted + raw[start + length :]

    with suppress(NotSignedIn):  # what "none" attestation does not sign may well be accepted
        check_registration(SETTINGS, with_part(CREATED, part, encode(damaged)), CHALLENGE)


@pytest.mark.parametrize("credential", [CREATED, GOT], ids=["registration", "assertion"])
@NO_DEADLINE
@given(part=st.sampled_from(["id", "rawId", "type", "response"]), value=ANY_JSON)
def test_any_json_in_any_member_is_refused(
    credential: dict[str, Any], part: str, value: Any
) -> None:
    """ID-2."""
    broken = credential | {part: value}

    for read in READERS[2:]:
        with pytest.raises(NotSignedIn):
            read(broken)


@NO_DEADLINE
@given(
    part=st.sampled_from(
        ["clientDataJSON", "authenticatorData", "attestationObject", "userHandle"]
    ),
    value=ANY_JSON,
)
def test_any_json_in_any_part_raises_nothing_but_the_refusal(part: str, value: Any) -> None:
    """ID-2."""
    for credential in (CREATED, GOT):
        for read in READERS:
            with suppress(NotSignedIn):
                read(with_part(credential, part, value))


def with_part(credential: dict[str, Any], part: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(credential)
    changed["response"][part] = value
    return changed
