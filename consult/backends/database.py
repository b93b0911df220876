"""The database: a read engine, a write engine, and what SQLite needs from each.

A write transaction holds the only writer: nothing slow (scrub, file, mail) belongs inside one.
`writes.begin()` takes no connection before its first SQL statement, so slow work may stand
above that.
"""

import sqlite3
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.files import exclusive, make_directory
from consult.backends.keys import Keys
from consult.config import Settings

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# Before any table exists: without names, Alembic could not change a constraint on SQLite.
SQLModel.metadata.naming_convention = NAMING_CONVENTION

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a committed consult survives a power cut
    "busy_timeout=10000",  # for other processes: a backup, the command line
    "foreign_keys=ON",
    "temp_store=MEMORY",  # no rows in temporary files
)
_KEYS = "consult_keys"
_MIGRATIONS = Path(__file__).parents[2] / "alembic"


@dataclass(frozen=True)
class Database:
    reads: async_sessionmaker[AsyncSession]
    """`async with database.reads() as session`: sees one moment, cannot write."""
    writes: async_sessionmaker[AsyncSession]
    """`async with database.writes.begin() as session`: one at a time, in order of arrival."""


@asynccontextmanager
async def open_database(
    settings: Settings, *, info: Mapping[str, Any] | None = None, keys: Keys | None = None
) -> AsyncGenerator[Database]:
    """Open both engines. Every session carries a copy of `info` as `session.info`.

    `keys` open and seal the private columns; without them these can be neither read nor written.
    """
    writes = _engine(settings, begin="BEGIN IMMEDIATE", pragmas=_PRAGMAS, pool_size=1)
    reads = _engine(settings, begin="BEGIN", pragmas=(*_PRAGMAS, "query_only=ON"), pool_size=4)
    for engine in (writes, reads):
        vars(engine.sync_engine.dialect)[_KEYS] = keys
    try:
        yield Database(reads=_sessions(reads, info), writes=_sessions(writes, info))
    finally:
        await reads.dispose()
        await writes.dispose()


def keys_of_dialect(dialect: Dialect) -> Keys:
    """The keys of an engine: a column type is given nothing of it but its dialect."""
    keys = vars(dialect).get(_KEYS)
    assert keys, "open_database was given no keys"
    return cast("Keys", keys)


def upgrade(settings: Settings) -> None:
    """Bring the schema to the newest version; one process at a time, the others wait."""
    make_directory(settings.data_dir)
    with exclusive(settings.data_dir / "lock", wait=True):
        before = settings.database_path.exists() and _stored_revisions(settings)
        command.upgrade(_alembic(settings), "head")
        if before and before != _newest():
            _compact(settings)


def _stored_revisions(settings: Settings) -> set[str]:
    engine = migration_engine(settings)
    with engine.connect() as connection:
        found = _revisions(connection)
    engine.dispose()
    return found


def _compact(settings: Settings) -> None:
    """Rewrite the file: what a migration has sealed or moved is in no free page any more."""
    with closing(sqlite3.connect(settings.database_path, isolation_level=None)) as connection:
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


async def at_head(database: Database) -> bool:
    """Tell whether the schema is the one that this version of Consult was made for."""
    async with database.reads() as session:
        connection = await session.connection()
        return await connection.run_sync(_revisions) == _newest()


def migration_engine(settings: Settings) -> Engine:
    """Make the engine that Alembic works with.

    Foreign keys are off, because a batch migration drops and renames tables and would take
    the rows that point to them along; `alembic/env.py` checks them before it commits.
    """
    make_directory(settings.database_path.parent)
    url = make_url(settings.database_url).set(drivername="sqlite+pysqlite")
    engine = create_engine(url, hide_parameters=True)
    pragmas = ("journal_mode=WAL", "busy_timeout=10000", "secure_delete=ON", "temp_store=MEMORY")
    _prepare(engine, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    return engine


def _engine(
    settings: Settings, *, begin: str, pragmas: tuple[str, ...], pool_size: int
) -> AsyncEngine:
    engine = create_async_engine(
        settings.database_url,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # an error must not carry what a patient wrote into the log
    )
    _prepare(engine.sync_engine, begin=begin, pragmas=pragmas)
    return engine


def _prepare(engine: Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    def connect(connection: DBAPIConnection, _record: object) -> None:
        # Without this, the driver begins transactions of its own, late and deferred.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", start)


def _sessions(
    engine: AsyncEngine, info: Mapping[str, Any] | None
) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(
        engine, class_=AsyncSession, expire_on_commit=False, info=dict(info or {})
    )


def _alembic(settings: Settings | None = None) -> Config:
    config = Config(attributes={"settings": settings})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


@cache
def _newest() -> set[str]:
    return set(ScriptDirectory.from_config(_alembic()).get_heads())
