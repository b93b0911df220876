"""Consults: who may see which, what happens in them, what live pages are told."""

from consult.consults.events import announce, events_after
from consult.consults.lifecycle import close_consult, join, open_consult
from consult.consults.readers import Look, disclosures_to_others, readers_of
from consult.consults.reading import mark_read, patients_of, people_of, unread_of
from consult.consults.seats import Cursor, Seat, get_seat, list_seats, record_list
from consult.consults.views import seq_column, topic_of

__all__ = [
    "Cursor",
    "Look",
    "Seat",
    "announce",
    "close_consult",
    "disclosures_to_others",
    "events_after",
    "get_seat",
    "join",
    "list_seats",
    "mark_read",
    "open_consult",
    "patients_of",
    "people_of",
    "readers_of",
    "record_list",
    "seq_column",
    "topic_of",
    "unread_of",
]
