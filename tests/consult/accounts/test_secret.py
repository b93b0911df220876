import hashlib
import hmac
from uuid import UUID

import pytest

from consult.accounts.secret import (
    hash_of,
    hash_of_code,
    hashes_of,
    mailed_secret,
    make_code,
    make_secret,
)
from tests.authenticator import decode, encode

ALPHABET = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_a_code_has_no_letter_that_is_taken_for_another() -> None:
    characters = "".join(make_code(32) for _ in range(200)).replace("-", "")

    assert set(characters) == ALPHABET


def test_no_two_are_alike_and_each_is_in_groups_of_four() -> None:
    codes = {make_code(16) for _ in range(1000)}

    assert len(codes) == 1000
    assert {tuple(len(group) for group in code.split("-")) for code in codes} == {(4, 4, 4, 4)}


@pytest.mark.parametrize(
    "typed", ["1A0B-CDEF", "1a0b cdef", "ia0bcdef", "LAOB-CDEF", " 1-A-0-B CDEF "]
)
def test_a_code_is_what_it_says_however_it_was_typed(typed: str) -> None:
    assert hash_of_code(typed) == hash_of_code("1A0BCDEF")


@pytest.mark.parametrize("typed", ["1A0BCDEG", "1A0BCDE", "1A0BCDEF0", "1A0BCDEFÎ"])
def test_and_nothing_else(typed: str) -> None:
    assert hash_of_code(typed) != hash_of_code("1A0BCDEF")


def test_the_secret_of_a_link_is_read_letter_by_letter() -> None:
    secret = make_secret()

    assert hashes_of(secret)[0] != hashes_of(secret.swapcase())[0]


def test_the_secret_of_a_mailed_link_is_the_same_again_and_only_with_the_key() -> None:
    one, other = UUID(int=1), UUID(int=2)
    secret = mailed_secret(b"k" * 32, one)

    assert secret == mailed_secret(b"k" * 32, one)
    assert len(decode(secret)) == 32
    assert secret not in {mailed_secret(b"k" * 32, other), mailed_secret(b"j" * 32, one)}


def test_what_is_kept_is_the_sha_256_of_every_letter() -> None:
    for secret, raw in (("secret", b"secret"), (b"raw", b"raw"), ("\ud800", b"\xed\xa0\x80")):
        assert hash_of(secret) == hashlib.sha256(raw).digest()


def test_a_secret_is_as_long_as_asked_and_256_bits_else() -> None:
    assert len(decode(make_secret())) == 32
    assert len(decode(make_secret(16))) == 16
    assert len({make_secret() for _ in range(100)}) == 100


def test_the_secret_of_a_mailed_link_is_an_hmac_of_its_rows_id() -> None:
    """In another form, links that are on their way would be dead."""
    row = UUID(int=7)
    made = hmac.digest(b"k" * 32, b"consult-mailed-link-v1\0" + row.bytes, "sha256")

    assert mailed_secret(b"k" * 32, row) == encode(made)


def test_a_code_that_fills_no_group_has_a_short_one_at_its_end() -> None:
    assert [len(group) for group in make_code(6).split("-")] == [4, 2]


def test_what_was_typed_may_be_a_secret_or_a_code() -> None:
    assert hashes_of("1a0b-cdef") == (hash_of("1a0b-cdef"), hash_of("1A0BCDEF"))
