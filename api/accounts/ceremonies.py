"""What every passkey ceremony shares: burn the challenge first, note a counter that went back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from api.accounts.browsers import device_words
from api.accounts.shapes import SessionRead
from api.auth import Login, cookie_of, device_of, set_cookie
from api.state import ConsultRequest
from consult import accounts
from consult.errors import NotSignedIn
from consult.models import Credential, User

Secret = Annotated[str, Field(min_length=1, max_length=128)]
"""The secret of a link, or a code in any spelling."""

CredentialJSON = dict[str, Any]
"""`PublicKeyCredential.toJSON()`: checked in consult.accounts, not here."""


async def burn(request: ConsultRequest, credential: CredentialJSON) -> accounts.AnsweredChallenge:
    """In a transaction of its own: whatever comes next, this answer is heard once."""
    async with request.state["backends"].database.writes.begin() as session:
        return await accounts.burn_challenge(session, credential)


@asynccontextmanager
async def noting_counters(request: ConsultRequest) -> AsyncGenerator[None]:
    """Keep the alarm of a counter, though the transaction that found it is undone."""
    try:
        yield
    except accounts.CounterWentBack as refusal:
        async with request.state["backends"].database.writes.begin() as session:
            await accounts.record_counter(session, refusal)
        raise


async def sign_in(
    request: ConsultRequest, session: AsyncSession, user: User, passkey: Credential
) -> tuple[str, Login]:
    """Open a session; the one that this browser had until now is dead at once."""
    if old := cookie_of(request):
        with suppress(NotSignedIn):
            await accounts.end_session(session, *await accounts.actor_from_session(session, old))
    secret = await accounts.open_session(
        session,
        user,
        passkey=passkey,
        device=device_words(request.headers.get("user-agent", "")),
        device_id=await device_of(request),
    )
    return secret, Login(*await accounts.actor_from_session(session, secret))


def signed_in(request: ConsultRequest, secret: str, login: Login, *, status: int) -> Response:
    response = SessionRead.of(request, login).response(status)
    set_cookie(response, secret)
    return response
