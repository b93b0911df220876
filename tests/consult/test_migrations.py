"""Every step of the schema, with rows of the step before in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from consult.backends.database import upgrade
from consult.config import Settings

VERSIONS = Path(__file__).parents[2] / "alembic"
PHOTO = "0b" * 16


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_photos_from_before_photos_could_be_turned_stay_as_they_are(fresh: Settings) -> None:
    step(fresh, "0001")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="patient")
        insert(
            connection, "consult", id="0c" * 16, kind="follow_up", urgency="routine",
            state="submitted", opened_by="0a" * 16,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id="0c" * 16, created_by="0a" * 16, width=4)
        insert(connection, "preview", photo_id=PHOTO, jpeg=b"\xff\xd8")

    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        columns = "width, turned_from, replaced_by, turned_clockwise, turned_by, turned_at"
        photos = connection.execute(f"SELECT {columns} FROM photo").fetchall()
        previews = connection.execute("SELECT photo_id, jpeg FROM preview").fetchall()
    assert photos == [(4, None, None, 0, None, None)]
    assert previews == [(PHOTO, b"\xff\xd8")]


def test_a_photo_is_replaced_by_one_photo_only(fresh: Settings) -> None:
    upgrade(fresh)
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        insert(connection, "photo", id="01" * 16, turned_from=PHOTO)

        with pytest.raises(sqlite3.IntegrityError, match=r"photo\.turned_from"):
            insert(
                connection, "photo", id="02" * 16, turned_from=PHOTO,
                sop_instance_uid="2", storage_key="2",
            )  # fmt: skip


def test_going_back_a_step_and_forth_again_loses_no_photo_and_counts_them_all(
    fresh: Settings,
) -> None:
    upgrade(fresh)
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="patient")
        insert(
            connection, "consult", id="0c" * 16, kind="follow_up", urgency="routine",
            state="submitted", opened_by="0a" * 16,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id="0c" * 16, created_by="0a" * 16)

    command.downgrade(config(fresh), "0001")
    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert connection.execute("SELECT id FROM photo").fetchall() == [(PHOTO,)]
        assert connection.execute("SELECT photo_count FROM consult").fetchall() == [(1,)]


def test_photos_by_sender_and_time_are_found_by_an_index_and_lost_in_neither_direction(
    fresh: Settings,
) -> None:
    step(fresh, "0002")
    with closing(sqlite3.connect(fresh.database_path)) as connection, connection:
        insert(connection, "user", id="0a" * 16, role="patient")
        insert(
            connection, "consult", id="0c" * 16, kind="follow_up", urgency="routine",
            state="submitted", opened_by="0a" * 16,
        )  # fmt: skip
        insert(connection, "photo", id=PHOTO, consult_id="0c" * 16, created_by="0a" * 16)

    upgrade(fresh)

    with closing(sqlite3.connect(fresh.database_path)) as connection:
        query = "SELECT id FROM photo WHERE created_by = ? AND created_at > '2000'"
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", ("0a" * 16,)).fetchall()
        assert "ix_photo_created_by_created_at" in str(plan)
    command.downgrade(config(fresh), "0002")
    with closing(sqlite3.connect(fresh.database_path)) as connection:
        assert connection.execute("SELECT id FROM photo").fetchall() == [(PHOTO,)]


def step(settings: Settings, revision: str) -> None:
    settings.data_dir.mkdir(mode=0o700)
    command.upgrade(config(settings), revision)


def config(settings: Settings) -> Config:
    made = Config(attributes={"settings": settings})
    made.set_main_option("script_location", str(VERSIONS))
    return made


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """One row; what must have a value and is not named gets an empty one."""
    info = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    for _, name, kind, required, default, _ in info:
        if required and default is None:
            values.setdefault(name, 0 if kind in {"INTEGER", "BOOLEAN"} else "")
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(values.values()))
