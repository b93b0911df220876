"""Advice: write a draft, sign it, read what was signed, say that it was read."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Person, Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.advice import (
    AdviceDraft,
    acknowledge,
    list_advice,
    photo_since,
    put_draft,
    sign,
)
from consult.consults import Seat, get_seat
from consult.models import Advice, Disposition, Role, User, now


class AdvicePut(Body):
    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    disposition: Disposition
    valid_until: AwareDatetime | None = None
    until_next_photo: bool = False


class AdviceRead(Shape):
    id: UUID
    consult_id: UUID
    author: Person
    text: str
    disposition: Disposition
    valid_until: Time | None
    until_next_photo: bool
    valid: bool
    """Signed, not superseded, and its time is not over."""
    number: int | None
    changed_at: Time
    signed_at: Time | None
    """None: a draft of yours, which nobody else sees."""
    sha256: str | None
    superseded_by: UUID | None
    acknowledged_at: Time | None
    acknowledged_by: Person | None


class AdviceList(Shape):
    items: list[AdviceRead]


@operation(
    "Write a draft of advice, or change it while it is one. Nobody else sees it.",
    action=Action.ADVICE_WRITE,
    takes=AdvicePut,
    returns=AdviceRead,
    errors=(403, 404, 409, 422),
)
async def put_advice(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish, consult_id = await read_json(request, AdvicePut), request.path_params["consult_id"]
    draft = AdviceDraft(id=request.path_params["advice_id"], **wish.model_dump())
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.ADVICE_WRITE)
        advice, _ = await put_draft(session, seat, draft)
        (shown,) = await _shape(session, seat, [advice])
    return shown.response()


@operation(
    "Sign advice. From now on nobody changes it, and whoever asked is to read it.",
    action=Action.ADVICE_WRITE,
    returns=AdviceRead,
    errors=(403, 404, 409, 422),
)
async def post_signature(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id, advice_id = (request.path_params[name] for name in ("consult_id", "advice_id"))
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.ADVICE_WRITE)
        advice = await sign(session, backends.jobs, seat, advice_id)
        (shown,) = await _shape(session, seat, [advice])
    return shown.response()


@operation(
    "Say that you have read what was advised.",
    action=Action.CONSULT_PURSUE,
    returns=AdviceRead,
    errors=(403, 404, 409),
    instead=(Action.CONSULT_MOVE,),
)
async def post_acknowledgement(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id, advice_id = (request.path_params[name] for name in ("consult_id", "advice_id"))
    asks = actor.role in (Role.PATIENT, Role.EMS)
    action = Action.CONSULT_PURSUE if asks else Action.CONSULT_MOVE
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, action)
        advice = await acknowledge(session, seat, advice_id)
        (shown,) = await _shape(session, seat, [advice])
    return shown.response()


@operation(
    "Read what was advised, in order; your own drafts come last.",
    action=Action.MESSAGE_READ,
    returns=AdviceList,
    errors=(404,),
)
async def get_advice_list(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id = request.path_params["consult_id"]
    async with backends.database.reads() as session:
        seat = await get_seat(session, actor, consult_id, Action.MESSAGE_READ)
        shown = await _shape(session, seat, await list_advice(session, seat))
    await put_on_record(request, seat.actor, "advice.viewed", seat.consult.id, **seat.about)
    return AdviceList(items=shown).response()


async def _shape(session: AsyncSession, seat: Seat, rows: list[Advice]) -> list[AdviceRead]:
    ids = {user_id for row in rows for user_id in (row.author_id, row.acknowledged_by) if user_id}
    found = await session.exec(select(User).where(col(User.id).in_(ids)))
    people = {user.id: Person.of(user) for user in found.all()}
    return [
        AdviceRead(
            **row.model_dump(exclude={"author_id", "acknowledged_by", "created_at"}),
            author=people[row.author_id],
            acknowledged_by=people[row.acknowledged_by] if row.acknowledged_by else None,
            valid=await _is_valid(session, seat, row),
        )
        for row in rows
    ]


async def _is_valid(session: AsyncSession, seat: Seat, row: Advice) -> bool:
    if row.signed_at is None or row.superseded_by:
        return False
    if row.valid_until and row.valid_until <= now():
        return False
    return not await photo_since(session, seat, row)


_ADVICE = "/api/consults/{consult_id:uuid}/advice"

routes = [
    Route(_ADVICE, get_advice_list),
    Route(_ADVICE + "/{advice_id:uuid}", put_advice, methods=["PUT"]),
    Route(_ADVICE + "/{advice_id:uuid}/signature", post_signature, methods=["POST"]),
    Route(_ADVICE + "/{advice_id:uuid}/acknowledgement", post_acknowledgement, methods=["POST"]),
]
