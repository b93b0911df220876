"""A photo on its way out: whoever loses the right to look loses the rest of it."""

import time
from collections.abc import AsyncGenerator, AsyncIterator

from starlette.requests import ClientDisconnect

from api.auth import actor_of
from api.state import ConsultRequest
from consult.errors import ConsultError
from consult.models import Purpose
from consult.photos import require_still

# Most photos are through before that; a slow link is asked about once a second.
_ASK_AGAIN_SECONDS = 1.0


async def while_allowed(
    request: ConsultRequest, chunks: AsyncIterator[bytes], *, purpose: Purpose
) -> AsyncIterator[bytes]:
    """The chunks, for as long as the request would still be answered.

    There is no status to change any more: the connection is closed in the middle of the answer,
    which is then shorter than it said.
    """
    asked = time.monotonic()
    try:
        async for chunk in chunks:
            if time.monotonic() - asked >= _ASK_AGAIN_SECONDS:
                await _require_still(request, purpose)
                asked = time.monotonic()
            yield chunk
    finally:
        if isinstance(chunks, AsyncGenerator):  # its file is open until it is told
            await chunks.aclose()


async def _require_still(request: ConsultRequest, purpose: Purpose) -> None:
    photo_id = request.path_params["photo_id"]
    try:
        actor = await actor_of(request, touch=False)
        async with request.state["backends"].database.reads() as session:
            await require_still(session, actor, photo_id, purpose=purpose)
    except ConsultError as refusal:
        raise ClientDisconnect from refusal
