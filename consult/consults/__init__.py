"""Consults: who may see which, what happens in them, what live pages are told."""

from consult.consults.events import announce, events_after, knock
from consult.consults.facts import SHIFT, bears_on, consent_of, newest_consent, visible_to
from consult.consults.lifecycle import close_consult, join, open_consult, set_confidential
from consult.consults.readers import Look, disclosures_to_others, readers_of
from consult.consults.reading import Guest, guests_of, mark_read, named_in, people_of, unread_of
from consult.consults.seats import Cursor, Seat, get_seat, list_seats, record_list
from consult.consults.views import seq_column, topic_of

__all__ = [
    "SHIFT",
    "Cursor",
    "Guest",
    "Look",
    "Seat",
    "announce",
    "bears_on",
    "close_consult",
    "consent_of",
    "disclosures_to_others",
    "events_after",
    "get_seat",
    "guests_of",
    "join",
    "knock",
    "list_seats",
    "mark_read",
    "named_in",
    "newest_consent",
    "open_consult",
    "people_of",
    "readers_of",
    "record_list",
    "seq_column",
    "set_confidential",
    "topic_of",
    "unread_of",
    "visible_to",
]
