"""Links that need no account: each lets one thing be sent into one consult, and shows nothing.

A link is `ID.SECRET`, in the fragment of a URL. Opening it uses nothing up, so that a scanner of
mail may open it as often as it likes; sending does. Whatever is wrong with one, the refusal is
the same.
"""

import hmac
from datetime import datetime
from uuid import UUID, uuid4

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.people import acting
from consult.accounts.secret import hash_of, mailed_secret
from consult.backends.keys import SERVICE
from consult.config import Settings
from consult.errors import Conflict, NotSignedIn
from consult.models import (
    Actor,
    Link,
    LinkKind,
    Participant,
    Proof,
    Role,
    User,
    Via,
    now,
    private,
)

MOST_WRONG_TRIES = 10
"""Then the link is dead. Only who had the link before knows its id, so this shuts nobody else out."""

_PATHS = {LinkKind.PHOTOS: "/send", LinkKind.OUTCOME: "/outcome"}


def link_refused() -> NotSignedIn:
    return NotSignedIn(
        "This link is no longer good. Ask whoever sent it for a new one.", code="link_refused"
    )


async def make_link(
    session: AsyncSession,
    key: bytes,
    *,
    consult_id: UUID,
    kind: LinkKind,
    expires_at: datetime,
    most_uses: int,
) -> Link:
    """Make a link with an account and a seat of its own, both good for as long as it is."""
    account = User(
        name=private("By link", SERVICE),  # nobody's name: no key of their own, none to shred
        role=Role.LINK,
    )
    link_id = uuid4()
    link = Link(
        id=link_id,
        kind=kind,
        secret_hash=hash_of(mailed_secret(key, link_id)),
        user_id=account.id,
        consult_id=consult_id,
        expires_at=expires_at,
        most_uses=most_uses,
    )
    seat = Participant(
        consult_id=consult_id, user_id=account.id, in_the_open=False, expires_at=expires_at
    )
    session.add(account)
    await session.flush()
    session.add_all((link, seat))
    await session.flush()
    return link


def address_of(settings: Settings, key: bytes, link: Link) -> str:
    """The URL to hand over: the same each time it is asked."""
    secret = mailed_secret(key, link.id)
    return f"{settings.origin}{_PATHS[link.kind]}#t={link.id.hex}.{secret}"


async def actor_from_link(
    session: AsyncSession, presented: str, kind: LinkKind, *, at: datetime | None = None
) -> tuple[Actor, Link]:
    """Raises NotSignedIn (`link_refused`)."""
    link = await _live(session, presented, at or now())
    if link is None or link.kind is not kind or not _opens(link, presented):
        raise link_refused()
    account = await session.get_one(User, link.user_id)
    return acting(account, via=Via.LINK, via_id=link.id, proof=Proof.LINK), link


async def count_wrong_try(session: AsyncSession, presented: str) -> None:
    """Count a secret that is not the link's; after MOST_WRONG_TRIES the link is dead."""
    link = await _live(session, presented, now())
    if link is None or _opens(link, presented):
        return
    link.wrong_tries += 1
    if link.wrong_tries >= MOST_WRONG_TRIES:
        await end_link(session, link)
        await audit.record(session, None, "link.locked", link.id, consult_id=link.consult_id)


def require_use(link: Link, *, reserved: int = 0) -> None:
    """Raises Conflict (`link_used_up`) for a link that takes nothing more.

    `reserved` are the uses that have begun and not ended.
    """
    if link.uses + reserved >= link.most_uses:
        raise Conflict(
            "This link has taken all that it can. Ask for a new one.", code="link_used_up"
        )


async def use_link(session: AsyncSession, link_id: UUID) -> None:
    """Use it once, in the transaction of what it sends. Raises Conflict, NotSignedIn."""
    link = await session.get_one(Link, link_id, populate_existing=True)
    if link.ended_at:
        raise link_refused()
    require_use(link)
    link.uses += 1
    session.add(link)


async def end_link(session: AsyncSession, link: Link) -> None:
    """End it at once, with its account and its seat; what it sent stays."""
    if link.ended_at:
        return
    link.ended_at = now()
    account = await session.get_one(User, link.user_id)
    account.active = False
    session.add_all((link, account))
    await session.exec(
        update(Participant)
        .where(col(Participant.user_id) == link.user_id)
        .values(ended_at=link.ended_at)
    )


async def _live(session: AsyncSession, presented: str, at: datetime) -> Link | None:
    try:
        link_id = UUID(hex=presented.partition(".")[0])
    except ValueError:
        return None
    link = await session.get(Link, link_id)
    return link if link and link.ended_at is None and link.expires_at > at else None


def _opens(link: Link, presented: str) -> bool:
    return hmac.compare_digest(hash_of(presented.partition(".")[2]), link.secret_hash)
