"""Consults as they are on the wire."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import RootModel
from sqlmodel.ext.asyncio.session import AsyncSession

from api.photos import PhotoRead
from api.shapes import PatientRead, Person, Shape, Time
from consult.access import Consent, Relation
from consult.consults import Guest, Seat, named_in, unread_of
from consult.models import Audience, ConsultKind, ConsultState, Urgency, now


class GuestRead(Shape):
    user: Person
    asked_in_by: Person
    purpose: str
    expires_at: Time


class ConsultRead(Shape):
    id: UUID
    kind: ConsultKind
    urgency: Urgency
    state: ConsultState
    reason: str
    patient: PatientRead | None
    relation: Relation
    """What you are to it."""
    opened_by: Person
    claimed_by: Person | None
    """Who said, of what a tablet opened: that was me."""
    claimed_at: Time | None
    joined: bool
    confidential: bool
    """Kept from those who act for the patient."""
    consent: Consent
    """To care, as it is now."""
    consent_overdue: bool
    """An emergency spoke for the patient, and nobody has asked them in 72 hours."""
    unread: int
    last_seq: int
    photo_count: int
    study_instance_uid: str
    created_at: Time
    updated_at: Time


class ConsultReceipt(Shape):
    """What a tablet is told of a consult that it opened: that it is here, and nothing else."""

    id: UUID
    state: Literal["received"] = "received"


class ConsultPost(RootModel[ConsultRead | ConsultReceipt]):
    """A tablet that nobody has signed in on gets the receipt."""


class ConsultDetail(ConsultRead):
    last_event: int
    """Follow the events after this number, and nothing is missed in between."""
    people: list[Person]
    guests: list[GuestRead]
    """Those of the people who were asked in for a while."""
    photos: list[PhotoRead]
    emergency_until: Time | None
    """You look under an emergency access, which ends then. It is to look only."""


class ConsultPage(Shape):
    items: list[ConsultRead]
    next: str | None


async def shape_consults(session: AsyncSession, seats: Sequence[Seat]) -> list[ConsultRead]:
    """How each consult looks from the seat that it is read from."""
    unread, named = await unread_of(session, seats), await named_in(session, seats)
    shown: list[ConsultRead] = []
    for seat in seats:
        consult, clinicians = seat.consult, seat.view is Audience.CLINICIANS
        patient = named[consult.patient_id] if consult.patient_id else None
        shown.append(
            ConsultRead(
                id=consult.id,
                kind=consult.kind,
                urgency=consult.urgency,
                state=consult.state,
                reason=consult.reason,
                patient=PatientRead.of(patient) if patient else None,
                opened_by=Person.of(named[consult.opened_by]),
                claimed_by=Person.of(named[consult.claimed_by]) if consult.claimed_by else None,
                claimed_at=consult.claimed_at,
                relation=seat.relation,
                joined=seat.relation not in (Relation.NONE, Relation.INBOX),
                confidential=consult.confidential,
                consent=seat.consent,
                consent_overdue=clinicians and seat.consent_is_overdue(now()),
                unread=unread.get(consult.id, 0),
                last_seq=seat.last_seq,
                photo_count=consult.photo_count,
                study_instance_uid=consult.study_instance_uid,
                created_at=consult.created_at,
                updated_at=seat.updated_at,
            )
        )
    return shown


def shape_guest(guest: Guest) -> GuestRead:
    return GuestRead(
        user=Person.of(guest.user),
        asked_in_by=Person.of(guest.asked_in_by),
        purpose=guest.purpose,
        expires_at=guest.expires_at,
    )
