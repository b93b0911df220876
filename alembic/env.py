"""Runs the migrations: from the `alembic` command, and from `consult.backends.database.upgrade`."""

from alembic import context
from sqlmodel import SQLModel

import consult.backends.jobs.sqlite
import consult.models  # noqa: F401 - registers the tables
from consult.backends.database import migration_engine
from consult.config import Settings


def run() -> None:
    settings: Settings | None = context.config.attributes.get("settings")
    engine = migration_engine(settings or Settings())
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=SQLModel.metadata,
            render_as_batch=True,
            transactional_ddl=True,  # all of an upgrade or none of it
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(5):
                tables = sorted({str(row[0]) for row in broken})
                raise RuntimeError(f"The migration breaks foreign keys of {', '.join(tables)}.")
    engine.dispose()


run()
