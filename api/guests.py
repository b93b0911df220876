"""Seats in a consult: a colleague asked in for a while, and anybody's seat that ends."""

from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Person
from api.state import ConsultRequest
from consult.access import Action
from consult.consults import get_seat
from consult.guests import DEFAULT_HOURS, LONGEST_HOURS, Wish, end_seat, give_seat


class SeatGive(Body):
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """What the colleague is asked in for, in a few words."""
    hours: Annotated[int, Field(ge=1, le=LONGEST_HOURS)] = DEFAULT_HOURS


@operation(
    "Ask a colleague into a consult for a while; asking again gives a new time.",
    action=Action.SEAT_GIVE,
    takes=SeatGive,
    returns=Person,
    status=201,
    errors=(400, 403, 404, 409, 422),
)
async def post_seat(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    body, consult_id = await read_json(request, SeatGive), request.path_params["consult_id"]
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, consult_id, Action.SEAT_GIVE)
        wish = Wish(email=body.email, purpose=body.purpose, hours=body.hours)
        colleague = await give_seat(session, backends.jobs, seat, wish)
    return Person.of(colleague).response(201)


@operation(
    "End somebody's seat at once, and every seat that they gave.",
    action=Action.SEAT_END,
    status=204,
    errors=(400, 403, 404, 409),
)
async def delete_seat(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        seat = await get_seat(session, actor, request.path_params["consult_id"], Action.SEAT_END)
        await end_seat(session, backends.jobs, seat, request.path_params["user_id"])
    return Response(status_code=204)


routes = [
    Route("/api/consults/{consult_id:uuid}/seats", post_seat, methods=["POST"]),
    Route("/api/consults/{consult_id:uuid}/seats/{user_id:uuid}", delete_seat, methods=["DELETE"]),
]
