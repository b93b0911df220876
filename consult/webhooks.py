"""Signed webhooks: the pager, the messenger, the hospital's own system hears of each page.

Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The body names ids
and times, and nothing about anybody's health. Delivery is at least once, under the same id.
"""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.backends.jobs import Jobs
from consult.backends.outgoing import require_url
from consult.errors import Conflict, InvalidFields, NotFound
from consult.models import Actor, Attempt, Delivery, Service, Webhook, now

SEND_WEBHOOK = "send_webhook"
GIVE_UP_AFTER = timedelta(days=3)

_SLOWEST = 3600.0


async def add_webhook(
    session: AsyncSession, service: Service, url: str, *, private: bool, actor: Actor | None = None
) -> Webhook:
    """Raises InvalidFields for an address that is not taken. No `actor`: the command line did it."""
    try:
        require_url(url, private=private)
    except ValueError as error:
        raise InvalidFields({"url": str(error)}) from None
    added_by = actor.user_id if actor else None
    webhook = Webhook(service_id=service.id, url=url, added_by=added_by)
    session.add(webhook)
    await session.flush()
    await audit.record(session, actor, "webhook.added", webhook.id)
    return webhook


async def end_webhook(
    session: AsyncSession, webhook: Webhook, *, actor: Actor | None = None
) -> None:
    webhook.ended_at = webhook.ended_at or now()
    session.add(webhook)
    await audit.record(session, actor, "webhook.ended", webhook.id)


async def renew_secret(session: AsyncSession, webhook: Webhook, *, actor: Actor) -> None:
    """Whatever the old secret signed is refused from now on."""
    webhook.generation += 1
    session.add(webhook)
    await audit.record(session, actor, "webhook.secret_renewed", webhook.id)


async def get_webhook(session: AsyncSession, webhook_id: UUID) -> Webhook:
    """Raises NotFound."""
    webhook = await session.get(Webhook, webhook_id)
    if webhook is None or webhook.ended_at:
        raise NotFound
    return webhook


async def list_webhooks(session: AsyncSession, service: Service) -> list[Webhook]:
    query = select(Webhook).where(Webhook.service_id == service.id, col(Webhook.ended_at).is_(None))
    return list((await session.exec(query.order_by(col(Webhook.added_at)))).all())


async def publish(
    session: AsyncSession,
    jobs: Jobs,
    service_id: UUID,
    kind: str,
    *,
    consult_id: UUID,
    about: dict[str, str],
    at: datetime,
) -> None:
    """Send `kind` to every webhook of the service, from this transaction on."""
    query = select(Webhook).where(Webhook.service_id == service_id, col(Webhook.ended_at).is_(None))
    for webhook in (await session.exec(query)).all():
        named = {"consult_id": str(consult_id)} | about
        body = {"type": kind, "timestamp": at.isoformat(), "data": named}
        delivery = Delivery(
            id=uuid4(), webhook_id=webhook.id, consult_id=consult_id, body=json.dumps(body)
        )
        session.add(delivery)
        await session.flush()
        await jobs.enqueue(session, SEND_WEBHOOK, key=_key(delivery), delivery_id=str(delivery.id))


async def note_attempt(
    session: AsyncSession, jobs: Jobs, delivery_id: UUID, attempt: Attempt, *, asked_for: bool
) -> None:
    """Put an attempt into the log; after a failure, plan the next one.

    One that a person `asked_for` plans nothing more.
    """
    delivery = await session.get_one(Delivery, delivery_id)
    delivery.attempt_count += 1
    attempt.delivery_id, attempt.number = delivery.id, delivery.attempt_count
    delivery.next_at = None
    if attempt.status is not None and 200 <= attempt.status < 300:
        delivery.delivered_at = delivery.delivered_at or attempt.at
    elif attempt.at > delivery.created_at + GIVE_UP_AFTER:
        delivery.given_up_at = attempt.at
    elif not asked_for:
        wait = min(_SLOWEST, 2.0 ** min(delivery.attempt_count, 20))
        delivery.next_at = attempt.at + timedelta(seconds=wait)
        await jobs.enqueue(
            session,
            SEND_WEBHOOK,
            key=_key(delivery),
            delay=wait,
            delivery_id=str(delivery.id),
        )
    session.add_all([delivery, attempt])


async def resume_deliveries(
    session: AsyncSession, jobs: Jobs, *, before: datetime, limit: int
) -> None:
    """Make sure that something wakes us for every delivery that has not arrived."""
    query = select(Delivery).join(Webhook, col(Webhook.id) == Delivery.webhook_id)
    query = query.where(
        col(Webhook.ended_at).is_(None),
        col(Delivery.delivered_at).is_(None),
        col(Delivery.given_up_at).is_(None),
        col(Delivery.created_at) < before,
        or_(col(Delivery.next_at).is_(None), col(Delivery.next_at) < before),
    )
    for row in (await session.exec(query.limit(limit))).all():
        await jobs.enqueue(session, SEND_WEBHOOK, key=_key(row), delivery_id=str(row.id))


async def redeliver(
    session: AsyncSession, jobs: Jobs, delivery_id: UUID, *, actor: Actor
) -> Delivery:
    """Send it once more, under the same id. Raises NotFound, or Conflict when the webhook ended."""
    delivery = await session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound
    webhook = await session.get_one(Webhook, delivery.webhook_id)
    if webhook.ended_at:
        raise Conflict("This webhook has ended.", code="webhook_ended")
    await jobs.enqueue(session, SEND_WEBHOOK, delivery_id=str(delivery.id), asked_for=1)
    await audit.record(session, actor, "delivery.repeated", delivery.id)
    return delivery


async def list_deliveries(
    session: AsyncSession, webhook: Webhook, *, limit: int
) -> list[tuple[Delivery, list[Attempt]]]:
    """The newest first, each with its attempts."""
    query = (
        select(Delivery)
        .where(Delivery.webhook_id == webhook.id)
        .order_by(col(Delivery.created_at).desc())
        .limit(limit)
    )
    rows = list((await session.exec(query)).all())
    tried = select(Attempt).where(col(Attempt.delivery_id).in_([row.id for row in rows]))
    attempts = (await session.exec(tried.order_by(col(Attempt.number)))).all()
    return [(row, [one for one in attempts if one.delivery_id == row.id]) for row in rows]


def _key(delivery: Delivery) -> str:
    """One attempt waits, never two."""
    return f"{SEND_WEBHOOK}:{delivery.id}"


def secret_of(key: bytes, webhook: Webhook) -> str:
    """The secret as its owner is shown it, once: it is derived, never kept."""
    about = f"consult webhook {webhook.id} {webhook.generation}"
    return "whsec_" + base64.b64encode(hmac.digest(key, about.encode(), hashlib.sha256)).decode()


def signed_headers(secret: str, message_id: UUID, at: datetime, body: bytes) -> dict[str, str]:
    """Standard Webhooks, "Signature scheme": HMAC-SHA256 over id, time and body."""
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
