"""The people, and the invitations that let each of them bind a passkey."""

import re
import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from anyio import to_thread
from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.secret import hash_of, make_secret
from consult.backends.keys import keys_of
from consult.errors import Conflict, InvalidFields, InvalidRequest, NotFound
from consult.models import Actor, Invitation, Role, User, Via, now, private

# RFC 5322 3.2.3 dot-atom "@" RFC 1035 labels. Narrower than what mail allows, on purpose: no
# quotes, comments, lists or line ends, so an address can never become two, or a header.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# ASCII: to Unicode, the Kelvin sign is a k, and an address that looks like another is another.
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
_LONGEST_NAME = 100
_HANDLE_BYTES = 32


async def add_user(
    session: AsyncSession, *, email: str, name: str, role: Role, actor: Actor | None = None
) -> User:
    """Add somebody who can't sign in yet: `invite` comes next.

    Raises InvalidFields, or Conflict (`email_taken`).
    """
    name = " ".join(name.split())
    if faults := _faults(email, name):
        raise InvalidFields(faults)
    email = email.lower()
    if await _with_email(session, email):
        raise Conflict("Somebody with this e-mail address is here already.", code="email_taken")
    user_id, keys = uuid4(), keys_of(session)
    await to_thread.run_sync(keys.make, user_id)
    user = User(
        id=user_id,
        email=private(email, user_id),
        email_index=keys.index(email, "user.email"),
        name=private(name, user_id),
        role=role,
        handle=secrets.token_bytes(_HANDLE_BYTES),
    )
    session.add(user)
    await session.flush()
    await audit.record(session, actor, "user.added", user.id)
    return user


async def find_user(session: AsyncSession, email: str) -> User:
    """Raises NotFound."""
    user = await _with_email(session, email.lower())
    if user is None:
        raise NotFound
    return user


async def invite(
    session: AsyncSession,
    user: User,
    *,
    lifetime: timedelta = timedelta(hours=24),
    actor: Actor | None = None,
) -> str:
    """Return a one-time secret that lets `user` bind one passkey, and nothing else.

    24 h is the longest that NIST SP 800-63B-4 4.2.1.2 allows for a code sent by mail.
    """
    secret, made_at = make_secret(), now()
    invitation = Invitation(
        user_id=user.id,
        token_hash=hash_of(secret),
        created_at=made_at,
        expires_at=made_at + lifetime,
    )
    session.add(invitation)
    await session.flush()
    await audit.record(session, actor, "invitation.made", user.id)
    return secret


async def invited(
    session: AsyncSession, secret: str, *, at: datetime | None = None
) -> tuple[Invitation, User]:
    """Find a live invitation, without using it up. Raises InvalidRequest."""
    query = (
        select(Invitation, User)
        .join(User, col(User.id) == Invitation.user_id)
        .where(
            Invitation.token_hash == hash_of(secret),
            col(Invitation.used_at).is_(None),
            Invitation.expires_at > (at or now()),
            col(User.active),
        )
    )
    found = (await session.exec(query)).first()
    if found is None:
        raise invitation_not_valid()
    return found


async def use_invitation(session: AsyncSession, invitation_id: UUID) -> None:
    """Of many that try at once exactly one succeeds; the others raise InvalidRequest."""
    statement = (
        update(Invitation)
        .where(col(Invitation.id) == invitation_id, col(Invitation.used_at).is_(None))
        .values(used_at=now())
        .returning(col(Invitation.id))
    )
    if (await session.exec(statement)).first() is None:
        raise invitation_not_valid()


def invitation_not_valid() -> InvalidRequest:
    return InvalidRequest(
        "This link was used already or is too old. Ask for a new one.",
        code="invitation_not_valid",
    )


def acting(user: User, *, via: Via, via_id: UUID | None = None) -> Actor:
    return Actor(
        user_id=user.id, role=user.role, name=user.name, email=user.email, via=via, via_id=via_id
    )


def _faults(email: str, name: str) -> dict[str, str]:
    faults: dict[str, str] = {}
    if len(email) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(email):
        faults["email"] = "This is not one e-mail address, such as ana@example.org."
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        faults["name"] = f"A name has 1 to {_LONGEST_NAME} characters that can be printed."
    return faults


async def _with_email(session: AsyncSession, email: str) -> User | None:
    index = keys_of(session).index(email, "user.email")
    return (await session.exec(select(User).where(User.email_index == index))).first()
