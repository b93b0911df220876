"""The web page: static files as they lie; one page for every address that a person can have open."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parents[1] / "static"


class _Files(StaticFiles):
    """Asks the browser to check each time: an old module beside a new one breaks the page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def get_page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})


routes: list[BaseRoute] = [
    *(Route(path, get_page) for path in ("/", "/enrol", "/consults/{consult_id:uuid}")),
    Mount("/", _Files(directory=STATIC)),
]
