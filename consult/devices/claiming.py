"""A crew member says of what the tablet sent before anybody had signed in: that was me.

Who opened and sent it stays the tablet. From then on the member is in the consult and reads.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.access import Action, Relation, require
from consult.consults import SHIFT, announce
from consult.errors import Conflict, NotFound
from consult.models import Actor, Consult, Device, Participant, Photo, User, now


@dataclass(frozen=True)
class Uploads:
    device: User
    """The account of the tablet."""
    consult_ids: tuple[UUID, ...]
    photos: int


async def unclaimed_uploads(session: AsyncSession, actor: Actor) -> Uploads:
    """What the tablet that `actor` signed in on sent in this shift and nobody has claimed.

    Raises NotFound away from a tablet, Forbidden.
    """
    account = await _tablet_of(session, actor)
    consults = [consult for consult in await _sent_by(session, account) if not consult.claimed_by]
    photos = await _unclaimed_photos(session, account, await _open_to(session, account, actor))
    return Uploads(account, tuple(consult.id for consult in consults), len(photos))


async def claim_uploads(session: AsyncSession, actor: Actor) -> Uploads:
    """Claim all of it. Claiming again what is one's own changes nothing.

    Raises Conflict (`claimed_already`) when somebody else was first and nothing is left,
    NotFound away from a tablet, Forbidden.
    """
    account = await _tablet_of(session, actor)
    mine = await _open_to(session, account, actor)
    if not mine:
        await _require_unclaimed(session, account)
    photos = await _unclaimed_photos(session, account, mine)
    for consult in mine:
        if consult.claimed_by is None or any(photo.consult_id == consult.id for photo in photos):
            await _claim(session, actor, consult)
    at = now()
    for photo in photos:
        photo.claimed_by, photo.claimed_at = actor.user_id, at
        session.add(photo)
    return Uploads(account, tuple(consult.id for consult in mine), len(photos))


async def _tablet_of(session: AsyncSession, actor: Actor) -> User:
    """The account of the tablet that the actor signed in on: there they stand where it stands."""
    device = await session.get(Device, actor.device_id) if actor.device_id else None
    relation = Relation.MEMBER if device and not device.revoked_at else Relation.NONE
    require(actor, Action.UPLOADS_CLAIM, relation=relation)
    if device is None:
        raise NotFound
    return await session.get_one(User, device.user_id)


async def _sent_by(session: AsyncSession, account: User) -> list[Consult]:
    query = (
        select(Consult)
        .where(Consult.opened_by == account.id, Consult.created_at > now() - SHIFT)
        .order_by(col(Consult.created_at), col(Consult.id))
    )
    return list((await session.exec(query)).all())


async def _open_to(session: AsyncSession, account: User, actor: Actor) -> list[Consult]:
    """What nobody has claimed, or the actor did."""
    sent = await _sent_by(session, account)
    return [consult for consult in sent if consult.claimed_by in (None, actor.user_id)]


async def _unclaimed_photos(
    session: AsyncSession, account: User, consults: list[Consult]
) -> list[Photo]:
    query = select(Photo).where(
        Photo.created_by == account.id,
        col(Photo.claimed_by).is_(None),
        col(Photo.consult_id).in_([consult.id for consult in consults]),
    )
    return list((await session.exec(query)).all())


async def _require_unclaimed(session: AsyncSession, account: User) -> None:
    claimed = [consult for consult in await _sent_by(session, account) if consult.claimed_by]
    if not claimed:
        return
    claimer = await session.get_one(User, claimed[-1].claimed_by)
    raise Conflict(
        f"{claimer.name} has claimed these photos. Ask {claimer.name} to bring you in.",
        code="claimed_already",
    )


async def _claim(session: AsyncSession, actor: Actor, consult: Consult) -> None:
    if consult.claimed_by is None:
        consult.claimed_by, consult.claimed_at = actor.user_id, now()
    if await session.get(Participant, (consult.id, actor.user_id)) is None:
        session.add(Participant(consult_id=consult.id, user_id=actor.user_id, in_the_open=True))
    announce(session, consult, "consult.changed")
    await audit.record(session, actor, "consult.claimed", actor.device_id, consult_id=consult.id)
