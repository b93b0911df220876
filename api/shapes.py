"""What several nouns show on the wire: times, people, JSON answers."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, PlainSerializer
from starlette.responses import Response

from consult.models import Role, User


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str)]
"""RFC 3339 in UTC, in milliseconds."""


class Shape(BaseModel):
    """A JSON answer."""

    def response(self, status: int = 200) -> Response:
        return Response(self.model_dump_json(), status, media_type="application/json")


class PatientRead(Shape):
    id: UUID
    name: str

    @classmethod
    def of(cls, user: User) -> "PatientRead":
        return cls(id=user.id, name=user.name)


class Person(Shape):
    id: UUID
    name: str
    role: Role

    @classmethod
    def of(cls, user: User) -> "Person":
        return cls(id=user.id, name=user.name, role=user.role)
