"""The steps of a consult: take one, read them all."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints
from sqlmodel import col, select
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.bodies import Body, read_json
from api.consults.shapes import ConsultRead, shape_consults
from api.openapi import operation
from api.shapes import Person, Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.clinical.workflow import states
from consult.clinical.workflow.states import Owner, State
from consult.consults import confirm_emergency, get_seat, list_steps
from consult.errors import InvalidFields
from consult.models import Step, Urgency, User
from consult.steps import BY_HAND, StepWish, Transfer, TransferMode, Where, move_consult

Text = Annotated[str, StringConstraints(max_length=2000)]
Line = Annotated[str, StringConstraints(max_length=200)]


class TransferPost(Body):
    clinician_id: UUID | None = None
    clinician: Line = ""
    """Who takes the patient, by name; or by `clinician_id`, when they are here."""
    mode: TransferMode
    arrives_at: AwareDatetime
    bed: Line = ""


class WherePost(Body):
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    telephone: Annotated[str, StringConstraints(min_length=3, max_length=40)]
    told: Line = ""
    """Who there has been told of the case."""


class StepPost(Body):
    """What a step has to name depends on the step: what is missing is said as a wrong field."""

    step: states.Step
    code: Line = ""
    reason: Text = ""
    user_id: UUID | None = None
    service_id: UUID | None = None
    urgency: Urgency | None = None
    due_at: AwareDatetime | None = None
    transfer: TransferPost | None = None
    where: WherePost | None = None

    def wish(self) -> StepWish:
        transfer = Transfer(**self.transfer.model_dump()) if self.transfer else None
        where = Where(**self.where.model_dump()) if self.where else None
        plain = self.model_dump(exclude={"transfer", "where"})
        return StepWish(**plain, transfer=transfer, where=where)


class StepRead(Shape):
    number: int
    step: str
    """`open` for the first one."""
    from_state: State | None
    to_state: State
    by: Person | None
    """None: the service itself."""
    reason_code: str
    reason: str
    details: dict[str, Any]
    owner: Owner | None
    due_at: Time | None
    at: Time


class StepList(Shape):
    items: list[StepRead]


@operation(
    "Take a step: acknowledge, ask, hand on, decline … What is not possible says what is.",
    action=Action.CONSULT_MOVE,
    takes=StepPost,
    returns=ConsultRead,
    errors=(403, 404, 409, 422),
    instead=(Action.CONSULT_TAKE, Action.CONSULT_PURSUE),
)
async def post_step(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, StepPost)
    if wish.step not in BY_HAND:
        raise InvalidFields({"step": "This comes by itself: answer, or close."})
    consult_id = request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        seat, _ = await move_consult(
            session, backends.jobs, actor=actor, consult_id=consult_id, wish=wish.wish()
        )
        (shown,) = await shape_consults(session, [seat], backends.settings)
    return shown.response()


@operation(
    "Read the history of a consult: every step, by whom and why.",
    action=Action.CONSULT_READ,
    returns=StepList,
    errors=(404,),
)
async def get_steps(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.reads() as session:
        seat = await get_seat(session, actor, request.path_params["consult_id"])
        rows = await list_steps(session, seat)
        ids = {row.by_id for row in rows if row.by_id}
        found = await session.exec(select(User).where(col(User.id).in_(ids)))
        people = {user.id: user for user in found.all()}
    await put_on_record(request, seat.actor, "steps.viewed", seat.consult.id, **seat.about)
    return StepList(items=[_shape(row, people) for row in rows]).response()


@operation(
    "Say that you have read where to call.",
    action=Action.CONSULT_PURSUE,
    returns=ConsultRead,
    errors=(403, 404, 409),
)
async def post_emergency_read(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id = request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.CONSULT_PURSUE)
        await confirm_emergency(session, seat)
        (shown,) = await shape_consults(session, [seat], backends.settings)
    return shown.response()


def _shape(row: Step, people: dict[UUID, User]) -> StepRead:
    return StepRead(
        number=row.number,
        step=row.name,
        from_state=row.from_state,
        to_state=row.to_state,
        by=Person.of(people[row.by_id]) if row.by_id else None,
        reason_code=row.reason_code,
        reason=row.reason,
        details=row.details,
        owner=row.owner,
        due_at=row.due_at,
        at=row.at,
    )


routes = [
    Route("/api/consults/{consult_id:uuid}/steps", post_step, methods=["POST"]),
    Route("/api/consults/{consult_id:uuid}/steps", get_steps),
    Route("/api/consults/{consult_id:uuid}/emergency-read", post_emergency_read, methods=["POST"]),
]
