"""The two views of a consult: everyone's and the clinicians'.

Each has its own columns for the number of a message, the number of an event and the time of
the last change, so that nothing in the first moves when something happens in the second.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped
from sqlmodel import col

from consult.models import Actor, Audience, Consult, Event, Message


def view_of(actor: Actor) -> Audience:
    return Audience.CLINICIANS if actor.is_clinician else Audience.EVERYONE


def topic_of(consult_id: UUID, view: Audience) -> str:
    return f"{consult_id}/{view.value}"


def topic_of_rights(consult_id: UUID) -> str:
    """Rung when somebody may have lost the right to look."""
    return f"{consult_id}/rights"


def seq_column(view: Audience) -> Mapped[int | None]:
    return col(Message.seq_clinicians if view is Audience.CLINICIANS else Message.seq)


def event_column(view: Audience) -> Mapped[int | None]:
    return col(Event.number_clinicians if view is Audience.CLINICIANS else Event.number)


def updated_column(view: Audience) -> Mapped[datetime]:
    return col(Consult.updated_at_clinicians if view is Audience.CLINICIANS else Consult.updated_at)
