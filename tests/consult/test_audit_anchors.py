import asyncio
import re
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from consult import audit, worker
from consult.bootstrap import Backends, open_backends
from consult.config import Settings, read_settings
from consult.models import Actor, Role, Via
from consult.tasks import NAMES, anchor_audit, tasks_of
from tests.mailbox import mails, work

ACTOR = Actor(uuid4(), Role.EMS, "Erin", "erin@consult.test", Via.TOKEN)
OFFICER = "privacy@consult.test"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    given = settings.model_dump() | {"audit_anchor_rows": 3, "privacy_officer": OFFICER}
    return read_settings(**given)


@pytest.fixture
async def anchored(backends: Backends) -> Path:
    """Where the anchors go; three rows are on record, and anchored."""
    await record(backends, 3)
    await audit.drop_anchor(backends.database, backends.settings.audit_anchor)
    return backends.settings.audit_anchor


class TestFile:
    def test_it_lies_beside_the_data_folder_and_not_in_it(self, tmp_path: Path) -> None:
        settings = read_settings(data_dir=tmp_path / "data")

        assert settings.audit_anchor == tmp_path / "data-anchors" / "audit.log"

    async def test_each_anchor_is_a_line_that_only_the_service_reads(
        self, backends: Backends, anchored: Path
    ) -> None:
        await record(backends, 2)
        await audit.drop_anchor(backends.database, anchored)

        assert re.fullmatch(r"\S+\+00:00 3 [0-9a-f]{64}\n\S+ 5 [0-9a-f]{64}\n", text_of(anchored))
        assert mode_of(anchored) == 0o600
        assert mode_of(anchored.parent) == 0o700

    async def test_nothing_is_written_while_nothing_is_new(
        self, backends: Backends, anchored: Path
    ) -> None:
        before = text_of(anchored)

        assert await audit.drop_anchor(backends.database, anchored) is None
        assert text_of(anchored) == before

    async def test_without_rows_there_is_no_anchor(self, backends: Backends) -> None:
        path = backends.settings.audit_anchor

        assert await audit.drop_anchor(backends.database, path) is None
        assert text_of(path) == ""

    async def test_half_a_line_costs_only_itself(self, backends: Backends, anchored: Path) -> None:
        leave_half_a_line(anchored)
        await record(backends, 1)

        dropped = await audit.drop_anchor(backends.database, anchored)

        (first, second) = audit.read_anchors(anchored)
        assert first.seq == 3
        assert dropped
        assert second == dropped.anchor

    async def test_only_the_first_of_a_day_is_said_to_be(
        self, backends: Backends, anchored: Path
    ) -> None:
        redate(anchored, "2026-11-23T23:59:59+00:00")
        drops: list[audit.Anchor] = []
        firsts: list[bool] = []
        for _ in range(2):
            await record(backends, 1)
            dropped = await audit.drop_anchor(backends.database, anchored)
            assert dropped
            drops.append(dropped.anchor)
            firsts.append(dropped.first_of_day)

        assert firsts == [True, False]
        assert audit.read_anchors(anchored)[1:] == drops
        assert [anchor.seq for anchor in drops] == [4, 5]

    async def test_the_very_first_one_is_the_first_of_its_day(self, backends: Backends) -> None:
        await record(backends, 1)
        dropped = await audit.drop_anchor(backends.database, backends.settings.audit_anchor)

        assert dropped
        assert dropped.first_of_day

    async def test_a_mac_that_is_none_contradicts_its_anchor(
        self, backends: Backends, anchored: Path
    ) -> None:
        async with backends.database.writes.begin() as session:
            connection = await session.connection()
            await connection.execute(text("DROP TRIGGER auditrow_no_update"))
            await connection.execute(text("UPDATE auditrow SET mac = 'text' WHERE seq = 3"))

        with pytest.raises(audit.ChainContradicted):
            await audit.drop_anchor(backends.database, anchored)

    async def test_the_number_of_the_newest_row_is_known(self, backends: Backends) -> None:
        async with backends.database.reads() as session:
            assert await audit.newest_seq(session) == 0
        await record(backends, 3)
        async with backends.database.reads() as session:
            assert await audit.newest_seq(session) == 3

    def test_what_is_no_line_of_ours_is_passed_over(self, tmp_path: Path) -> None:
        assert audit.read_anchors(tmp_path / "none") == []
        file = tmp_path / "audit.log"
        good = f"2026-11-24T08:00:00+00:00 7 {'0f' * 32}\n"
        file.write_text(f"# a note\n{good}2026-11-24T08:00:00+00:00 08 {'0f' * 32}\n")

        assert audit.read_anchors(file) == [audit.Anchor("2026-11-24T08:00:00+00:00", 7, "0f" * 32)]
        assert audit.read_anchors(file)[0].line == good

    async def test_a_cut_trail_is_not_anchored_as_if_nothing_were_missing(
        self, backends: Backends, anchored: Path
    ) -> None:
        """AU-2. Nor is one that grew again after the cut."""
        before = text_of(anchored)
        await cut(backends, after=1)
        await record(backends, 9)

        with pytest.raises(audit.ChainContradicted):
            await audit.drop_anchor(backends.database, anchored)

        assert text_of(anchored) == before


class TestWorker:
    async def test_it_anchors_at_the_start_after_enough_rows_and_at_the_end(
        self, backends: Backends, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(worker, "_LOOK_SECONDS", 0.05)
        await record(backends, 1)

        running = asyncio.create_task(worker.run_worker(backends))
        await anchors_reach(backends, 1)
        await record(backends, 3)
        await anchors_reach(backends, 4)
        await record(backends, 2)
        await asyncio.sleep(0.3)
        before_the_end = anchors_of(backends)[-1].seq
        backends.jobs.stop()
        await running

        assert before_the_end == 4
        assert anchors_of(backends)[-1].seq == 6

    async def test_a_contradicted_chain_does_not_keep_the_worker_from_ending(
        self, backends: Backends, anchored: Path
    ) -> None:
        before = text_of(anchored)
        await cut(backends, after=2)

        running = asyncio.create_task(worker.run_worker(backends))
        await asyncio.sleep(0.2)
        backends.jobs.stop()
        await running

        assert text_of(anchored) == before


class TestOfficer:
    async def test_one_anchor_a_day_is_mailed_and_says_nothing_of_anybody(
        self, backends: Backends
    ) -> None:
        for _ in range(3):
            await record(backends, 1)
            await anchor_audit(backends)

        await work(backends, tasks_of(backends))

        (mail,) = mails(backends)
        first = anchors_of(backends)[0]
        assert (mail["To"], mail["Subject"]) == (OFFICER, "Anchor of the audit trail")
        assert first.line.strip() in mail.get_content()
        assert "Erin" not in str(mail)

    async def test_nobody_is_written_to_without_an_officer(self, settings: Settings) -> None:
        given = settings.model_dump() | {"privacy_officer": ""}
        async with open_backends(read_settings(**given), task_names=NAMES) as quiet:
            await record(quiet, 1)
            await anchor_audit(quiet)
            await work(quiet, tasks_of(quiet))

            assert mails(quiet) == []


async def record(backends: Backends, count: int) -> None:
    async with backends.database.writes.begin() as session:
        for _ in range(count):
            await audit.record(session, ACTOR, "photo.image.viewed", uuid4())


async def cut(backends: Backends, *, after: int) -> None:
    async with backends.database.writes.begin() as session:
        connection = await session.connection()
        await connection.execute(text("DROP TRIGGER auditrow_no_delete"))
        await connection.execute(text(f"DELETE FROM auditrow WHERE seq > {after}"))


async def anchors_reach(backends: Backends, seq: int) -> None:
    async with asyncio.timeout(20):
        while seq not in {anchor.seq for anchor in anchors_of(backends)}:  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.02)


def anchors_of(backends: Backends) -> list[audit.Anchor]:
    return audit.read_anchors(backends.settings.audit_anchor)


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def redate(path: Path, at: str) -> None:
    path.write_text(at + text_of(path)[len(at) :])


def leave_half_a_line(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"2026-11-24T08:00:00+00:00 4 00ff")
