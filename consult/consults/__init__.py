"""Consults: who may see which, what happens in them, what live pages are told."""

from consult.consults.events import announce, events_after
from consult.consults.lifecycle import close_consult, join, open_consult
from consult.consults.reading import mark_read, named_in, people_of, unread_of
from consult.consults.seats import SHIFT, Cursor, Seat, get_seat, list_seats
from consult.consults.views import seq_column, topic_of

__all__ = [
    "SHIFT",
    "Cursor",
    "Seat",
    "announce",
    "close_consult",
    "events_after",
    "get_seat",
    "join",
    "list_seats",
    "mark_read",
    "named_in",
    "open_consult",
    "people_of",
    "seq_column",
    "topic_of",
    "unread_of",
]
