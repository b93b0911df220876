import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.database import Database, at_head, open_database, upgrade
from consult.backends.files import exclusive
from consult.backends.jobs.table import Job
from consult.config import Settings

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class TestSessions:
    async def test_a_read_session_cannot_write(self, database: Database) -> None:
        async with database.reads() as session:
            session.add(make_job())
            with pytest.raises(OperationalError, match="readonly"):
                await session.flush()

    async def test_a_read_session_sees_one_moment(self, database: Database) -> None:
        async with database.reads() as session:
            before = await count(session)
            await write(database, make_job())

            assert await count(session) == before

    async def test_writers_take_turns_and_none_is_refused(self, database: Database) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(write, database, make_job())

        async with database.reads() as session:
            assert await count(session) == 20

    async def test_a_writer_that_has_only_read_yet_keeps_other_processes_from_writing(
        self, database: Database, settings: Settings
    ) -> None:
        other = sqlite3.connect(settings.database_path, timeout=0, isolation_level=None)
        async with database.writes.begin() as session:
            assert await count(session) == 0
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")

        other.execute("BEGIN IMMEDIATE")
        other.close()

    async def test_readers_do_not_wait_for_a_writer(self, database: Database) -> None:
        async with database.writes.begin() as writing:
            writing.add(make_job())
            await writing.flush()
            with anyio.fail_after(2):
                async with database.reads() as reading:
                    assert await count(reading) == 0

    async def test_slow_work_above_the_first_statement_holds_up_nobody(
        self, database: Database
    ) -> None:
        async with database.writes.begin() as session:
            with anyio.fail_after(2):
                await write(database, make_job())

            assert await count(session) == 1

    async def test_a_transaction_that_fails_leaves_nothing(self, database: Database) -> None:
        with pytest.raises(IntegrityError):
            await write(database, make_job(id=1), make_job(id=1))

        async with database.reads() as session:
            assert await count(session) == 0

    async def test_an_error_does_not_carry_what_was_to_be_written(self, database: Database) -> None:
        await write(database, make_job(id=1))
        with pytest.raises(IntegrityError) as caught:
            await write(database, make_job(id=1, name="Jane Doe"))

        assert "Jane Doe" not in str(caught.value)

    @pytest.mark.parametrize(
        ("pragma", "value"),
        [
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 10000),
            ("temp_store", 2),
        ],
    )
    async def test_both_engines_are_set_up_the_same(
        self, database: Database, pragma: str, value: object
    ) -> None:
        for sessions in (database.reads, database.writes):
            async with sessions() as session:
                connection = await session.connection()
                found = (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one()
                assert found == value

    async def test_every_session_carries_what_it_was_given(self, settings: Settings) -> None:
        async with open_database(settings, info={"audit_key": b"key"}) as database:
            database.reads().info["more"] = True

            assert database.reads().info == database.writes().info == {"audit_key": b"key"}


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    """A data folder that does not exist yet."""
    return Settings(data_dir=tmp_path / "fresh")


class TestMigrations:
    def test_a_fresh_folder_is_made_private_and_upgraded(self, fresh: Settings) -> None:
        upgrade(fresh)

        assert fresh.data_dir.stat().st_mode & 0o777 == 0o700
        assert "job" in tables(fresh)

    def test_the_migrations_make_what_the_models_describe(self, fresh: Settings) -> None:
        upgrade(fresh)
        checked = run_alembic(fresh, "check")

        assert checked.returncode == 0, checked.stdout + checked.stderr

    def test_the_command_upgrades_a_fresh_folder_too(self, fresh: Settings) -> None:
        upgraded = run_alembic(fresh, "upgrade", "head")

        assert upgraded.returncode == 0, upgraded.stderr
        assert "job" in tables(fresh)

    def test_upgrading_again_keeps_the_rows(self, fresh: Settings) -> None:
        upgrade(fresh)
        with sqlite3.connect(fresh.database_path) as connection:
            connection.execute(
                "INSERT INTO job (name, args, state, attempts, run_at, error)"
                " VALUES ('a', '{}', 'todo', 0, '2026-11-24 12:00:00.000000', '')"
            )
        connection.close()
        upgrade(fresh)

        with sqlite3.connect(fresh.database_path) as connection:
            assert connection.execute("SELECT count(*) FROM job").fetchone() == (1,)
        connection.close()

    def test_two_processes_that_start_together_both_succeed(self, fresh: Settings) -> None:
        script = (
            "from consult.config import Settings; from consult.backends.database import upgrade;"
            " upgrade(Settings())"
        )
        both = [
            subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment(fresh))
            for _ in range(2)
        ]

        assert [process.wait(30) for process in both] == [0, 0]

    async def test_waits_while_another_process_upgrades(self, fresh: Settings) -> None:
        fresh.data_dir.mkdir()
        async with anyio.create_task_group() as group:
            with exclusive(fresh.data_dir / "lock", wait=False):
                group.start_soon(anyio.to_thread.run_sync, upgrade, fresh)
                await anyio.sleep(0.3)
                assert not fresh.database_path.exists()

        assert "job" in tables(fresh)

    async def test_the_schema_is_at_head_only_after_the_upgrade(self, fresh: Settings) -> None:
        fresh.data_dir.mkdir()
        async with open_database(fresh) as database:
            assert not await at_head(database)
            await anyio.to_thread.run_sync(upgrade, fresh)

            assert await at_head(database)

    def test_a_migration_that_fails_leaves_nothing_behind(
        self, fresh: Settings, tmp_path: Path
    ) -> None:
        config = migrations_of(
            tmp_path, fresh, 'op.execute("CREATE TABLE half (id INTEGER)"); op.execute("no sql")'
        )
        with pytest.raises(OperationalError):
            command.upgrade(config, "head")

        assert tables(fresh) == set()

    def test_a_migration_that_breaks_a_foreign_key_is_refused(
        self, fresh: Settings, tmp_path: Path
    ) -> None:
        config = migrations_of(
            tmp_path,
            fresh,
            'op.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)");'
            ' op.execute("CREATE TABLE child (id INTEGER REFERENCES parent (id))");'
            ' op.execute("INSERT INTO child VALUES (7)")',
        )
        with pytest.raises(RuntimeError, match="foreign keys of child"):
            command.upgrade(config, "head")

        assert tables(fresh) == set()


def make_job(*, name: str = "anything", id: int | None = None) -> Job:  # noqa: A002 - the column
    return Job(id=id, name=name, args={}, run_at=NOON)


async def write(database: Database, *jobs: Job) -> None:
    async with database.writes.begin() as session:
        session.add_all(jobs)


async def count(session: AsyncSession) -> int:
    connection = await session.connection()
    return int((await connection.execute(text("SELECT count(*) FROM job"))).scalar_one())


def tables(settings: Settings) -> set[str]:
    connection = sqlite3.connect(settings.database_path)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    connection.close()
    return {str(name) for (name,) in rows}


def run_alembic(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic.config", *arguments],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "CONSULT_DATA_DIR": str(settings.data_dir)}


def migrations_of(folder: Path, settings: Settings, statements: str) -> Config:
    """Our own env.py over a single revision that does `statements`."""
    (folder / "versions").mkdir()
    shutil.copy(ROOT / "alembic" / "env.py", folder)
    (folder / "versions" / "one.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = 'one', None\n"
        f"def upgrade() -> None: {statements}\n"
    )
    config = Config(attributes={"settings": settings})
    config.set_main_option("script_location", str(folder))
    return config
