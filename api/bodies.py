"""Reads request bodies: held in memory, counted while they arrive, parsed once into a type."""

import re
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.state import ConsultRequest
from consult.errors import InvalidFields, InvalidRequest, PhotoTooLarge

JSON_LIMIT = 256 * 1024

_NAME = re.compile(r"[a-z_]{1,32}|[0-9]{1,6}", re.IGNORECASE)


class Body(BaseModel):
    """A JSON body. Unknown fields are refused: a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""Of a message or an event: what a column of a database can be compared with."""

BodyT = TypeVar("BodyT", bound=Body)
QueryT = TypeVar("QueryT", bound=Query)


async def read_bytes(request: ConsultRequest, *, limit: int) -> bytes:
    """Return the body, in memory only: an unscrubbed photo never touches a disk.

    Raises PhotoTooLarge as soon as more than `limit` bytes are announced or arrive.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def announced_size(request: ConsultRequest, *, limit: int) -> int:
    """Return how many bytes the body will have, `limit` where it does not say or exaggerates."""
    announced = request.headers.get("content-length", "")
    return min(int(announced), limit) if announced.isdecimal() else limit


async def read_json(request: ConsultRequest, shape: type[BodyT]) -> BodyT:
    """Parse the body into `shape`. Raises InvalidRequest or InvalidFields."""
    return parse_json(await read_bytes(request, limit=JSON_LIMIT), shape)


def parse_json(body: bytes, shape: type[BodyT]) -> BodyT:
    """Parse `body` into `shape`. Raises InvalidRequest or InvalidFields."""
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        raise _explained(error) from None


def read_query(request: ConsultRequest, shape: type[QueryT]) -> QueryT:
    """Parse the query string into `shape`. Raises InvalidFields."""
    return parse_words(dict(request.query_params), shape)


def parse_words(words: Mapping[str, str], shape: type[QueryT]) -> QueryT:
    """Parse what came as text, each under its name, into `shape`. Raises InvalidFields."""
    try:
        return shape.model_validate(dict(words))
    except ValidationError as error:
        raise _explained(error) from None


def too_large(limit: int) -> PhotoTooLarge:
    return PhotoTooLarge(
        f"This is larger than {limit // (1024 * 1024) or 1} MB. Send a smaller one.",
        code="body_too_large",
    )


def _explained(error: ValidationError) -> InvalidRequest:
    # pydantic's own words, without the input that it would repeat.
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    if any(fault["type"] == "json_invalid" for fault in faults):
        return InvalidRequest(
            "The body is not valid JSON. Send a JSON object.", code="invalid_json"
        )
    return InvalidFields({_place(fault["loc"]): fault["msg"] for fault in faults})


def _place(parts: tuple[int | str, ...]) -> str:
    """Name the field. What does not look like the name of one is not repeated."""
    words = (str(part) for part in parts)
    return ".".join(word if _NAME.fullmatch(word) else "(unknown)" for word in words) or "body"
