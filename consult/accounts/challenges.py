"""WebAuthn challenges: at least 128 random bits, one ceremony, five minutes, one answer."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.accounts.ceremony import CredentialJSON, challenge_of, passkey_refused
from consult.accounts.secret import hash_of
from consult.models import Ceremony, Challenge, now

CHALLENGE_LIFETIME = timedelta(minutes=5)
_CHALLENGE_BYTES = 32


@dataclass(frozen=True)
class AnsweredChallenge:
    """A challenge that has been burnt: the only thing that a ceremony accepts."""

    challenge: bytes
    ceremony: Ceremony
    invitation_id: UUID | None
    user_id: UUID | None
    expires_at: datetime


async def make_challenge(
    session: AsyncSession,
    ceremony: Ceremony,
    *,
    invitation_id: UUID | None = None,
    user_id: UUID | None = None,
) -> bytes:
    challenge, at = secrets.token_bytes(_CHALLENGE_BYTES), now()
    await session.exec(delete(Challenge).where(col(Challenge.expires_at) <= at))
    row = Challenge(
        challenge_hash=hash_of(challenge),
        ceremony=ceremony,
        invitation_id=invitation_id,
        user_id=user_id,
        expires_at=at + CHALLENGE_LIFETIME,
    )
    session.add(row)
    await session.flush()
    return challenge


async def burn_challenge(session: AsyncSession, credential: CredentialJSON) -> AnsweredChallenge:
    """Delete the challenge that `credential` answers, in a transaction of its own: commit it.

    Raises NotSignedIn when it is unknown or was answered before.
    """
    challenge = challenge_of(credential)
    statement = (
        delete(Challenge)
        .where(col(Challenge.challenge_hash) == hash_of(challenge))
        .returning(
            col(Challenge.ceremony),
            col(Challenge.invitation_id),
            col(Challenge.user_id),
            col(Challenge.expires_at),
        )
    )
    row = (await session.exec(statement)).first()
    if row is None:
        raise passkey_refused()
    ceremony, invitation_id, user_id, expires_at = row
    return AnsweredChallenge(challenge, ceremony, invitation_id, user_id, expires_at)


def require_challenge(
    answered: AnsweredChallenge,
    ceremony: Ceremony,
    *,
    invitation_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """Raises NotSignedIn when it was made for something or somebody else, or too long ago."""
    expected = (ceremony, invitation_id, user_id)
    made_for = (answered.ceremony, answered.invitation_id, answered.user_id)
    if made_for != expected or answered.expires_at <= now():
        raise passkey_refused()
