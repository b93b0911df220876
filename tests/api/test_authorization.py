"""A route says what it asks for, and is held to it: at start-up, and at every answer."""

import re
from typing import cast
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute

from api import web
from api.app import API_ROUTES
from api.openapi import Handler, operation, require_operations
from api.state import ConsultRequest
from consult.access import BY_ROLE, GRANTED, PUBLIC, Action, ask
from consult.models import Actor, Role, Via

SPECIALIST = Actor(uuid4(), Role.SPECIALIST, "Sol", "sol@consult.test", Via.SESSION)


async def undeclared(_: ConsultRequest) -> Response:
    return PlainTextResponse("secret")


@operation("Reads.", action=Action.ACCOUNT_READ)
async def declared(_: ConsultRequest) -> Response:
    return PlainTextResponse("secret")


class TestStartUp:
    """AZ-8. The service does not start with a route that nobody decides about."""

    def test_the_routes_that_there_are_may_start(self) -> None:
        require_operations(API_ROUTES)

    @pytest.mark.parametrize(
        "route",
        [
            Route("/api/photos", undeclared),
            Mount("/api/all", routes=[Route("/photos", undeclared)]),
            WebSocketRoute("/api/live", undeclared),
        ],
    )
    def test_a_route_without_an_action_is_refused(self, route: Route) -> None:
        with pytest.raises(RuntimeError, match="no @operation"):
            require_operations([*API_ROUTES, route])

    def test_an_action_that_no_table_grants_is_refused(self) -> None:
        unheard_of = operation("Burns.", action=cast("Action", "photo.burn"))(undeclared)

        with pytest.raises(RuntimeError, match=re.escape("no table grants ['photo.burn']")):
            require_operations([Route("/api/photos", unheard_of)])

    def test_no_address_of_the_api_is_served_from_elsewhere(self) -> None:
        paths = [route.path for route in web.routes if isinstance(route, Route | Mount)]

        assert len(paths) == len(web.routes)
        assert not [path for path in paths if path.startswith("/api")]


class TestEveryAnswer:
    """AZ-8. A handler that has not asked is not answered for."""

    async def test_one_that_never_asked_has_no_answer(self) -> None:
        with pytest.raises(RuntimeError, match="not as declared"):
            await declared(request())

    async def test_one_that_asked_for_something_else_has_no_answer(self) -> None:
        with pytest.raises(RuntimeError, match="not as declared"):
            await asking(Action.SESSION_END)(request())

    async def test_one_that_asked_for_more_than_it_says_has_no_answer(self) -> None:
        with pytest.raises(RuntimeError, match="not as declared"):
            await asking(Action.ACCOUNT_CHANGE, Action.SESSION_END)(request())

    async def test_one_that_asked_on_the_way_only_has_an_answer_to_a_repeat_alone(self) -> None:
        assert (await asking(Action.ACCOUNT_READ, status=200)(request())).status_code == 200
        with pytest.raises(RuntimeError, match="not as declared"):
            await asking(Action.ACCOUNT_READ, status=201)(request())

    async def test_one_that_asked_as_it_says_is_answered(self) -> None:
        for action in (Action.ACCOUNT_CHANGE, Action.PASSKEY_NAME):
            answer = await asking(Action.ACCOUNT_READ, action, status=201)(request())
            assert answer.status_code == 201

    async def test_what_one_request_asked_does_not_count_for_the_next(self) -> None:
        await asking(Action.ACCOUNT_READ, Action.ACCOUNT_CHANGE, status=201)(request())

        with pytest.raises(RuntimeError, match="asked for \\[\\]"):
            await asking(status=201)(request())


def asking(*actions: Action, status: int = 201) -> Handler:
    @operation(
        "Changes something.",
        action=Action.ACCOUNT_CHANGE,
        instead=(Action.PASSKEY_NAME,),
        also=(Action.ACCOUNT_READ,),
        status=201,
    )
    async def handler(_: ConsultRequest) -> Response:
        for action in actions:
            ask(SPECIALIST, action)
        return PlainTextResponse("secret", status)

    return handler


def request() -> ConsultRequest:
    return Request({"type": "http", "method": "GET", "headers": [], "state": {}})


def test_what_is_decided_before_a_handler_runs_is_what_a_role_alone_gives() -> None:
    assert BY_ROLE | {Action.CONSULT_LIST, Action.CONSULT_OPEN} | PUBLIC <= GRANTED
    assert not BY_ROLE & {Action.CONSULT_READ, Action.IMAGE_READ, Action.MESSAGE_POST}
