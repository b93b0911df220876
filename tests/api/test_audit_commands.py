"""`consult audit …`, as an operator types it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from api.__main__ import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def consult(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Three people are there already."""
    monkeypatch.setenv("CONSULT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONSULT_LOG_LEVEL", "error")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    for name in ("ana", "bea", "cem"):
        add = ("user", "add", "--email", f"{name}@consult.test", "--name", name, "--role", "ems")
        assert run(*add)[0] == 0
    return run


class TestVerify:
    """AU-2. 0 whole, 1 tampered with, 2 could not tell."""

    def test_a_whole_trail_is_0(self, consult: Run) -> None:
        assert consult("audit", "verify") == (0, "The chain of 6 rows is whole.\n", "")

    def test_a_cut_tail_is_1_and_names_the_first_missing_row(
        self, consult: Run, tmp_path: Path
    ) -> None:
        tamper(tmp_path, "DELETE FROM auditrow WHERE seq > 4")

        assert consult("audit", "verify")[:2] == (1, "The chain is broken at row 5.\n")

    def test_a_trail_cut_to_nothing_is_1(self, consult: Run, tmp_path: Path) -> None:
        tamper(tmp_path, "DELETE FROM auditrow")

        assert consult("audit", "verify")[:2] == (1, "The chain is broken at row 1.\n")

    def test_without_any_anchor_it_is_2(self, consult: Run, tmp_path: Path) -> None:
        anchors(tmp_path).unlink()

        status, out, err = consult("audit", "verify")

        assert (status, out) == (2, "The chain of 6 rows is whole.\n")
        assert "a cut end would not be seen" in err

    def test_without_the_key_it_is_2_and_no_new_key_is_made(
        self, consult: Run, tmp_path: Path
    ) -> None:
        (tmp_path / "data" / "secret.key").unlink()

        assert consult("audit", "verify")[0] == 2
        assert not (tmp_path / "data" / "secret.key").exists()

    def test_a_database_that_is_none_is_2(self, consult: Run, tmp_path: Path) -> None:
        for path in (tmp_path / "data").glob("consult.db*"):
            path.write_bytes(b"not a database at all" * 500)

        status, out, err = consult("audit", "verify")

        assert (status, out) == (2, "")
        assert "SELECT" not in err

    def test_an_anchor_kept_elsewhere_counts_too(self, consult: Run, tmp_path: Path) -> None:
        _, line, _ = consult("audit", "anchor")
        mailed = tmp_path / "mail.txt"
        mailed.write_text(f"Please keep this message.\n\n{line}\nBye\n")
        anchors(tmp_path).unlink()
        tamper(tmp_path, "DELETE FROM auditrow WHERE seq > 5")

        assert consult("audit", "verify", "--anchor", str(mailed))[:2] == (
            1,
            "The chain is broken at row 6.\n",
        )

    def test_a_named_file_that_holds_no_anchor_is_2(self, consult: Run, tmp_path: Path) -> None:
        assert consult("audit", "verify", "--anchor", str(tmp_path / "none"))[0] == 2

    def test_it_leaves_no_row_and_no_anchor(self, consult: Run, tmp_path: Path) -> None:
        before = anchors(tmp_path).read_bytes()

        consult("audit", "verify")

        assert anchors(tmp_path).read_bytes() == before
        assert consult("audit", "verify")[1] == "The chain of 6 rows is whole.\n"


def test_a_command_says_that_the_trail_was_cut_and_does_its_deed(
    consult: Run, tmp_path: Path
) -> None:
    tamper(tmp_path, "DELETE FROM auditrow WHERE seq > 2")

    status, out, err = consult("token", "create", "--email", "ana@consult.test")

    assert (status, out[:4]) == (0, "bct_")
    assert "was cut" in err


class TestExport:
    def test_every_row_is_a_valid_audit_event(self, consult: Run) -> None:
        """AU-3."""
        status, out, _ = consult("audit", "export", "--fhir")

        events = [AuditEvent.model_validate_json(line) for line in out.splitlines()]
        assert (status, len(events)) == (0, 7)

    def test_that_it_was_exported_is_in_it(self, consult: Run) -> None:
        _, out, _ = consult("audit", "export")

        rows = [json.loads(line) for line in out.splitlines()]
        assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
        assert rows[-1]["action"] == "audit.exported"
        assert all(len(row["mac"]) == 64 for row in rows)

    def test_it_keeps_to_the_times_it_is_given(self, consult: Run) -> None:
        assert consult("audit", "export", "--until", "2020-01-01")[:2] == (0, "")
        assert len(consult("audit", "export", "--since", "2020-01-01")[1].splitlines()) == 8


def anchors(tmp_path: Path) -> Path:
    return tmp_path / "data-anchors" / "audit.log"


def tamper(tmp_path: Path, sql: str) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "consult.db")) as connection, connection:
        connection.execute("DROP TRIGGER auditrow_no_delete")
        connection.execute(sql)
