"""What you are sent, and when: at once, once a day, and not in your quiet hours."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Shape
from api.state import ConsultRequest
from consult import preferences
from consult.access import Action
from consult.models import NoticeEvent, NoticeMode, QuietHours
from consult.preferences import Choices

Wall = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class NoticesPut(Body):
    """What is left out is on. Emergencies come at once, whatever is chosen."""

    events: dict[NoticeEvent, NoticeMode] = Field(default_factory=dict[NoticeEvent, NoticeMode])
    quiet_begins: Wall | None = None
    quiet_ends: Wall | None = None
    digest_at: Wall = "08:00"
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"

    @model_validator(mode="after")
    def _has_both_ends(self) -> "NoticesPut":
        if (self.quiet_begins is None) != (self.quiet_ends is None):
            raise ValueError("Quiet hours have a beginning and an end.")
        return self


class NoticesRead(Shape):
    events: dict[NoticeEvent, NoticeMode]
    quiet_begins: str | None
    quiet_ends: str | None
    digest_at: str
    time_zone: str

    @classmethod
    def of(cls, choices: Choices) -> "NoticesRead":
        hours = choices.hours
        return cls(
            events={event: choices.modes.get(event, NoticeMode.ON) for event in NoticeEvent},
            quiet_begins=hours.begins,
            quiet_ends=hours.ends,
            digest_at=hours.digest_at,
            time_zone=hours.time_zone,
        )


@operation("Read what you are sent.", action=Action.NOTICES_CHOOSE, returns=NoticesRead)
async def get_notices(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.reads() as session:
        choices = await preferences.read_choices(session, actor.user_id)
    return NoticesRead.of(choices).response()


@operation(
    "Choose what you are sent, and when.",
    action=Action.NOTICES_CHOOSE,
    takes=NoticesPut,
    returns=NoticesRead,
)
async def put_notices(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, NoticesPut)
    hours = QuietHours(
        user_id=actor.user_id,
        begins=wish.quiet_begins,
        ends=wish.quiet_ends,
        digest_at=wish.digest_at,
        time_zone=wish.time_zone,
    )
    async with backends.database.writes.begin() as session:
        choices = await preferences.choose(session, actor, wish.events, hours)
    return NoticesRead.of(choices).response()


routes = [
    Route("/api/me/notices", get_notices),
    Route("/api/me/notices", put_notices, methods=["PUT"]),
]
