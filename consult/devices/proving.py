"""A tablet shows its key: a challenge, a signature, and then a quarter of an hour to send in.

Whatever is wrong with an answer, the refusal is the same. A challenge is burnt before the
answer is looked at, in a transaction of its own. Only the clock of the service counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.people import acting
from consult.accounts.secret import hash_of, make_secret
from consult.config import Settings
from consult.devices.key import Purpose, has_signed, message_of
from consult.errors import NotSignedIn
from consult.models import (
    Actor,
    Device,
    DeviceChallenge,
    DeviceSession,
    Proof,
    User,
    Via,
    now,
)

CHALLENGE_LIFETIME = timedelta(minutes=5)
SESSION_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Answer:
    """What a tablet signed. `burn_challenge` must have taken the challenge before."""

    challenge: str
    signature: bytes


def device_refused() -> NotSignedIn:
    return NotSignedIn(
        "This tablet is not known here. Ask whoever looks after Consult for a new link.",
        code="device_refused",
    )


async def make_challenge(session: AsyncSession) -> str:
    challenge, at = make_secret(), now()
    await session.exec(delete(DeviceChallenge).where(col(DeviceChallenge.expires_at) <= at))
    session.add(
        DeviceChallenge(challenge_hash=hash_of(challenge), expires_at=at + CHALLENGE_LIFETIME)
    )
    await session.flush()
    return challenge


async def burn_challenge(
    session: AsyncSession, challenge: str, *, at: datetime | None = None
) -> bool:
    """Delete the challenge, whatever becomes of its answer: commit that. False for a bad one."""
    statement = (
        delete(DeviceChallenge)
        .where(col(DeviceChallenge.challenge_hash) == hash_of(challenge))
        .returning(col(DeviceChallenge.expires_at))
    )
    expires_at = (await session.exec(statement)).scalar_one_or_none()
    return expires_at is not None and expires_at > (at or now())


async def prove(
    session: AsyncSession, settings: Settings, *, device_id: UUID, answer: Answer
) -> str:
    """Return the secret that the tablet presents from now on. Raises NotSignedIn."""
    device = await session.get(Device, device_id)
    if device is None or device.public_key is None or device.revoked_at:
        raise device_refused()
    require_signature(settings, Purpose.SESSION, device.public_key, answer)
    return await open_device_session(session, device)


def require_signature(
    settings: Settings, purpose: Purpose, public_key: bytes, answer: Answer
) -> None:
    message = message_of(purpose, settings.public_url, answer.challenge)
    if not has_signed(public_key, message, answer.signature):
        raise device_refused()


async def open_device_session(
    session: AsyncSession, device: Device, *, at: datetime | None = None
) -> str:
    secret, at = make_secret(), at or now()
    await session.exec(delete(DeviceSession).where(col(DeviceSession.expires_at) <= at))
    session.add(
        DeviceSession(
            token_hash=hash_of(secret), device_id=device.id, expires_at=at + SESSION_LIFETIME
        )
    )
    device.last_seen_at = at
    session.add(device)
    await session.flush()
    account = await session.get_one(User, device.user_id)
    await audit.record(session, acting_device(device, account), "device.proved", device.id)
    return secret


async def actor_from_device(
    session: AsyncSession, secret: str, *, at: datetime | None = None
) -> tuple[Actor, DeviceSession]:
    """Raises NotSignedIn."""
    query = (
        select(DeviceSession, Device, User)
        .join(Device, col(Device.id) == DeviceSession.device_id)
        .join(User, col(User.id) == Device.user_id)
        .where(
            DeviceSession.token_hash == hash_of(secret),
            DeviceSession.expires_at > (at or now()),
            col(Device.revoked_at).is_(None),
            col(User.active),
        )
    )
    found = (await session.exec(query)).first()
    if found is None:
        raise device_refused()
    device_session, device, account = found
    return acting_device(device, account), device_session


def acting_device(device: Device, account: User) -> Actor:
    actor = acting(account, via=Via.DEVICE, via_id=device.id, proof=Proof.DEVICE)
    return replace(actor, device_id=device.id)
