"""The web page: one page for every address that a person can have open, and its files."""

from collections.abc import Awaitable, Callable
from functools import cache

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from api.auth import COOKIE
from api.security import PAGE_POLICY
from api.shell import File, shell
from api.state import ConsultRequest

_DOORS = {
    "/enrol": ["enrol-passkey"],
    "/device": ["device-enrolment"],
    "/recover": ["recover-account"],
    "/send": ["send-photos"],
    "/outcome": ["patient-outcome"],
}
"""Open to everybody; the elements that each shows."""

_ROOMS = {
    "/": ["consult-desk"],
    "/account": ["your-account"],
    "/people": ["people-desk"],
    "/reviews": ["review-desk"],
    "/emergencies": ["glass-reviews"],
    "/figures": ["figures-desk"],
    "/roster": ["roster-desk"],
    "/patients/{patient_id:uuid}": ["patient-choices"],
    "/consults/{consult_id:uuid}": ["consult-desk", "consult-view"],
}
"""For whoever has signed in; anybody else is asked to."""

_HEADERS = {
    "Cache-Control": "no-cache",
    # Said with 304 too: what that says takes the place of what the browser has kept.
    "Content-Security-Policy": PAGE_POLICY,
}


def _page(elements: list[str], *, for_all: bool) -> Callable[[ConsultRequest], Awaitable[Response]]:
    async def get_page(request: ConsultRequest) -> Response:
        number = request.state["backends"].settings.emergency_number
        shown = elements if for_all or COOKIE in request.cookies else ["sign-in"]
        return _written(tuple(shown), number).response(request.headers, _HEADERS)

    return get_page


@cache
def _written(elements: tuple[str, ...], number: str) -> File:
    return shell().page_for(elements, number=number)


async def _files(scope: Scope, receive: Receive, send: Send) -> None:
    await shell()(scope, receive, send)


routes: list[BaseRoute] = [
    *(Route(path, _page(elements, for_all=True)) for path, elements in _DOORS.items()),
    *(Route(path, _page(elements, for_all=False)) for path, elements in _ROOMS.items()),
    Mount("/", _files),
]
