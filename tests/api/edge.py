"""Every route of the application, and a request to each: a new route is covered by being one."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from starlette.routing import Route

from api import web
from api.app import API_ROUTES
from api.openapi import operation_of

ID = UUID("5b8f9c1e-5a4d-4f0e-9a51-3f1f6b1f2a77")
SAFE = {"GET", "HEAD", "OPTIONS"}


class Call(NamedTuple):
    method: str
    path: str
    template: str
    auth: bool

    @property
    def by_link(self) -> bool:
        """A link is presented there, and nothing else counts."""
        return self.template.startswith("/api/link/")

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def calls() -> Iterator[Call]:
    for route in (*API_ROUTES, *web.routes):
        if isinstance(route, Route):
            declared = operation_of(route)
            for method in sorted(route.methods or ()):
                yield Call(method, path_of(route), route.path, declared is None or declared.auth)


def unsafe_calls() -> list[Call]:
    return [call for call in calls() if call.method not in SAFE]


def path_of(route: Route) -> str:
    """The path with something in each of its places; ids of nothing."""
    values = {
        name: ID if type(convertor).__name__ == "UUIDConvertor" else "word"
        for name, convertor in route.param_convertors.items()
    }
    return str(route.url_path_for(route.name, **values))


def methods_by_path() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for call in calls():
        found.setdefault(call.path, set()).add(call.method)
    return found
