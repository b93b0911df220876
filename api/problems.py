"""Errors on the wire: RFC 9457 problem details, from one table and one place.

`code` is stable; `detail` is for people. Nothing of what was sent is repeated.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from consult.errors import (
    Conflict,
    ConsultError,
    Damaged,
    Forbidden,
    Gone,
    InvalidFields,
    InvalidPhoto,
    InvalidRequest,
    NotFound,
    NotSignedIn,
    PhotoTooLarge,
    UnreadablePhoto,
    UnsupportedPhoto,
)

STATUS: dict[type[ConsultError], HTTPStatus] = {
    NotSignedIn: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    Damaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    Conflict: HTTPStatus.CONFLICT,
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    InvalidFields: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvalidPhoto: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnsupportedPhoto: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    PhotoTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnreadablePhoto: HTTPStatus.UNPROCESSABLE_ENTITY,
}

_CODES = {
    HTTPStatus.BAD_REQUEST: "bad_request",
    HTTPStatus.NOT_FOUND: NotFound.code,
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
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
) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def on_consult_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ConsultError)
    status = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    return problem(status, error.code, error.message, headers=headers)


async def on_invalid_fields(_: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidFields)
    errors = [{"field": field, "message": fault} for field, fault in error.faults.items()]
    status = STATUS[InvalidFields]
    return problem(status, error.code, error.message, errors=errors)


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    status, detail = HTTPStatus(error.status_code), error.detail
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
        detail = f"This address takes only {headers['Allow']}."
        if not headers["Allow"]:
            status = HTTPStatus.NOT_FOUND
    if status is HTTPStatus.NOT_FOUND:
        return await on_consult_error(request, NotFound())
    return problem(status, _CODES.get(status, "error"), detail, headers=headers)


async def on_crash(_: Request, __: Exception) -> Response:
    return problem(500, "internal_error", "Something broke on our side. Please try again.")


def _methods(request: Request) -> set[str]:
    """Every method of this path: Starlette names those of the first route only."""
    files = set[str]() if request.url.path.startswith("/api/") else {"GET", "HEAD"}
    return files | {
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
