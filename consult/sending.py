"""What leaves the house, attempt by attempt: mail to people, webhooks to systems.

Each attempt ends in one transaction that says how it went and plans the next one. A service that
is killed between the two repeats it under the same Message-ID or webhook-id.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import notifications
from consult.access import Action
from consult.accounts.people import acting
from consult.backends import outgoing
from consult.backends.jobs import Jobs
from consult.backends.mail import FAILURES, AddressRefused, Message
from consult.bootstrap import Backends
from consult.consults import announce, get_seat
from consult.errors import ConsultError
from consult.models import (
    Attempt,
    Consult,
    Delivery,
    Escalation,
    EscalationKind,
    Notice,
    Role,
    User,
    Via,
    Webhook,
    now,
)
from consult.notifications import SEND_DIGEST, SEND_NOTICE, SEND_PAGE, Words
from consult.webhooks import note_attempt, resume_deliveries, secret_of, signed_headers

GIVE_UP_AFTER = timedelta(days=3)
"""A mail server that is down for so long is not a mail server."""

RESUME_AFTER = timedelta(minutes=1)

_SLOWEST = 300.0
_AT_ONCE = 500


class _Attempted(Enum):
    SENT = auto()
    REFUSED = auto()
    """The address does not work."""
    FAILED = auto()
    """Another attempt may succeed."""


@dataclass(frozen=True)
class Sending:
    """One attempt at one letter."""

    notice: Notice
    """Its row, or one that will be written with the outcome."""
    task: str
    args: Mapping[str, str]
    """What the job of the next attempt takes."""


async def send_notice(
    backends: Backends,
    *,
    user_id: str,
    consult_id: str,
    notice_id: str,
    words: str = Words.NEWS,
) -> None:
    """Send one notice, unless the person has lost access since."""
    fresh = Notice(
        id=UUID(notice_id), user_id=UUID(user_id), consult_id=UUID(consult_id), words=words
    )
    async with backends.database.reads() as session:
        notice = await session.get(Notice, fresh.id) or fresh
        address = await _address(session, notice)
    args = {"user_id": user_id, "consult_id": consult_id, "words": words}
    await _send(backends, notice, address, SEND_NOTICE, args | {"notice_id": notice_id})


async def send_page(backends: Backends, *, notice_id: str) -> None:
    """Write to whoever is on duty, unless somebody was quicker."""
    async with backends.database.reads() as session:
        notice = await session.get_one(Notice, UUID(notice_id))
        settled = await _is_settled(session, notice)
        address = None if settled else await _address(session, notice)
    await _send(backends, notice, address, SEND_PAGE, {"notice_id": notice_id})


async def send_digest(backends: Backends, *, user_id: str, notice_id: str) -> None:
    fresh = Notice(id=UUID(notice_id), user_id=UUID(user_id), words=Words.DIGEST)
    async with backends.database.reads() as session:
        notice = await session.get(Notice, fresh.id) or fresh
        address = await _address(session, notice)
    await _send(
        backends, notice, address, SEND_DIGEST, {"user_id": user_id, "notice_id": notice_id}
    )


async def send_webhook(backends: Backends, *, delivery_id: str, asked_for: int = 0) -> None:
    """One attempt at one delivery. Once it has arrived, only a person repeats it."""
    async with backends.database.reads() as session:
        delivery = await session.get_one(Delivery, UUID(delivery_id))
        webhook = await session.get_one(Webhook, delivery.webhook_id)
    if webhook.ended_at or (delivery.delivered_at and not asked_for):
        return
    attempt = await _post(backends, webhook, delivery)
    async with backends.database.writes.begin() as session:
        await note_attempt(session, backends.jobs, delivery.id, attempt, asked_for=bool(asked_for))
        if delivery.consult_id and attempt.status and attempt.status < 300:
            await _delivered(session, delivery.consult_id)


async def resume(session: AsyncSession, jobs: Jobs) -> None:
    """Let go on what has neither arrived nor failed, and for which no job waits any more.

    The rows say what is left to do; a job is only what wakes us for it. A job that was cut off
    too often is given up, and what it was for must not be.
    """
    before = now() - RESUME_AFTER
    query = select(Notice).where(
        col(Notice.sent_at).is_(None),
        col(Notice.failed_at).is_(None),
        col(Notice.needless_at).is_(None),
        col(Notice.created_at) < before,
    )
    for notice in (await session.exec(query.limit(_AT_ONCE))).all():
        task, args = _again(notice)
        await jobs.enqueue(session, task, key=f"{task}:{notice.id}", delay=0.0, **args)
    await resume_deliveries(session, jobs, before=before, limit=_AT_ONCE)


def _again(notice: Notice) -> tuple[str, dict[str, str]]:
    args = {"notice_id": str(notice.id)}
    if notice.words == Words.PAGE:
        return SEND_PAGE, args
    args |= {"user_id": str(notice.user_id)}
    if notice.words == Words.DIGEST or notice.consult_id is None:
        return SEND_DIGEST, args
    return SEND_NOTICE, args | {"consult_id": str(notice.consult_id), "words": notice.words}


async def _post(backends: Backends, webhook: Webhook, delivery: Delivery) -> Attempt:
    at, body, started = now(), delivery.body.encode(), time.monotonic()
    headers = signed_headers(secret_of(backends.secret, webhook), delivery.id, at, body)
    policy = outgoing.Policy(
        private=backends.settings.webhook_private_networks,
        ca_file=backends.settings.webhook_ca_file,
    )
    attempt = Attempt(delivery_id=delivery.id, number=0, at=at)
    try:
        attempt.status = await outgoing.post(webhook.url, body, headers, policy)
    except outgoing.NotReached as failure:
        attempt.error = failure.word
    attempt.milliseconds = int((time.monotonic() - started) * 1000)
    return attempt


async def _address(session: AsyncSession, notice: Notice) -> str | None:
    """Where to write to; None when the person may not, or no longer, know of it."""
    user = await session.get(User, notice.user_id)
    if user is None or not user.active or not user.email:
        return None
    if notice.consult_id:
        actor = acting(user, via=Via.COMMAND)
        try:
            await get_seat(session, actor, notice.consult_id, Action.CONSULT_READ)
        except ConsultError:
            return None
    return user.email


async def _is_settled(session: AsyncSession, notice: Notice) -> bool:
    """Whether a page has become needless: somebody took it while the page waited."""
    row = await session.get(Escalation, notice.escalation_id)
    consult = await session.get(Consult, notice.consult_id)
    if row is None or consult is None:
        return True
    return row.kind is EscalationKind.ACKNOWLEDGE and consult.acknowledged_at is not None


async def _send(
    backends: Backends, notice: Notice, address: str | None, task: str, args: Mapping[str, str]
) -> None:
    if notice.sent_at or notice.failed_at or notice.needless_at:
        return None
    if address is None:
        return await _note_needless(backends, notice)
    message = notifications.notice(
        backends.settings,
        address,
        str(notice.id),
        Words(notice.words),
        consult_id=notice.consult_id,
    )
    # No transaction is open while we talk to a mail server.
    attempted = await _attempt(backends, message)
    return await _note(backends, Sending(notice, task, args), attempted)


async def _attempt(backends: Backends, message: Message) -> _Attempted:
    try:
        await backends.mailer.send(message)
    except AddressRefused:
        return _Attempted.REFUSED
    except FAILURES:
        return _Attempted.FAILED
    return _Attempted.SENT


async def _note_needless(backends: Backends, notice: Notice) -> None:
    async with backends.database.writes.begin() as session:
        if row := await session.get(Notice, notice.id):
            row.needless_at = now()
            session.add(row)


async def _note(backends: Backends, sending: Sending, attempted: _Attempted) -> None:
    """How an attempt went, and when the next one is."""
    async with backends.database.writes.begin() as session:
        notice = await session.merge(sending.notice)
        notice.attempt_count += 1
        if attempted is _Attempted.SENT:
            notice.sent_at = now()
            await _reached(session, notice)
        elif attempted is _Attempted.REFUSED or now() > notice.created_at + GIVE_UP_AFTER:
            notice.failed_at = now()
            await _unreachable(session, notice)
        else:
            wait = min(_SLOWEST, 2.0 ** min(notice.attempt_count, 20))
            key = f"{sending.task}:{notice.id}"  # one attempt waits, never two
            await backends.jobs.enqueue(session, sending.task, key=key, delay=wait, **sending.args)


async def _reached(session: AsyncSession, notice: Notice) -> None:
    """The asker's clock: somebody of the team was told."""
    user = await session.get_one(User, notice.user_id)
    if notice.consult_id and user.role in (Role.SPECIALIST, Role.COORDINATOR):
        await _delivered(session, notice.consult_id, to=user.id)


async def _delivered(session: AsyncSession, consult_id: UUID, *, to: UUID | None = None) -> None:
    consult = await session.get_one(Consult, consult_id)
    if consult.delivered_at is None and consult.opened_by != to:
        consult.delivered_at = now()
        announce(session, consult, "clock.moved")


async def _unreachable(session: AsyncSession, notice: Notice) -> None:
    """Whoever waits sees that this address does not work."""
    if notice.consult_id:
        announce(session, await session.get_one(Consult, notice.consult_id), "clock.moved")
