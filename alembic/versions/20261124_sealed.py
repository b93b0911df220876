"""Sealed: all words and pictures of people, under a key for each of them.

What is there is sealed on the way up and opened on the way down, the stored photos too: each
is written anew under another name, and its old file, dated 1970, goes with the next sweep.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
import sqlmodel
from alembic import context, op

from consult.backends.files import write_durably
from consult.backends.keys import Keys, open_keys
from consult.backends.storage import new_key
from consult.backends.storage.segments import HEAD, Label, Seal, seal
from consult.config import Settings
from consult.config.checks import folder_of
from consult.errors import Gone

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_COLUMNS = {
    "user": {"email": _TEXT(), "name": _TEXT(), "born_on": sa.Date(), "time_zone": _TEXT()},
    "credential": {"name": _TEXT()},
    "apitoken": {"name": _TEXT()},
    "consult": {"reason": _TEXT()},
    "message": {"body": _TEXT()},
    "photo": {
        "device_make": _TEXT(),
        "device_model": _TEXT(),
        "certificate": sa.JSON(),
        "scrub_summary": _TEXT(),
        "note": _TEXT(),
    },
    "preview": {"jpeg": sa.LargeBinary()},
    "participant": {"purpose": _TEXT()},
    "breakglass": {"reason_text": _TEXT(), "comment": _TEXT()},
}
_EMPTY_IS_NONE = {("participant", "purpose"), ("breakglass", "comment")}
_DEFAULTS = {("credential", "name"): "Passkey", ("participant", "purpose"): ""}
_KEYS = {"preview": "photo_id", "participant": "rowid"}
_SUBJECTS = {
    "user": 'SELECT id, id FROM "user"',
    "credential": "SELECT id, user_id FROM credential",
    "apitoken": "SELECT id, user_id FROM apitoken",
    "consult": "SELECT id, subject_id FROM consult",
    "message": "SELECT message.id, consult.subject_id FROM message"
    " JOIN consult ON consult.id = message.consult_id",
    "photo": "SELECT id, subject_id FROM photo",
    "preview": "SELECT preview.photo_id, photo.subject_id FROM preview"
    " JOIN photo ON photo.id = preview.photo_id",
    "participant": "SELECT participant.rowid, consult.subject_id FROM participant"
    " JOIN consult ON consult.id = participant.consult_id",
    "breakglass": "SELECT breakglass.id, consult.subject_id FROM breakglass"
    " JOIN consult ON consult.id = breakglass.consult_id",
}
# A batch keeps no CHECK constraint that it is not given.
_CHECKS = {
    "user": {"role": "role IN ('patient', 'ems', 'specialist', 'coordinator', 'admin', 'device')"},
    "consult": {
        "consultkind": "kind IN ('emergency', 'follow_up', 'second_opinion', 'pre_visit',"
        " 'prior_imaging')",
        "urgency": "urgency IN ('routine', 'urgent', 'asap', 'stat')",
        "consultstate": "state IN ('submitted', 'in_review', 'answered', 'closed')",
    },
    "message": {"audience": "audience IN ('everyone', 'clinicians')"},
    "breakglass": {
        "glassreason": "reason_code IN ('emergency', 'cover', 'safety', 'other')",
        "glassoutcome": "outcome IN ('justified', 'not_justified')",
    },
}
_KIND = "dicom-instance"


def upgrade() -> None:
    op.add_column("user", sa.Column("email_index", sa.LargeBinary(), nullable=True))
    op.add_column("consult", sa.Column("subject_id", sa.Uuid(), nullable=True))
    shredded_at = sa.Column("shredded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
    op.add_column("consult", shredded_at)
    op.add_column("photo", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE consult SET subject_id = coalesce(patient_id, id)")
    op.execute(
        "UPDATE photo SET subject_id ="
        " (SELECT subject_id FROM consult WHERE consult.id = photo.consult_id)"
    )
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table, table_args=_checks(table)) as batch_op:
            for column, before in columns.items():
                batch_op.alter_column(
                    column,
                    existing_type=before,
                    type_=sa.LargeBinary(),
                    server_default=None,
                    nullable=True if (table, column) in _EMPTY_IS_NONE else None,
                )
            if table == "user":
                batch_op.drop_constraint(batch_op.f("uq_user_email"), type_="unique")
                name = batch_op.f("uq_user_email_index")
                batch_op.create_unique_constraint(name, ["email_index"])
            if table in ("consult", "photo"):
                batch_op.alter_column("subject_id", existing_type=sa.Uuid(), nullable=False)
            if table == "consult":
                batch_op.create_index(batch_op.f("ix_consult_subject_id"), ["subject_id"])
    for table, column in _EMPTY_IS_NONE:
        op.execute(f"UPDATE {table} SET {column} = NULL WHERE length({column}) = 0")  # noqa: S608 - our own names
    if _any_rows():
        settings = _settings()
        with open_keys(settings) as keys:
            _seal_rows(keys)
            _seal_objects(keys, folder_of(settings.storage_url))


def downgrade() -> None:
    """Of who was shredded nothing comes back; an address that is none takes the place of theirs."""
    if _any_rows():
        settings = _settings()
        with open_keys(settings) as keys:
            _open_objects(keys, folder_of(settings.storage_url))
            _open_rows(keys)
    for table, column in _EMPTY_IS_NONE:
        op.execute(f"UPDATE {table} SET {column} = '' WHERE {column} IS NULL")  # noqa: S608 - our own names
    # The batch casts what changes its type, and to SQLite a date is a number: its year.
    op.add_column("user", sa.Column("born", sa.Date(), nullable=True))
    op.execute('UPDATE "user" SET born = born_on')
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table, table_args=_checks(table)) as batch_op:
            for column, after in columns.items():
                if column != "born_on":
                    batch_op.alter_column(
                        column,
                        existing_type=sa.LargeBinary(),
                        type_=after,
                        server_default=_DEFAULTS.get((table, column), False),
                        nullable=False if (table, column) in _EMPTY_IS_NONE else None,
                    )
            if table == "user":
                batch_op.drop_constraint(batch_op.f("uq_user_email_index"), type_="unique")
                batch_op.drop_column("email_index")
                batch_op.drop_column("born_on")
                batch_op.create_unique_constraint(batch_op.f("uq_user_email"), ["email"])
            if table == "consult":
                batch_op.drop_index(batch_op.f("ix_consult_subject_id"))
                batch_op.drop_column("shredded_at")
            if table in ("consult", "photo"):
                batch_op.drop_column("subject_id")
    with op.batch_alter_table("user", table_args=_checks("user")) as batch_op:
        batch_op.alter_column("born", existing_type=sa.Date(), new_column_name="born_on")


def _checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(text, name=op.f(f"ck_{table}_{name}"))
        for name, text in _CHECKS.get(table, {}).items()
    ]


def _any_rows() -> bool:
    return bool(_all('SELECT 1 FROM "user" LIMIT 1'))


def _settings() -> Settings:
    return context.config.attributes.get("settings") or Settings()


def _seal_rows(keys: Keys) -> None:
    subjects = _all('SELECT id FROM "user" UNION SELECT subject_id FROM consult')
    keys.make(*(UUID(subject) for (subject,) in subjects))
    for table, name, column, row_id, subject, value in _values():
        if column == "email":
            index = keys.index(_bytes(value).decode(), "user.email")
            _run('UPDATE "user" SET email_index = ? WHERE id = ?', index, row_id)
        sealed = keys.get(subject).seal(_bytes(value), f"{table}.{column}")
        _put(table, name, column, row_id, sealed)


def _open_rows(keys: Keys) -> None:
    for table, name, column, row_id, _, value in _values():
        plain = keys.open(_bytes(value), f"{table}.{column}")
        if plain is None:
            opened = _instead(column, row_id)
        else:
            opened = plain if column == "jpeg" else plain.decode()
        _put(table, name, column, row_id, opened)


def _instead(column: str, row_id: str) -> str | bytes | None:
    """What stands in the place of something that was shredded."""
    match column:
        case "email":
            return f"{row_id}@shredded.invalid"
        case "certificate":
            return "{}"
        case "born_on" | "time_zone":
            return None
        case _:
            return b"" if column == "jpeg" else ""


def _values() -> Iterator[tuple[str, str, str, str, UUID, object]]:
    """Yield (table, name of its key, column, key, subject, value) of all there is."""
    for table, query in _SUBJECTS.items():
        name = _KEYS.get(table, "id")
        for row_id, subject in _all(query):
            for column in _COLUMNS[table]:
                one = f'SELECT {column} FROM "{table}" WHERE {name} = ?'  # noqa: S608 - our own names
                ((value,),) = _all(one, row_id)
                if value is not None:
                    yield table, name, column, row_id, UUID(subject), value


def _put(table: str, name: str, column: str, row_id: str, value: bytes | str | None) -> None:
    _run(f'UPDATE "{table}" SET {column} = ? WHERE {name} = ?', value, row_id)  # noqa: S608 - our own names


def _seal_objects(keys: Keys, folder: Path) -> None:
    for photo_id, old, subject in _objects(folder):
        key = new_key()
        label = Label(key, subject, _KIND)
        pieces = seal(_path(folder, old).read_bytes(), label, keys.get(subject))
        write_durably(_path(folder, key), pieces, partials=folder / "partial")
        _replace(folder, photo_id, old, key)


def _open_objects(keys: Keys, folder: Path) -> None:
    for photo_id, old, subject in _objects(folder):
        sealed, key = _path(folder, old).read_bytes(), new_key()
        try:
            label = Label(old, subject, _KIND)
            opening = Seal.of_head(sealed[:HEAD], len(sealed), label, keys.get(subject))
        except Gone:
            continue
        plain = opening.open(0, sealed[HEAD:])
        write_durably(_path(folder, key), [plain], partials=folder / "partial")
        _replace(folder, photo_id, old, key)


def _objects(folder: Path) -> list[tuple[str, str, UUID]]:
    rows = _all("SELECT id, storage_key, subject_id FROM photo")
    return [
        (row_id, key, UUID(subject))
        for row_id, key, subject in rows
        if _path(folder, key).is_file()
    ]


def _replace(folder: Path, photo_id: str, old: str, key: str) -> None:
    _run("UPDATE photo SET storage_key = ? WHERE id = ?", key, photo_id)
    # Nobody's from the commit on, and old enough for the sweep; until then the row's own.
    os.utime(_path(folder, old), (0, 0))


def _path(folder: Path, key: str) -> Path:
    return folder / key[:2] / key[2:4] / key


def _bytes(value: object) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _all(query: str, *values: object) -> list[tuple]:
    return op.get_bind().exec_driver_sql(query, values).fetchall()


def _run(statement: str, *values: object) -> None:
    op.get_bind().exec_driver_sql(statement, values)
