"""The commands that work on the record, as an operator types them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from api.__main__ import main
from consult.bootstrap import Backends, open_backends
from consult.config import read_settings
from consult.tasks import NAMES

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def consult(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.setenv("CONSULT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONSULT_LOG_LEVEL", "error")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_a_person_gets_a_link_with_its_secret_in_the_fragment(consult: Run) -> None:
    status, out, _ = add(consult)

    assert status == 0
    assert out.splitlines()[-1].startswith("http://localhost:8000/enrol#t=")


def test_an_address_is_taken_once(consult: Run) -> None:
    add(consult)

    status, _, err = add(consult)

    assert (status, "already" in err) == (2, True)


def test_a_token_is_printed_and_only_its_hash_is_kept(consult: Run, tmp_path: Path) -> None:
    add(consult)

    status, out, _ = consult("token", "create", "--email", "sol@consult.test")

    assert status == 0
    assert out.startswith("bct_")
    for path in (tmp_path / "data").glob("consult.db*"):
        assert out.strip().encode() not in path.read_bytes()


def test_a_token_for_nobody_says_what_to_do(consult: Run) -> None:
    status, _, err = consult("token", "create", "--email", "nobody@consult.test")

    assert (status, "user add" in err) == (2, True)


def test_a_token_is_for_what_it_was_made_for_and_from_where(consult: Run) -> None:
    add(consult)
    made = consult(
        "token", "create", "--email", "sol@consult.test", "--name", "scanner",
        "--scope", "send", "--scope", "consult.list", "--network", "192.0.2.0/24",
    )  # fmt: skip
    consult("token", "create", "--email", "sol@consult.test")

    status, out, _ = consult("token", "list")

    limited, whole = out.splitlines()
    assert (made[0], status) == (0, 0)
    assert limited.endswith(
        "from 192.0.2.0/24  for consult.list,consult.open,message.post,photo.attach"
    )
    assert "  live  sol@consult.test  scanner  until 20" in limited
    assert whole.endswith("used never  from anywhere  for everything")
    assert made[1].strip() not in out


def test_a_scope_that_is_none_is_told_with_those_there_are(consult: Run) -> None:
    add(consult)

    status, out, err = consult(
        "token", "create", "--email", "sol@consult.test", "--scope", "everything"
    )

    assert (status, out) == (2, "")
    assert "scopes: A scope is one of: read, send, write, " in err


def test_a_token_that_is_revoked_is_listed_as_such(consult: Run) -> None:
    add(consult)
    consult("token", "create", "--email", "sol@consult.test")
    token_id = consult("token", "list")[1].split()[0]

    assert consult("token", "revoke", token_id)[:2] == (0, "Revoked.\n")
    assert "  revoked  " in consult("token", "list")[1]
    status, _, err = consult("token", "revoke", "00000000-0000-4000-8000-000000000000")
    assert (status, "consult token list" in err) == (2, True)


def test_somebody_is_shut_out_and_let_in_again(consult: Run) -> None:
    add(consult)
    consult("token", "create", "--email", "sol@consult.test")

    listed = [consult("user", "list")[1]]
    assert consult("user", "disable", "--email", "SOL@consult.test")[0] == 0
    listed.append(consult("user", "list")[1])
    assert consult("user", "enable", "--email", "sol@consult.test")[0] == 0
    listed.append(consult("user", "list")[1])

    assert [line.split("  ")[1:] for line in listed] == [
        ["specialist", state, "no passkey", "sol@consult.test", "Sol\n"]
        for state in ("active", "disabled", "active")
    ]
    assert "  revoked  " in consult("token", "list")[1]


def test_somebody_gets_another_role(consult: Run) -> None:
    add(consult)

    assert consult("user", "role", "--email", "sol@consult.test", "--role", "admin")[0] == 0

    assert "  admin  active  " in consult("user", "list")[1]


def test_nobody_is_shut_out_who_is_not_there(consult: Run) -> None:
    status, _, err = consult("user", "disable", "--email", "nobody@consult.test")

    assert (status, "user add" in err) == (2, True)


def test_a_wrong_setting_is_named(consult: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSULT_PORT", "eighty")

    status, _, err = consult("serve")

    assert (status, err.startswith("consult: CONSULT_PORT")) == (2, True)


def test_migrating_twice_is_once(consult: Run) -> None:
    assert [consult("migrate")[0] for _ in range(2)] == [0, 0]


def test_the_chain_is_verified(consult: Run) -> None:
    add(consult)

    assert consult("audit", "verify")[0] == 0
    on_the_record(tamper)
    status, out, _ = consult("audit", "verify")

    assert (status, out) == (1, "The chain is broken at row 1.\n")


def test_a_job_that_failed_for_good_is_listed_and_starts_afresh(consult: Run) -> None:
    assert consult("jobs")[:2] == (0, "")
    on_the_record(bury_a_job)

    status, out, _ = consult("jobs")
    assert (status, "sweep_orphans  10 attempts  OSError" in out) == (1, True)
    assert consult("jobs", "--retry", out.split()[0]) == (0, "", "")
    assert consult("jobs", "--retry", "99")[0] == 2


def test_the_doctor_says_what_is_left_to_do(consult: Run) -> None:
    status, out, _ = consult("doctor")

    assert status == 1
    assert "ok      data folder, database, storage" in out
    assert "TO DO   mail" in out


def add(consult: Run) -> tuple[int, str, str]:
    return consult(
        "user", "add", "--email", "sol@consult.test", "--name", "Sol", "--role", "specialist"
    )


async def tamper(backends: Backends) -> None:
    async with backends.database.writes.begin() as session:
        connection = await session.connection()
        await connection.execute(text("DROP TRIGGER auditrow_no_update"))
        await connection.execute(text("UPDATE auditrow SET action = 'nothing.happened'"))


async def bury_a_job(backends: Backends) -> None:
    async with backends.database.writes.begin() as session:
        await backends.jobs.enqueue(session, "sweep_orphans")
        change = "UPDATE job SET state = 'dead', attempts = 10, error = 'OSError at x:y:1'"
        await (await session.connection()).execute(text(change))


def on_the_record(change: Callable[[Backends], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_backends(read_settings(), task_names=NAMES) as backends:
            await change(backends)

    asyncio.run(run())
