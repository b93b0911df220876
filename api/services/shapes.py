"""What is sent to change services and rosters, and what is shown of them."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, NaiveDatetime, StringConstraints

from api.bodies import Body, Query
from api.clock import telephone_of
from api.shapes import Person, Shape, Time
from consult import services
from consult.clinical.workflow.service_levels import Level, Priority, Rung
from consult.config import Settings
from consult.models import Service
from consult.services import ServiceWish

Minutes = Annotated[float, Field(ge=0, le=60 * 24 * 60)]
Wall = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Day = tuple[Wall, Wall] | None


class LevelPut(Body):
    """Minutes; what is left out is as the defaults have it."""

    acknowledge: Minutes | None = None
    reply: Minutes | None = None
    primary: Minutes | None = None
    backup: Minutes | None = None
    supervisor: Minutes | None = None
    working_hours: bool | None = None


class ServiceTexts(Body):
    emergency: Annotated[str, StringConstraints(max_length=500)] | None = None
    """`{number}` stands for the number."""
    nobody_on_duty: Annotated[str, StringConstraints(max_length=500)] | None = None
    waiting: Annotated[str, StringConstraints(max_length=500)] | None = None


class ServicePut(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"
    telephone: Annotated[str, StringConstraints(pattern=r"^([0-9+*#][0-9+*#() -]{1,39})?$")] = ""
    supervisor_id: UUID | None = None
    levels: dict[Priority, LevelPut] = Field(default_factory=dict[Priority, LevelPut])
    week: Annotated[tuple[Day, ...], Field(max_length=7)] = ()
    """Monday first, opening and closing time, null for shut; empty: Monday to Friday, all day."""
    holidays: Annotated[tuple[date, ...], Field(max_length=400)] = ()
    texts: ServiceTexts = ServiceTexts()
    asker_hours: Annotated[int, Field(ge=1, le=24 * 60)] = 72
    remind_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24
    """How long before images are due, and how often from then on, unless the request says."""
    link_grace_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 72
    """So long after images were due their link still takes them."""
    outcome_after_days: Annotated[int, Field(ge=1, le=366)] = 7
    """So long after the end somebody is asked what became of the patient."""
    outcome_within_days: Annotated[int, Field(ge=1, le=366)] = 30
    """So long that link takes the answer."""

    def wish(self) -> ServiceWish:
        levels = {
            priority.value: level.model_dump(exclude_none=True)
            for priority, level in self.levels.items()
        }
        return ServiceWish(
            name=self.name,
            time_zone=self.time_zone,
            telephone=self.telephone,
            supervisor_id=self.supervisor_id,
            levels=levels,
            week=[list(day) if day else None for day in self.week],
            holidays=[day.isoformat() for day in self.holidays],
            texts=self.texts.model_dump(exclude_none=True),
            asker_hours=self.asker_hours,
            remind_hours=self.remind_hours,
            link_grace_hours=self.link_grace_hours,
            outcome_after_days=self.outcome_after_days,
            outcome_within_days=self.outcome_within_days,
        )


class LevelRead(Shape):
    """Minutes."""

    acknowledge: float
    reply: float
    primary: float
    backup: float
    supervisor: float
    working_hours: bool

    @classmethod
    def of(cls, level: Level) -> "LevelRead":
        return cls(
            acknowledge=_minutes(level.acknowledge),
            reply=_minutes(level.reply),
            **{rung.value: _minutes(span) for rung, span in level.ladder.items()},
            working_hours=level.working_hours,
        )


class ServiceRead(Shape):
    id: UUID
    name: str
    time_zone: str
    telephone: str
    levels: dict[Priority, LevelRead]
    week: list[list[str] | None]
    holidays: list[str]
    texts: dict[str, str]
    asker_hours: int
    remind_hours: int
    link_grace_hours: int
    outcome_after_days: int
    outcome_within_days: int

    @classmethod
    def of(cls, service: Service, settings: Settings) -> "ServiceRead":
        levels = {one: LevelRead.of(services.level_of(service, one)) for one in Priority}
        plain = service.model_dump(include=set(cls.model_fields) - {"levels", "telephone"})
        return cls(**plain, levels=levels, telephone=telephone_of(service, settings))


class ServiceList(Shape):
    items: list[ServiceRead]


class ShiftPost(Body):
    """By the clocks of the service: no zone, no offset."""

    user_id: UUID
    rung: Rung
    starts: NaiveDatetime
    ends: NaiveDatetime


class RosterQuery(Query):
    days: Annotated[int, Field(ge=1, le=92)] = services.HORIZON.days


class ShiftRead(Shape):
    id: UUID
    user: Person
    rung: Rung
    starts_at: Time
    ends_at: Time
    starts: str
    """By the clocks of the service, with their offset."""
    ends: str


class GapRead(Shape):
    rung: Rung
    starts_at: Time
    ends_at: Time


class RosterRead(Shape):
    on_duty: dict[Rung, Person]
    shifts: list[ShiftRead]
    gaps: list[GapRead]
    """When nobody stands on a rung."""


class TeamList(Shape):
    items: list[Person]


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60
