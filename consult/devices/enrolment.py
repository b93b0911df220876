"""Tablets are added, bound to a key, listed and taken out of service."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action, require
from consult.accounts.people import add_user
from consult.accounts.secret import hash_of, make_secret
from consult.config import Settings
from consult.devices.key import Purpose, read_key
from consult.devices.proving import (
    Answer,
    acting_device,
    device_refused,
    open_device_session,
    require_signature,
)
from consult.errors import NotFound
from consult.models import Actor, Device, DeviceSession, LoginSession, Role, User, now

CODE_LIFETIME = timedelta(hours=24)


async def add_device(
    session: AsyncSession, *, name: str, actor: Actor | None = None
) -> tuple[Device, str]:
    """Add a tablet; the second value is the one-time code that lets it bind its key.

    `actor` is None for the command line. Raises InvalidFields, Forbidden, NotFound.
    """
    if actor:
        require(actor, Action.DEVICE_ENROL)
    device_id, code, at = uuid4(), make_secret(), now()
    # No mail goes to a tablet. RFC 2606, 2: nobody can ever own a name under "invalid".
    account = await add_user(
        session, email=f"{device_id}@device.invalid", name=name, role=Role.DEVICE, actor=actor
    )
    device = Device(
        id=device_id,
        user_id=account.id,
        code_hash=hash_of(code),
        code_expires_at=at + CODE_LIFETIME,
        enrolled_by=actor.user_id if actor else None,
        created_at=at,
    )
    session.add(device)
    await session.flush()
    await audit.record(session, actor, "device.added", device.id)
    return device, code


async def renew_code(
    session: AsyncSession, device_id: UUID, *, actor: Actor | None = None
) -> tuple[Device, str]:
    """Let a tablet that lost its key bind another; the old one is good until it does.

    Raises NotFound, Forbidden.
    """
    if actor:
        require(actor, Action.DEVICE_ENROL)
    device = await session.get(Device, device_id)
    if device is None or device.revoked_at:
        raise NotFound
    code = make_secret()
    device.code_hash, device.code_expires_at = hash_of(code), now() + CODE_LIFETIME
    device.code_used_at, device.enrolled_by = None, actor.user_id if actor else None
    session.add(device)
    await session.flush()
    await audit.record(session, actor, "device.code_renewed", device.id)
    return device, code


async def enrol_device(
    session: AsyncSession,
    settings: Settings,
    *,
    code: str,
    public_key: bytes,
    answer: Answer,
    at: datetime | None = None,
) -> tuple[Device, str]:
    """Bind the key and use the code up; the second value opens a session for the tablet.

    The same key again, when the answer was lost, is the same enrolment. Raises NotSignedIn.
    """
    at, key = at or now(), read_key(public_key)
    if key is None:
        raise device_refused()
    require_signature(settings, Purpose.ENROLMENT, key, answer)
    device = await _with_code(session, code, at)
    if device.code_used_at is None:
        await _bind(session, device, key, at)
    elif device.public_key != key:
        raise device_refused()
    return device, await open_device_session(session, device, at=at)


async def list_devices(session: AsyncSession, actor: Actor | None) -> list[tuple[Device, User]]:
    """Every tablet with its account, in the order of their names. Raises Forbidden, NotFound."""
    if actor:
        require(actor, Action.DEVICE_REVOKE)
    query = select(Device, User).join(User, col(User.id) == Device.user_id)
    found = (await session.exec(query)).all()
    return sorted(found, key=lambda pair: (pair[1].name, pair[0].created_at))  # names are sealed


async def revoke_device(
    session: AsyncSession, device_id: UUID, *, actor: Actor | None = None
) -> None:
    """Take a tablet out of service at once, with every session that began on it.

    What it sent stays. Doing so twice changes nothing. Raises NotFound, Forbidden.
    """
    if actor:
        require(actor, Action.DEVICE_REVOKE)
    device = await session.get(Device, device_id)
    if device is None:
        raise NotFound
    if device.revoked_at:
        return
    account = await session.get_one(User, device.user_id)
    device.revoked_at, account.active = now(), False
    session.add_all((device, account))
    await session.exec(delete(DeviceSession).where(col(DeviceSession.device_id) == device.id))
    await session.exec(
        update(LoginSession)
        .where(col(LoginSession.device_id) == device.id, col(LoginSession.ended_at).is_(None))
        .values(ended_at=device.revoked_at)
    )
    await audit.record(session, actor, "device.revoked", device.id)


async def _with_code(session: AsyncSession, code: str, at: datetime) -> Device:
    query = select(Device).where(
        Device.code_hash == hash_of(code),
        Device.code_expires_at > at,
        col(Device.revoked_at).is_(None),
    )
    device = (await session.exec(query)).first()
    if device is None:
        raise device_refused()
    return device


async def _bind(session: AsyncSession, device: Device, key: bytes, at: datetime) -> None:
    device.public_key, device.enrolled_at, device.code_used_at = key, at, at
    session.add(device)
    await session.flush()
    # Whoever held the key that was lost is out.
    await session.exec(delete(DeviceSession).where(col(DeviceSession.device_id) == device.id))
    account = await session.get_one(User, device.user_id)
    await audit.record(session, acting_device(device, account), "device.enrolled", device.id)
