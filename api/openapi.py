"""What each route takes and gives, declared beside it, and the OpenAPI 3.1 document made of that."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import BaseRoute, Route

from consult import __version__

_REF = "#/components/schemas/{model}"
_PROBLEM = "application/problem+json"

HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    summary: str
    status: int
    takes: type[BaseModel] | str | None
    """A JSON shape, or the media type of raw bytes."""
    returns: type[BaseModel] | str | None
    query: type[BaseModel] | None
    errors: tuple[int, ...] = field(default=())
    auth: bool = True


def operation(
    summary: str,
    *,
    takes: type[BaseModel] | str | None = None,
    returns: type[BaseModel] | str | None = None,
    query: type[BaseModel] | None = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    auth: bool = True,
) -> Callable[[HandlerT], HandlerT]:
    """Declare what a handler takes and gives. Every route under /api needs one."""
    declared = Operation(summary, status, takes, returns, query, errors, auth)

    def mark(handler: HandlerT) -> HandlerT:
        handler.__dict__["operation"] = declared
        return handler

    return mark


def operation_of(route: Route) -> Operation | None:
    return getattr(route.endpoint, "operation", None)


def build(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """Make the document from the routes that declare an operation."""
    declared = [
        (route, op) for route in routes if isinstance(route, Route) and (op := operation_of(route))
    ]
    schemas = _schemas(op for _, op in declared)
    paths: dict[str, Any] = {}
    for route, op in declared:
        path = re.sub(r":\w+}", "}", route.path)
        for method in (route.methods or set()) - {"HEAD"}:
            paths.setdefault(path, {})[method.lower()] = _operation(route, op)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Consult", "version": __version__, "license": {"name": "MIT"}},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**schemas, "Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Any]:
    shapes = [
        (shape, "validation" if shape is op.takes else "serialization")
        for op in operations
        for shape in (op.takes, op.returns)
        if isinstance(shape, type)
    ]
    _, document = models_json_schema(list(dict.fromkeys(shapes)), ref_template=_REF)  # pyright: ignore[reportArgumentType] - the mode is one of the two words
    return dict(sorted(document.get("$defs", {}).items()))


def _operation(route: Route, op: Operation) -> dict[str, Any]:
    documented: dict[str, Any] = {
        "operationId": route.name,
        "summary": op.summary,
        "parameters": [*_path_parameters(route.path), *_query_parameters(op.query)],
        "responses": {str(op.status): _success(op)} | _failures(op),
    }
    if op.takes:
        documented["requestBody"] = {"required": True, "content": _content(op.takes)}
    if op.auth:
        documented["security"] = [{"session": []}, {"bearer": []}]
    return documented


def _success(op: Operation) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(op.status).phrase}
    if op.returns:
        success["content"] = _content(op.returns)
    return success


def _failures(op: Operation) -> dict[str, Any]:
    content = {_PROBLEM: {"schema": {"$ref": _REF.format(model="Problem")}}}
    statuses = {*op.errors, 401} if op.auth else set(op.errors)
    if HTTPStatus.NOT_FOUND in statuses:  # whatever may not be there may have been shredded
        statuses.add(HTTPStatus.GONE)
    return {
        str(int(status)): {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted(statuses)
    }


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


_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; made for programs."},
        "detail": {"type": "string", "description": "Made for people; says what to do next."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
