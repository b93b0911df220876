"""What each route takes, gives and asks for, declared beside it, and the OpenAPI 3.1 document.

A declared action is no comment: a handler that answers without having asked for it has answered
for nobody, and its answer is not sent.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.auditing import on_record
from api.problems import PROBLEM_SCHEMA, phrase_of
from api.state import ConsultRequest
from consult import __version__
from consult.access import GRANTED, PUBLIC, Action, noting

_REF = "#/components/schemas/{model}"
_PROBLEM = "application/problem+json"

Handler = Callable[[ConsultRequest], Awaitable[Response]]


@dataclass(frozen=True)
class Header:
    """One that a request brings, where the body says less than all."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True)
class Operation:
    summary: str
    action: Action
    """What whoever calls it must be allowed."""
    status: int
    takes: type[BaseModel] | str | None
    """A JSON shape, or the media type of raw bytes."""
    returns: type[BaseModel] | str | None
    query: type[BaseModel] | None
    errors: tuple[int, ...] = field(default=())
    instead: tuple[Action, ...] = ()
    """Asked in the place of `action`, as the thing itself decides: one's own photo, or another's."""
    also: tuple[Action, ...] = ()
    """Asked on the way, and enough for the answer to what was sent before."""
    headers: tuple[Header, ...] = ()
    others: Mapping[int, type[BaseModel]] = field(default_factory=dict[int, type[BaseModel]])
    """What it answers with another good status than `status`."""
    description: str = ""

    @property
    def auth(self) -> bool:
        return self.action not in PUBLIC

    @property
    def actions(self) -> frozenset[Action]:
        return frozenset({self.action, *self.instead, *self.also})

    def answered_for(self, asked: frozenset[Action], status: int) -> bool:
        """Whether an answer of this status may leave when `asked` is what was asked for."""
        if not self.auth or status >= HTTPStatus.BAD_REQUEST:
            return True
        needed = {self.action, *self.instead} if status == self.status else self.actions
        return bool(asked & needed) and asked <= self.actions


def operation(
    summary: str,
    *,
    action: Action,
    takes: type[BaseModel] | str | None = None,
    returns: type[BaseModel] | str | None = None,
    query: type[BaseModel] | None = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    instead: tuple[Action, ...] = (),
    also: tuple[Action, ...] = (),
    headers: tuple[Header, ...] = (),
    others: Mapping[int, type[BaseModel]] | None = None,
    description: str = "",
) -> Callable[[Handler], Handler]:
    """Declare what a handler does, takes and gives. Every route needs one."""
    declared = Operation(
        summary, action, status, takes, returns, query, errors, instead, also,
        headers, others or {}, description,
    )  # fmt: skip

    def mark(handler: Handler) -> Handler:
        recorded = on_record(action, handler)

        @wraps(handler)
        async def held(request: ConsultRequest) -> Response:
            with noting() as asked:
                response = await recorded(request)
            if not declared.answered_for(frozenset(asked), response.status_code):
                raise RuntimeError(f"{handler.__name__} asked for {sorted(asked)}: not as declared")
            return response

        held.__dict__["operation"] = declared
        return held

    return mark


def operation_of(route: Route) -> Operation | None:
    return declared_by(route.endpoint)


def declared_by(endpoint: object) -> Operation | None:
    return getattr(endpoint, "operation", None)


def require_operations(routes: Iterable[BaseRoute]) -> None:
    """Raise RuntimeError for a route that declares no action, or one that nobody is ever allowed."""
    for route in routes:
        if not isinstance(route, Route) or not (declared := operation_of(route)):
            raise RuntimeError(f"{route}: no @operation")
        if unknown := declared.actions - GRANTED:
            raise RuntimeError(f"{route}: no table grants {sorted(unknown)}")


def build(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Make the document from the routes that declare an operation."""
    declared = [
        (route, op) for route in routes if isinstance(route, Route) and (op := operation_of(route))
    ]
    schemas = _schemas(op for _, op in declared)
    paths: dict[str, Any] = {}
    for route, op in declared:
        path = re.sub(r":\w+}", "}", route.path)
        for method in documented_methods(route):
            paths.setdefault(path, {})[method.lower()] = _operation(route, op)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Consult", "version": __version__, "license": {"name": "MIT"}},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM_SCHEMA},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "link": {"type": "http", "scheme": "link"},
            },
        },
    }


def documented_methods(route: Route) -> set[str]:
    """HEAD goes without saying beside GET, and only there."""
    methods = set(route.methods or ())
    return methods - {"HEAD"} if "GET" in methods else methods


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    shapes = [
        (shape, "validation" if shape is op.takes else "serialization")
        for op in operations
        for shape in (op.takes, op.returns, *op.others.values())
        if isinstance(shape, type)
    ]
    _, document = models_json_schema(list(dict.fromkeys(shapes)), ref_template=_REF)  # pyright: ignore[reportArgumentType] - the mode is one of the two words
    return dict(sorted(document.get("$defs", {}).items()))


def _operation(route: Route, op: Operation) -> dict[str, Any]:
    documented: dict[str, Any] = {
        "operationId": route.name,
        "summary": op.summary,
        "parameters": [
            *_path_parameters(route.path),
            *_query_parameters(op.query),
            *_header_parameters(op.headers),
        ],
        "responses": _successes(op) | _failures(route, op),
    }
    if op.description:
        documented["description"] = op.description
    if op.takes:
        documented["requestBody"] = {"required": True, "content": _content(op.takes)}
    if op.auth:
        documented["security"] = _ways_in(op)
    return documented


def _ways_in(op: Operation) -> list[dict[str, Any]]:
    """Whoever has a link and nothing else reads nothing."""
    signed_in: list[dict[str, Any]] = [{"session": []}, {"bearer": []}]
    if Action.LINK_ANSWER not in op.actions:
        return signed_in
    return [*signed_in, {"link": []}] if Action.CONSULT_READ in op.actions else [{"link": []}]


def _successes(op: Operation) -> dict[str, Any]:
    others = {
        str(status): {"description": phrase_of(status), "content": _content(shape)}
        for status, shape in op.others.items()
    }
    return others | _own_successes(op)


def _own_successes(op: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(op.status).phrase}
    if op.returns:
        success["content"] = _content(op.returns)
    if op.status != HTTPStatus.CREATED or not op.also or not op.returns:
        return {str(op.status): success}
    return {"200": success | {"description": "It was sent before"}, str(op.status): success}


def _failures(route: Route, op: Operation) -> dict[str, Any]:
    content = {_PROBLEM: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        str(status): {"description": phrase_of(status), "content": content}
        for status in sorted({*op.errors, *_common_errors(route, op)})
    }


def _common_errors(route: Route, op: Operation) -> set[int]:
    """What every operation of its kind may answer, whatever it does."""
    unsafe = not (route.methods or set()) <= {"GET", "HEAD"}
    # Two credentials at once; none; and no room on the audit trail.
    errors = {400, 401, 503} if op.auth else set[int]()
    errors |= {403, 415} if op.auth and unsafe else set()  # another page's; a form
    errors |= {400, 413, 422} if op.takes else set()
    # Whatever may not be there may have been shredded.
    return errors | ({410} if 404 in op.errors else set())


def _content(shape: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(shape, str):
        return {shape: {}}
    return {"application/json": {"schema": {"$ref": _REF.format(model=shape.__name__)}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": kind or "string"},
        }
        for name, kind in re.findall(r"{(\w+)(?::(\w+))?}", path)
    ]


def _header_parameters(headers: Iterable[Header]) -> list[dict[str, Any]]:
    return [
        {
            "name": header.name,
            "in": "header",
            "required": header.required,
            "description": header.description,
            "schema": dict(header.schema),
        }
        for header in headers
    ]


def _query_parameters(shape: type[BaseModel] | None) -> list[dict[str, Any]]:
    if shape is None:
        return []
    schema = shape.model_json_schema(ref_template=_REF)
    return [
        {"name": name, "in": "query", "required": False, "schema": _inlined(kind, schema)}
        for name, kind in schema["properties"].items()
    ]


def _inlined(kind: Any, schema: Mapping[str, Any]) -> Any:
    """Put what `kind` refers to in its place: a parameter has no components of its own."""
    if isinstance(kind, list):
        return [_inlined(part, schema) for part in kind]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(kind, dict):
        return kind
    if "$ref" in kind:
        return _inlined(schema["$defs"][str(kind["$ref"]).rsplit("/", 1)[-1]], schema)  # pyright: ignore[reportUnknownArgumentType] - JSON
    return {key: _inlined(part, schema) for key, part in kind.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
