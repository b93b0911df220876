"""Consults: who may see which, what happens in them, what live pages are told."""

from consult.consults.closing import CloseReason, close_consult
from consult.consults.emergencies import confirm_emergency
from consult.consults.events import Happened, announce, events_after, knock
from consult.consults.facts import SHIFT, bears_on, consent_of, newest_consent, visible_to
from consult.consults.ladder import list_escalations
from consult.consults.lifecycle import carry_on, join, open_consult, set_confidential
from consult.consults.readers import Look, disclosures_to_others, readers_of
from consult.consults.reading import (
    Guest,
    Page,
    guests_of,
    mark_read,
    named_in,
    note_seen,
    pages_of,
    people_of,
    services_of,
    unreachable_of,
    unread_of,
)
from consult.consults.scene import Why
from consult.consults.seats import (
    Cursor,
    Seat,
    get_seat,
    late_seats,
    list_seats,
    record_list,
    seats_where,
)
from consult.consults.steps import (
    list_steps,
    possible_for,
    release,
    sides_of,
    take_step,
)
from consult.consults.taking import absent_or_taken, take_seat
from consult.consults.views import seq_column, topic_of, topic_of_rights

__all__ = [
    "SHIFT",
    "CloseReason",
    "Cursor",
    "Guest",
    "Happened",
    "Look",
    "Page",
    "Seat",
    "Why",
    "absent_or_taken",
    "announce",
    "bears_on",
    "carry_on",
    "close_consult",
    "confirm_emergency",
    "consent_of",
    "disclosures_to_others",
    "events_after",
    "get_seat",
    "guests_of",
    "join",
    "knock",
    "late_seats",
    "list_escalations",
    "list_seats",
    "list_steps",
    "mark_read",
    "named_in",
    "newest_consent",
    "note_seen",
    "open_consult",
    "pages_of",
    "people_of",
    "possible_for",
    "readers_of",
    "record_list",
    "release",
    "seats_where",
    "seq_column",
    "services_of",
    "set_confidential",
    "sides_of",
    "take_seat",
    "take_step",
    "topic_of",
    "topic_of_rights",
    "unreachable_of",
    "unread_of",
    "visible_to",
]
