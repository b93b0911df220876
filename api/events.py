"""Live updates: server-sent events, numbered in each person's own view, resumed by number.

The stream carries no health information: it says that something is there, the page reads it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic
from uuid import UUID

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.auditing import put_on_record
from api.bodies import Number, Query, read_query
from api.following import Following, seat_of
from api.openapi import operation
from api.state import ConsultRequest
from consult.access import Action
from consult.consults import Seat
from consult.errors import ConsultError, InvalidFields

_PING_SECONDS = 15.0
_RETRY_MILLISECONDS = 2000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventQuery(Query):
    after: Number | None = None
    """Where to begin; a Last-Event-ID, which a browser sends by itself, comes first."""


@operation(
    "Follow a consult as it happens.",
    action=Action.CONSULT_READ,
    query=EventQuery,
    returns="text/event-stream",
    errors=(404, 422),
)
async def get_events(request: ConsultRequest) -> Response:
    seat = await seat_of(request)
    await put_on_record(request, seat.actor, "consult.followed", seat.consult.id, **seat.about)
    after = _last_event_id(request)
    if after is None:
        after = read_query(request, EventQuery).after
    if request.method == "HEAD":  # the stream has no end that its headers could wait for
        return StreamingResponse(iter(()), headers=_HEADERS, media_type="text/event-stream")
    stream = _stream(request, seat, seat.last_event if after is None else after)
    return StreamingResponse(stream, headers=_HEADERS, media_type="text/event-stream")


async def _stream(request: ConsultRequest, seat: Seat, number: int) -> AsyncIterator[str]:
    doorbell = request.state["backends"].doorbell
    following = Following(request, seat)
    yield f"retry: {_RETRY_MILLISECONDS}\n\n"
    with doorbell.subscribe(*following.topics) as bell:
        spoken = monotonic()
        while not doorbell.closed:
            bell.clear()
            try:  # the seat may have ended, or been taken away, meanwhile
                events = await following.news(number)
            except ConsultError:
                break
            for event in events:
                yield _text(*event)
                number = event[0]
                spoken = monotonic()
            if monotonic() - spoken >= _PING_SECONDS:
                spoken = monotonic()
                yield ": still here\n\n"
            await _rung(bell, within=following.proven_for())
    yield "event: bye\ndata: {}\n\n"


async def _rung(bell: asyncio.Event, *, within: float) -> None:
    try:
        async with asyncio.timeout(within):
            await bell.wait()
    except TimeoutError:
        return


def _text(number: int, kind: str, subject: UUID | None) -> str:
    data = json.dumps({"id": str(subject)} if subject else {})
    return f"id: {number}\nevent: {kind}\ndata: {data}\n\n"


def _last_event_id(request: ConsultRequest) -> int | None:
    text = request.headers.get("last-event-id")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise InvalidFields({"Last-Event-ID": "Send the last id of this stream, unchanged."})
    return int(text)


routes = [Route("/api/consults/{consult_id:uuid}/events", get_events)]
