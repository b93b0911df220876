"""ID-1. No password, no SMS, no security question: not in the tables, not on the wire, not on the page."""

import json
import re
from pathlib import Path

import pytest
from sqlmodel import SQLModel

ROOT = Path(__file__).parents[2]
FORBIDDEN = re.compile(
    r"pass_?word|passphrase|security.?(question|answer)|\bsms\b|text.?message|phone.?number"
    r"|\botp\b|one.?time.?password|type=.password",
    re.IGNORECASE,
)
SAID = ("There is no password to remember.", "the password manager", "your password app")
"""That there is none, and the browser's own keeper of passkeys: said, not asked for."""
PAGES = sorted(
    path for kind in ("*.html", "*.js", "*.css") for path in (ROOT / "static").rglob(kind)
)


def test_the_words_are_found_where_they_are() -> None:
    for words in ("password", "user_passWord", "security question", "an SMS code", "phone_number"):
        assert FORBIDDEN.search(words), words
    assert not FORBIDDEN.search("passkey smsx passing")


def test_no_table_has_a_place_for_one() -> None:
    tables = SQLModel.metadata.tables
    columns = [f"{table}.{column.name}" for table in tables for column in tables[table].columns]

    assert {"user.handle", "credential.public_key"} <= set(columns)
    assert [column for column in columns if FORBIDDEN.search(column)] == []


def test_the_wire_has_no_word_for_one() -> None:
    wire = (ROOT / "api" / "openapi.json").read_text()

    assert "/api/passkeys/registration" in json.loads(wire)["paths"]
    assert FORBIDDEN.findall(wire) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_asks_for_none(path: Path) -> None:
    text = path.read_text()
    for said in SAID:
        text = text.replace(said, "")

    assert FORBIDDEN.search(text) is None


def test_the_pages_are_there() -> None:
    assert len(PAGES) > 20
