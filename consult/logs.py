"""Logs that cannot carry what they must not: no words of people, no addresses, no queries.

A line is an event name and fields from a closed list; everything else is dropped. An
exception is logged as its type and the places it went through, never its message: messages
hold values.
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TextIO, cast
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FIELDS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "error_type",
        "error_code",
        "trace",
        "version",
        "host",
        "port",
    }
    | {"request_id", "method", "route", "status", "code", "duration_ms", "bytes"}
    | {"user_id", "consult_id", "photo_id", "message_id", "token_id", "object_id"}
    | {"action", "role", "via", "seq", "count", "task", "job_id", "attempts"}
)
_OPEN_LOGGERS = ("uvicorn.error",)
"""Of the libraries, only the server speaks in whole sentences: of itself, never of a request."""

_SAFE = re.compile(r"[\w .,:;/{}()\[\]<>+*#'=-]{0,300}", re.ASCII)
"""No @, ? or %: a string with an e-mail address or a query is not logged."""


def configure(level: str = "info", *, stream: TextIO | None = None) -> None:
    """Send structlog and the libraries' own logging to `stream` (default stderr), once, at start.

    JSON, one object per line; for a terminal, coloured text with the same fields.
    """
    output = stream or sys.stderr
    render: Processor = (
        structlog.dev.ConsoleRenderer(sort_keys=False)
        if output.isatty()
        else structlog.processors.JSONRenderer()
    )
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_speak_for_library, *before],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, keep_safe, render],
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    logging.raiseExceptions = False  # it would print what could not be formatted, values and all
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("alembic").setLevel("WARNING")  # it says nothing new at every start
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def describe(error: BaseException) -> dict[str, Any]:
    """Return the fields of a log line for an exception: its type, its code, the way it took.

    Of a group, it is the first: that one explains the others more often than not.
    """
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    code = _code(error)
    named = {"error_type": type(error).__qualname__, "trace": _trace(error)}
    return named if code is None else {**named, "error_code": code}


def place(error: BaseException) -> str:
    """Return one line such as `SMTPRecipientRefused 550 at consult.backends.mail.smtp:…:42`."""
    fields = describe(error)
    name = " ".join(str(fields[field]) for field in ("error_type", "error_code") if field in fields)
    return " at ".join([name, *fields["trace"][-1:]])


def keep_safe(_logger: WrappedLogger, _method: str, fields: EventDict) -> Mapping[str, Any]:
    """Drop every field that is not on the list, and every value that could be a person's words."""
    fields = {**fields, **_exception_of(fields)}
    return {name: _safe(value) for name, value in fields.items() if name in FIELDS}


def _exception_of(fields: MutableMapping[str, Any]) -> dict[str, Any]:
    match fields.get("exc_info"):
        case BaseException() as error:
            return describe(error)
        case (_, BaseException() as error, _):
            return describe(error)
        case True if error := sys.exception():
            return describe(error)
        case _:
            return {}


def _safe(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case UUID():
            return str(value)
        case str() if _SAFE.fullmatch(value):
            return value
        case list() | tuple():
            return [_safe(item) for item in cast("Iterable[object]", value)]
        case _:
            return "(dropped)"


def _speak_for_library(_logger: WrappedLogger, _method: str, fields: EventDict) -> EventDict:
    record: logging.LogRecord = fields["_record"]
    fields["logger"] = record.name
    if record.name not in _OPEN_LOGGERS:
        fields["event"] = "library.logged"
    if record.exc_info:
        fields["exc_info"] = record.exc_info
    return fields


def _code(error: BaseException) -> str | int | None:
    """Return what SQLite, the system or the mail server calls it: SQLITE_FULL, 28, 550."""
    source = getattr(error, "orig", None) or error
    codes = (getattr(source, name, None) for name in ("sqlite_errorname", "errno", "code"))
    return next((code for code in codes if isinstance(code, str | int)), None)


def _trace(error: BaseException) -> list[str]:
    frames = traceback.walk_tb(error.__traceback__)
    return [
        f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_qualname}:{line}"
        for frame, line in frames
    ][-30:]
