"""What is sent to open and close consults, and what is shown of them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel, StringConstraints
from sqlmodel.ext.asyncio.session import AsyncSession

from api.bodies import Body, Query
from api.clock import ClockRead, EmergencyRead, OwnerRead, PageRead, ServiceBrief
from api.photos import ComingPhoto, PhotoRead
from api.shapes import PatientRead, Person, Shape, Time
from consult.access import Consent, Relation
from consult.clinical.red_flags import RedFlag
from consult.clinical.workflow import states
from consult.clinical.workflow.service_levels import Priority
from consult.clinical.workflow.states import State
from consult.config import Settings
from consult.consults import (
    CloseReason,
    Guest,
    Seat,
    named_in,
    possible_for,
    services_of,
    unread_of,
)
from consult.models import (
    PRIORITY,
    Audience,
    ConsentMethod,
    ConsultKind,
    Role,
    Service,
    Urgency,
    User,
    now,
)


class ConsultOpen(Body):
    """`id` is made by the phone, so that sending this again opens nothing twice."""

    id: UUID | None = None
    kind: ConsultKind
    urgency: Urgency | None = None
    reason: Annotated[str, StringConstraints(max_length=4000)] = ""
    patient_id: UUID | None = None
    consent: Literal[ConsentMethod.VERBAL, ConsentMethod.SIGNATURE] | None = None
    """How the patient agreed to care, as a clinician says; without it an emergency speaks."""
    service_id: UUID | None = None
    """Whose team it is for; left out, the service that every installation has."""
    red_flags: Annotated[tuple[RedFlag, ...], Field(max_length=20)] = ()
    """The patient's own answers that were yes. Any of them stops the consult: call first."""


Reason = Annotated[str, StringConstraints(max_length=2000)]


class ClosePost(Body):
    """Nothing at all: the question is answered, and the answer was read."""

    code: CloseReason = CloseReason.COMPLETE
    reason: Reason = ""


class ConfidentialPut(Body):
    confidential: bool


class ReadMarkPut(Body):
    seq: int


class ConsultQuery(Query):
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 30
    late: bool = False
    """Only what is overdue, longest first: a single page, whatever the cursor says."""


class GuestRead(Shape):
    user: Person
    asked_in_by: Person
    purpose: str
    expires_at: Time


class ConsultRead(Shape):
    id: UUID
    kind: ConsultKind
    urgency: Urgency
    state: State
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
    priority: Priority
    service: ServiceBrief
    owner: OwnerRead | None
    """Who has to move next; null only at an end."""
    due_at: Time | None
    """By when they have to."""
    overdue: bool
    possible: list[states.Step]
    """The steps that you can take now."""
    clock: ClockRead
    emergency: EmergencyRead | None
    """Not null: this is no longer a consult. Call the number."""
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
    coming: list[ComingPhoto]
    """Of these only a small picture is here."""
    emergency_until: Time | None
    """You look under an emergency access, which ends then. It is to look only."""
    pages: list[PageRead]
    """The ladder: who was paged when, and who will be."""
    unreachable: list[Person]
    """Their mail address does not work."""
    outcome_at: Time | None
    """When somebody told clinicians what became of the patient."""


class ConsultPage(Shape):
    items: list[ConsultRead]
    next: str | None


async def shown_to(
    session: AsyncSession, seat: Seat, settings: Settings
) -> ConsultRead | ConsultReceipt:
    if seat.actor.role is Role.DEVICE:
        return ConsultReceipt(id=seat.consult.id)
    (shown,) = await shape_consults(session, [seat], settings)
    return shown


async def shape_consults(
    session: AsyncSession, seats: Sequence[Seat], settings: Settings
) -> list[ConsultRead]:
    unread, named = await unread_of(session, seats), await named_in(session, seats)
    services = await services_of(session, seats)
    return [
        _shape(
            seat, unread.get(seat.consult.id, 0), named, services[seat.consult.service_id], settings
        )
        for seat in seats
    ]


def _shape(
    seat: Seat, unread: int, named: Mapping[UUID, User], service: Service, settings: Settings
) -> ConsultRead:
    consult, clinicians = seat.consult, seat.view is Audience.CLINICIANS
    patient = named[consult.patient_id] if consult.patient_id else None
    return ConsultRead(
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
        priority=PRIORITY[consult.urgency],
        service=ServiceBrief.of(service, settings),
        owner=OwnerRead.of(seat, named),
        due_at=consult.due_at,
        overdue=consult.due_at is not None and consult.due_at < now(),
        possible=possible_for(seat),
        clock=ClockRead.of(consult, named),
        emergency=EmergencyRead.of(consult, service, settings),
        unread=unread,
        last_seq=seat.last_seq,
        photo_count=consult.photo_count,
        study_instance_uid=consult.study_instance_uid,
        created_at=consult.created_at,
        updated_at=seat.updated_at,
    )


def shape_guest(guest: Guest) -> GuestRead:
    return GuestRead(
        user=Person.of(guest.user),
        asked_in_by=Person.of(guest.asked_in_by),
        purpose=guest.purpose,
        expires_at=guest.expires_at,
    )
