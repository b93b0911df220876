"""The first look at the keys: made at the first start, refused where something is wrong."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import structlog

from consult.backends.files import make_directory
from consult.backends.keys import table
from consult.backends.keys.keyring import SERVICE, Keys
from consult.backends.keys.ring import make_ring, require_apart
from consult.config import InvalidSettings, Settings
from consult.config.checks import folder_of

log = structlog.get_logger()


@contextmanager
def open_keys(settings: Settings) -> Generator[Keys]:
    """Open the keys, and make the key file if there never was one.

    One process at a time: the caller holds the lock of the data folder. Raises InvalidSettings:
    the file lies beside the data, is missing, readable by others, damaged, or another one.
    """
    make_directory(settings.data_dir)
    require_apart(
        settings.key_file,
        settings.data_dir,
        folder_of(settings.storage_url),
        beside=settings.database_path,
    )
    with closing(_connect(settings.keys_path)) as connection:
        _require_both_or_neither(settings, connection)
        if not settings.key_file.exists():
            make_ring(settings.key_file)
            log.warning("keys.file_made_back_it_up")
        keys = Keys(connection, settings.key_file)
        keys.check()
        keys.make(SERVICE)
        yield keys


def _require_both_or_neither(settings: Settings, connection: sqlite3.Connection) -> None:
    """A new key cannot open what an old one sealed: never make one in its place."""
    wrapped, sealed = bool(table.count_by_kek(connection)), _holds_sealed_rows(settings)
    if (wrapped or sealed) and not settings.key_file.exists():
        raise InvalidSettings(
            f"CONSULT_KEY_FILE: {settings.key_file} is missing, and what is kept is sealed with "
            "it. Put it back from its backup, or say where it is."
        )
    if sealed and not wrapped:
        raise InvalidSettings(
            f"CONSULT_DATA_DIR: {settings.keys_path} is missing or empty, and the database needs "
            "the keys in it. Put it back from its backup."
        )


def _holds_sealed_rows(settings: Settings) -> bool:
    if not settings.database_path.exists():
        return False
    column = "SELECT 1 FROM pragma_table_info('user') WHERE name = 'email_index'"
    rows = 'SELECT 1 FROM "user" WHERE email_index IS NOT NULL LIMIT 1'
    with closing(sqlite3.connect(settings.database_path)) as connection:
        try:
            # Without the column it is a database of before anything was sealed.
            return all(connection.execute(query).fetchall() for query in (column, rows))
        except sqlite3.DatabaseError:
            raise _unreadable("CONSULT_DATABASE_URL", settings.database_path) from None


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return table.connect(path)
    except sqlite3.DatabaseError:
        raise _unreadable("CONSULT_DATA_DIR", path) from None


def _unreadable(setting: str, path: Path) -> InvalidSettings:
    return InvalidSettings(f"{setting}: {path} cannot be read. Put it back from its backup.")
