"""What a consult shows of its loop: whose it is, by when, who was paged, where to ring."""

from collections.abc import Mapping
from uuid import UUID

from api.shapes import Person, Shape, Time
from consult.clinical.workflow.service_levels import Rung
from consult.clinical.workflow.states import OWNER, Owner, State
from consult.config import Settings
from consult.consults import Page, Seat
from consult.models import (
    Audience,
    Consult,
    EscalationKind,
    EscalationOutcome,
    Service,
    User,
)

_CALL = "This may be an emergency. Call {number} now. Nobody is looking at your message."


class ServiceBrief(Shape):
    id: UUID
    name: str
    telephone: str
    """What to ring when it takes too long."""

    @classmethod
    def of(cls, service: Service, settings: Settings) -> "ServiceBrief":
        return cls(id=service.id, name=service.name, telephone=telephone_of(service, settings))


class OwnerRead(Shape):
    side: Owner
    person: Person | None
    """None: nobody of that side by name, or none that you are told of."""

    @classmethod
    def of(cls, seat: Seat, named: Mapping[UUID, User]) -> "OwnerRead | None":
        side = OWNER.get(seat.consult.state)
        if side is None:
            return None
        # A patient is not told who of the team is on duty, only who has taken it.
        hidden = side is Owner.SERVICE and seat.view is Audience.EVERYONE
        owner_id = None if hidden else seat.consult.owner_id
        return cls(side=side, person=Person.of(named[owner_id]) if owner_id else None)


class ClockRead(Shape):
    """The reply clock. A time that has not come is null."""

    sent_at: Time
    delivered_at: Time | None
    seen_at: Time | None
    acknowledged_at: Time | None
    acknowledged_by: Person | None
    answered_at: Time | None
    acknowledge_by: Time | None
    reply_by: Time | None
    stopped_since: Time | None
    """It stands still: the side that asked has to send something first."""

    @classmethod
    def of(cls, consult: Consult, named: Mapping[UUID, User]) -> "ClockRead":
        holder = consult.assigned_to if consult.acknowledged_at else None
        return cls(
            sent_at=consult.created_at,
            delivered_at=consult.delivered_at,
            seen_at=consult.seen_at,
            acknowledged_at=consult.acknowledged_at,
            acknowledged_by=Person.of(named[holder]) if holder else None,
            answered_at=consult.answered_at,
            acknowledge_by=consult.acknowledge_by,
            reply_by=consult.reply_by,
            stopped_since=consult.waiting_since,
        )


class PageRead(Shape):
    kind: EscalationKind
    rung: Rung
    due_at: Time | None
    """None while the clock stands still."""
    at: Time | None
    """When it happened; None: it has not."""
    outcome: EscalationOutcome | None
    person: Person | None
    mail_failed: bool

    @classmethod
    def of(cls, page: Page, seat: Seat) -> "PageRead":
        row, told = page.escalation, seat.view is Audience.CLINICIANS
        return cls(
            kind=row.kind,
            rung=row.rung,
            due_at=row.due_at,
            at=row.settled_at,
            outcome=row.outcome,
            person=Person.of(page.person) if page.person and told else None,
            mail_failed=page.mail_failed,
        )


class EmergencyRead(Shape):
    number: str
    text: str
    read_at: Time | None
    """When the patient confirmed that they read this."""

    @classmethod
    def of(cls, consult: Consult, service: Service, settings: Settings) -> "EmergencyRead | None":
        if consult.state is not State.REDIRECTED_EMERGENCY:
            return None
        number = settings.emergency_number
        text = service.texts.get("emergency", _CALL).replace("{number}", number)
        return cls(number=number, text=text, read_at=consult.emergency_seen_at)


def telephone_of(service: Service, settings: Settings) -> str:
    return service.telephone or settings.emergency_number
