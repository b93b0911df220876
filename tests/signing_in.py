"""Somebody who touched their passkey a moment ago, or some time ago, without the ceremony."""

from datetime import timedelta

from api.auth import COOKIE
from consult.accounts import open_session
from consult.bootstrap import Backends
from consult.models import now
from tests.factories import Somebody


async def session_of(
    backends: Backends, somebody: Somebody, *, ago: timedelta = timedelta()
) -> dict[str, str]:
    """The headers of a browser that signed in `ago`."""
    async with backends.database.writes.begin() as session:
        secret = await open_session(session, somebody.user, at=now() - ago)
    return {"Cookie": f"{COOKIE}={secret}"}
