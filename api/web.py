"""The web page: static files as they lie; one page for every address that a person can have open."""

from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.state import ConsultRequest

STATIC = Path(__file__).parents[1] / "static"

_PAGES = (
    "/",
    "/enrol",
    "/device",
    "/recover",
    "/account",
    "/people",
    "/reviews",
    "/emergencies",
    "/figures",
    "/roster",
    "/send",
    "/outcome",
    "/patients/{patient_id:uuid}",
    "/consults/{consult_id:uuid}",
)
_NUMBER = '<meta name="consult-emergency-number" content="{}">'


class _Files(StaticFiles):
    """Asks the browser to check each time: an old module beside a new one breaks the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def get_page(request: ConsultRequest) -> Response:
    """The page as it lies, but for the number to call: the wrong one could cost a life."""
    number = request.state["backends"].settings.emergency_number
    page = (STATIC / "index.html").read_text()
    page = page.replace(_NUMBER.format("911"), _NUMBER.format(number))
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})


routes: list[BaseRoute] = [
    *(Route(path, get_page) for path in _PAGES),
    Mount("/", _Files(directory=STATIC)),
]
