"""The people: added, found, listed. How each comes in is told elsewhere."""

import re
from uuid import UUID, uuid4

from anyio import to_thread
from sqlalchemy import and_, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.backends.keys import keys_of
from consult.errors import Conflict, Forbidden, InvalidFields, NotFound
from consult.models import Actor, Credential, Proof, Role, User, Via, private

# RFC 5322 3.2.3 dot-atom "@" RFC 1035 labels. Narrower than what mail allows, on purpose: no
# quotes, comments, lists or line ends, so an address can never become two, or a header.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# ASCII: to Unicode, the Kelvin sign is a k, and an address that looks like another is another.
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII | re.IGNORECASE)
_LONGEST_ADDRESS = 254  # RFC 5321 4.5.3.1.3, without the angle brackets
_LONGEST_NAME = 100


async def add_user(
    session: AsyncSession, *, email: str | None, name: str, role: Role, actor: Actor | None = None
) -> User:
    """Add somebody who can't sign in yet: `invite` comes next. Only a patient may have no e-mail.

    Raises InvalidFields, Conflict (`email_taken`), or Forbidden for a role above the actor's.
    """
    refuse_higher(actor, role)
    name = " ".join(name.split())
    if faults := _faults(email, name, role):
        raise InvalidFields(faults)
    email = email.lower() if email else None
    if email and await find_by_email(session, email):
        raise Conflict("Somebody with this e-mail address is here already.", code="email_taken")
    user_id, keys = uuid4(), keys_of(session)
    await to_thread.run_sync(keys.make, user_id)
    user = User(
        id=user_id,
        email=private(email, user_id) if email else None,
        email_index=keys.index(email, "user.email") if email else None,
        name=private(name, user_id),
        role=role,
    )
    session.add(user)
    await session.flush()
    await audit.record(session, actor, "user.added", user.id)
    return user


async def find_user(session: AsyncSession, email: str) -> User:
    """Raises NotFound."""
    user = await find_by_email(session, email)
    if user is None:
        raise NotFound
    return user


async def find_by_email(session: AsyncSession, email: str) -> User | None:
    index = keys_of(session).index(email.lower(), "user.email")
    return (await session.exec(select(User).where(User.email_index == index))).first()


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    """Raises NotFound."""
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound
    return user


async def list_users(
    session: AsyncSession, *, after: UUID | None = None, limit: int
) -> list[tuple[User, bool]]:
    """Everybody but links, in the order they were added, and whether a passkey is bound to them now.

    `after` is the last one of the page before. Raises NotFound when nobody has that id.
    """
    bound = (
        select(Credential.id)
        .where(Credential.user_id == User.id, col(Credential.revoked_at).is_(None))
        .exists()
    )
    query = (
        select(User, bound)
        .where(User.role != Role.LINK)
        .order_by(col(User.created_at), col(User.id))
        .limit(limit)
    )
    if after:
        last = await get_user(session, after)
        same = and_(col(User.created_at) == last.created_at, col(User.id) > last.id)
        query = query.where(or_(col(User.created_at) > last.created_at, same))
    return [(user, enrolled) for user, enrolled in (await session.exec(query)).all()]


def refuse_higher(actor: Actor | None, role: Role) -> None:
    """Only an administrator, or the operator (no actor), touches an administrator's account.

    Raises Forbidden.
    """
    if actor and role is Role.ADMIN and actor.role is not Role.ADMIN:
        raise Forbidden("Only an administrator does this for an administrator.")


def acting(
    user: User,
    *,
    via: Via,
    via_id: UUID | None = None,
    proof: Proof = Proof.SESSION,
    scopes: frozenset[str] | None = None,
) -> Actor:
    return Actor(
        user_id=user.id,
        role=user.role,
        name=user.name,
        email=user.email,
        via=via,
        via_id=via_id,
        proof=proof,
        ours=user.ours,
        scopes=scopes,
    )


def _faults(email: str | None, name: str, role: Role) -> dict[str, str]:
    faults: dict[str, str] = {}
    if email is None and role is not Role.PATIENT:
        faults["email"] = "Only a patient can be here without an e-mail address."
    if email is not None and (len(email) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(email)):
        faults["email"] = "This is not one e-mail address, such as ana@example.org."
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        faults["name"] = f"A name has 1 to {_LONGEST_NAME} characters that can be printed."
    return faults
