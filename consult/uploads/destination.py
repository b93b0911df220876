"""Where an upload goes: into which consult, as what, and by which link, if by one."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from consult.clinical.body_sites import BodySite, Laterality, View
from consult.errors import Forbidden, Gone, InvalidFields, NotFound
from consult.image_requests import Answer, asked_by, find_answer
from consult.links import link_refused
from consult.models import Actor, Link, Upload
from consult.photos import Facts, Place, find_place


@dataclass(frozen=True)
class Wish:
    """What the sender says of a photo, in the words of the PUT that would take it whole."""

    photo_id: UUID
    consult_id: UUID | None
    """None: the link says which."""
    facts: Facts
    request_id: UUID | None = None
    number: int | None = None
    """Which of the images that were asked for it is."""

    @classmethod
    def of(cls, upload: Upload) -> Self:
        facts = Facts(
            body_site=BodySite(upload.body_site) if upload.body_site else None,
            laterality=Laterality(upload.laterality) if upload.laterality else None,
            view=View(upload.view) if upload.view else None,
            note=upload.note,
        )
        return cls(upload.photo_id, upload.consult_id, facts, upload.request_id, upload.number)


@dataclass(frozen=True)
class Destination:
    """Only `find_destination` makes one: the sender may send there."""

    place: Place
    facts: Facts
    answer: Answer | None
    """What it answers, where it was asked for."""
    link: Link | None


async def find_destination(
    session: AsyncSession, actor: Actor, link: Link | None, wish: Wish
) -> Destination:
    """Look whether `actor` may send this photo now, as it is looked for a PUT.

    Raises NotFound, Forbidden, Conflict, Gone, InvalidFields; by a link NotSignedIn.
    """
    if link:
        return await _by_link(session, actor, link, wish)
    if wish.consult_id is None:
        raise InvalidFields({"consult_id": "Field required"})
    answer = None
    if wish.request_id:
        answer = await find_answer(
            session, actor, wish.consult_id, wish.request_id, number=wish.number
        )
    place = await find_place(
        session, actor=actor, consult_id=wish.consult_id, photo_id=wish.photo_id
    )
    return Destination(place, wish.facts, answer, link=None)


async def _by_link(session: AsyncSession, actor: Actor, link: Link, wish: Wish) -> Destination:
    try:
        _, answer = await asked_by(session, actor, link, number=wish.number)
        place = await find_place(
            session, actor=actor, consult_id=link.consult_id, photo_id=wish.photo_id
        )
    except (NotFound, Forbidden, Gone):
        raise link_refused() from None
    return Destination(place, wish.facts, answer, link)
