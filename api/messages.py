"""The thread of a consult."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response
from starlette.routing import Route

from api.auditing import put_on_record
from api.auth import actor_of
from api.bodies import Body, Number, Query, read_json, read_query
from api.openapi import operation
from api.shapes import PatientRead, Person, Shape, Time
from api.state import ConsultRequest
from consult.access import Action
from consult.consults import Seat, get_seat
from consult.messages import Draft, list_messages, post_message
from consult.models import Audience, Message, User


class MessagePut(Body):
    body: Annotated[str, StringConstraints(max_length=20_000)] = ""
    photo_ids: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    audience: Audience = Audience.EVERYONE

    @model_validator(mode="after")
    def _says_something(self) -> "MessagePut":
        if not self.body and not self.photo_ids:
            raise ValueError("Write something, or name a photo.")
        return self


class MessageQuery(Query):
    after: Number = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 200


class MessageRead(Shape):
    id: UUID
    consult_id: UUID
    seq: int
    body: str
    photo_ids: list[UUID]
    audience: Audience
    author: Person
    on_behalf_of: PatientRead | None
    """The patient whom the author spoke for."""
    created_at: Time


class MessagePage(Shape):
    items: list[MessageRead]
    last_seq: int


@operation(
    "Say something. The same id and words again are the same message.",
    action=Action.MESSAGE_POST,
    takes=MessagePut,
    returns=MessageRead,
    status=201,
    errors=(400, 403, 404, 409, 422),
    instead=(Action.CLINICIANS_POST,),
    also=(Action.CONSULT_READ,),
)
async def put_message(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    consult_id = request.path_params["consult_id"]
    wish = await read_json(request, MessagePut)
    draft = Draft(request.path_params["message_id"], wish.body, wish.photo_ids, wish.audience)
    async with backends.database.writes.begin() as session:
        message, created = await post_message(
            session, backends.jobs, actor=actor, consult_id=consult_id, draft=draft
        )
        seat = await get_seat(session, actor, consult_id)
        (shown,) = await _shape(session, seat, [message])
    return shown.response(201 if created else 200)


@operation(
    "Read the thread after a number.",
    action=Action.MESSAGE_READ,
    query=MessageQuery,
    returns=MessagePage,
    errors=(404, 422),
)
async def get_messages(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    query = read_query(request, MessageQuery)
    async with backends.database.reads() as session:
        seat = await get_seat(
            session, actor, request.path_params["consult_id"], Action.MESSAGE_READ
        )
        messages = await list_messages(session, seat, after=query.after, limit=query.limit)
        items = await _shape(session, seat, messages)
    await put_on_record(request, seat.actor, "messages.viewed", seat.consult.id, **seat.about)
    return MessagePage(items=items, last_seq=seat.last_seq).response()


async def _shape(session: AsyncSession, seat: Seat, messages: list[Message]) -> list[MessageRead]:
    named = {message.author_id for message in messages}
    named |= {message.on_behalf_of for message in messages if message.on_behalf_of}
    people = {
        user.id: user
        for user in (await session.exec(select(User).where(col(User.id).in_(named)))).all()
    }
    return [
        MessageRead(
            id=message.id,
            consult_id=message.consult_id,
            seq=seat.seq_of(message),
            body=message.body,
            photo_ids=[UUID(photo_id) for photo_id in message.photo_ids],
            audience=message.audience,
            author=Person.of(people[message.author_id]),
            on_behalf_of=PatientRead.of(people[message.on_behalf_of])
            if message.on_behalf_of
            else None,
            created_at=message.created_at,
        )
        for message in messages
    ]


routes = [
    Route(
        "/api/consults/{consult_id:uuid}/messages/{message_id:uuid}", put_message, methods=["PUT"]
    ),
    Route("/api/consults/{consult_id:uuid}/messages", get_messages),
]
