"""Tells open streams that somebody's way in has closed, so that they look again at once."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import event, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.doorbell import Doorbell
from consult.models import ApiToken, LoginSession, Role, User

_TOPIC = "user:"


class Standing(NamedTuple):
    """What changes when a way in closes; only good for comparing."""

    role: Role
    sessions: int
    tokens: int


def topic_of_user(user_id: UUID) -> str:
    return f"{_TOPIC}{user_id}"


def user_of_topic(topic: str) -> UUID | None:
    return UUID(topic.removeprefix(_TOPIC)) if topic.startswith(_TOPIC) else None


def ring_for(session: AsyncSession, user_id: UUID) -> None:
    """Ring for everything that `user_id` has open, once this transaction has committed."""
    doorbell = session.info["doorbell"]
    assert isinstance(doorbell, Doorbell)

    def ring(_: object) -> None:
        doorbell.ring(topic_of_user(user_id))

    event.listen(session.sync_session, "after_commit", ring, once=True)


async def standings(session: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How these people stand now: for what another process, such as the command line, changed.

    Whoever is disabled is not there.
    """
    sessions = (
        select(func.count())
        .where(col(LoginSession.user_id) == User.id, col(LoginSession.ended_at).is_(None))
        .scalar_subquery()
    )
    tokens = (
        select(func.count())
        .where(col(ApiToken.user_id) == User.id, col(ApiToken.revoked_at).is_(None))
        .scalar_subquery()
    )
    query = select(User.id, User.role, sessions, tokens).where(
        col(User.id).in_(user_ids), col(User.active)
    )
    rows = (await session.exec(query)).all()
    return {row[0]: Standing(Role(row[1]), row[2], row[3]) for row in rows}
