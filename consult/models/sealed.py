"""Columns that only a subject's key opens: every word and every picture of a person.

Reading is transparent. Writing takes a value that says whose it is: `private("…", subject)`;
a bare string is refused by the types, and loudly when it is written. What was read still says
whose it is. A shredded subject's columns read as "", b"" and {}.
"""

import json
from typing import Any, Self, overload
from uuid import UUID

import sqlalchemy as sa
import structlog
from pydantic_core import core_schema
from sqlalchemy import Dialect
from sqlalchemy.types import TypeDecorator

from consult.backends.database import keys_of_dialect
from consult.backends.keys.subject import subject_of
from consult.errors import Damaged

log = structlog.get_logger()


class PrivateText(str):
    __slots__ = ("subject",)
    subject: UUID

    def plain(self) -> bytes:
        return self.encode()

    @classmethod
    def from_plain(cls, plain: bytes) -> Self:
        return cls(plain.decode())

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(cls)


class PrivateBytes(bytes):
    subject: UUID

    def plain(self) -> bytes:
        return self

    @classmethod
    def from_plain(cls, plain: bytes) -> Self:
        return cls(plain)

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(cls)


class PrivateJSON(dict[str, Any]):
    """Not to be changed in place: nobody would notice."""

    subject: UUID

    def plain(self) -> bytes:
        return json.dumps(self, separators=(",", ":")).encode()

    @classmethod
    def from_plain(cls, plain: bytes) -> Self:
        return cls(json.loads(plain or b"{}"))

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(cls)


Private = PrivateText | PrivateBytes | PrivateJSON


@overload
def private(value: str, subject: UUID) -> PrivateText: ...
@overload
def private(value: str | None, subject: UUID) -> PrivateText | None: ...
@overload
def private(value: bytes, subject: UUID) -> PrivateBytes: ...
@overload
def private(value: dict[str, Any], subject: UUID) -> PrivateJSON: ...
def private(value: str | bytes | dict[str, Any] | None, subject: UUID) -> Private | None:
    """Say whose `value` is: the subject has a key (`Keys.make`) when it is written."""
    match value:
        case None:
            return None
        case str():
            said = PrivateText(value)
        case bytes():
            said = PrivateBytes(value)
        case dict():
            said = PrivateJSON(value)
    said.subject = subject
    return said


def sealed(column: str, kind: type[Private] = PrivateText) -> Any:
    """A column type; `column` is "table.column", is authenticated with the value, never changes.

    Typed Any for the reason that `enum_type` is.
    """
    return _Sealed(column, kind)


class _Sealed(TypeDecorator[Private]):
    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, column: str, kind: type[Private]) -> None:
        super().__init__()
        self.column = column
        self.kind = kind

    def process_bind_param(self, value: object, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.column} takes private(value, subject), not a bare value")
        key = keys_of_dialect(dialect).get(value.subject)
        return key.seal(value.plain(), self.column)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Private | None:
        if value is None:
            return None
        try:
            plain = keys_of_dialect(dialect).open(value, self.column)
            opened = self.kind.from_plain(plain or b"")
            opened.subject = subject_of(value)
        except Damaged:
            log.error("database.value_refused", object_id=self.column)  # noqa: TRY400 - the trace says no more
            raise
        return opened
