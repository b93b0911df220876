"""What every table shares: aware UTC times, random ids, enums stored by their value."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from consult.backends.database import NAMING_CONVENTION as NAMING_CONVENTION  # noqa: PLC0414 - set before any table is made
from consult.clock import now as now  # noqa: PLC0414 - every table stamps its rows with it

Moment = datetime | sa.BindParameter[datetime]
"""A time, or its name in a statement that is given it later."""


def enum_type(words: type[StrEnum], *, name: str | None = None) -> Any:
    """A column type that stores an enum by its value and checks it in the database.

    SQLAlchemy's default stores the member's NAME and a native PostgreSQL type; a rename in
    Python would then be a migration. `name` tells two columns of one table apart. Typed Any: SQLModel's `sa_type` takes an instance, but
    its signature names only classes.
    """
    return sa.Enum(
        words,
        name=name or words.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=_values,
    )


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]
