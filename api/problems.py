"""Errors on the wire: RFC 9457 problem details, from one table and one place.

`code` is stable; `detail` is for people. Nothing of what was sent is repeated.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from api.auditing import refusal_on_record
from consult.errors import (
    AuditUnavailable,
    Busy,
    ChecksumMismatch,
    Conflict,
    ConsultError,
    Damaged,
    Forbidden,
    Gone,
    InvalidFields,
    InvalidPhoto,
    InvalidRequest,
    Locked,
    NotFound,
    NotPossible,
    NotSignedIn,
    PhotoTooLarge,
    StorageFull,
    Taken,
    TooMuch,
    UnreadablePhoto,
    UnsupportedPhoto,
    WrongOffset,
)

CHECKSUM_MISMATCH = 460
"""tus 1.0's own; no status of HTTP's."""

STATUS: dict[type[ConsultError], int] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    Damaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    Conflict: HTTPStatus.CONFLICT,
    NotPossible: HTTPStatus.CONFLICT,
    WrongOffset: HTTPStatus.CONFLICT,
    Taken: HTTPStatus.CONFLICT,
    Locked: HTTPStatus.LOCKED,
    ChecksumMismatch: CHECKSUM_MISMATCH,
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    InvalidFields: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMuch: HTTPStatus.TOO_MANY_REQUESTS,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    InvalidPhoto: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnsupportedPhoto: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    PhotoTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnreadablePhoto: HTTPStatus.UNPROCESSABLE_ENTITY,
    AuditUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.PRECONDITION_FAILED: "unsupported_version",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
    more: Mapping[str, object] | None = None,
) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": phrase_of(status),
        "status": int(status),
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    body |= more or {}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def phrase_of(status: int) -> str:
    return "Checksum Mismatch" if status == CHECKSUM_MISMATCH else HTTPStatus(status).phrase


async def on_consult_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ConsultError)
    error = await refusal_on_record(request, error)
    status = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    headers, more = _headers(error), _more(error)
    return problem(status, error.code, error.message, headers=headers, more=more)


def _more(error: ConsultError) -> dict[str, object]:
    """What a program needs besides the code."""
    match error:
        case NotPossible():
            return {"possible": error.possible}
        case Taken():
            return {"holder": {"id": str(error.holder_id), "name": error.name}}
        case _:
            return {}


def _headers(error: ConsultError) -> dict[str, str]:
    match error:
        case NotSignedIn():
            return {"WWW-Authenticate": "Bearer"}
        case WrongOffset():
            return {"Upload-Offset": str(error.offset)}
        case TooMuch():
            return {"Retry-After": str(error.retry_after)}
        case _:
            return {}


async def on_invalid_fields(_: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidFields)
    errors = [{"field": field, "message": fault} for field, fault in error.faults.items()]
    status = STATUS[InvalidFields]
    return problem(status, error.code, error.message, errors=errors)


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return await _on_no_route(request, status)
    return problem(status, _CODES.get(status, "error"), error.detail, headers=error.headers)


async def _on_no_route(request: Request, status: HTTPStatus) -> Response:
    """Starlette asks only one of all that match a path, and the files come after the routes."""
    methods = _methods(request)
    if status is HTTPStatus.METHOD_NOT_ALLOWED and not request.url.path.startswith("/api/"):
        methods |= {"GET", "HEAD"}  # of files
    if not methods or request.method in methods:
        return await on_consult_error(request, NotFound())
    allow = ", ".join(sorted(methods))
    detail = f"This address takes only {allow}."
    status = HTTPStatus.METHOD_NOT_ALLOWED
    return problem(status, _CODES[status], detail, headers={"Allow": allow})


async def on_crash(_: Request, __: Exception) -> Response:
    return problem(500, "internal_error", "Something broke on our side. Please try again.")


def _methods(request: Request) -> set[str]:
    return {
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


HANDLERS = {
    ConsultError: on_consult_error,
    InvalidFields: on_invalid_fields,
    HTTPException: on_http_error,
    Exception: on_crash,
}

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; made for programs."},
        "detail": {"type": "string", "description": "Made for people; says what to do next."},
        "possible": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Of not_possible: the steps that can be taken instead.",
        },
        "holder": {
            "type": "object",
            "description": "Of taken: who has it.",
            "required": ["id", "name"],
            "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
        },
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
