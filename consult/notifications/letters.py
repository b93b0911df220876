"""The fixed texts that somebody is sent: none carries health information."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from consult.audit import Anchor
from consult.backends.mail import Message
from consult.config import Settings


class Words(StrEnum):
    """Which of the fixed texts somebody is sent."""

    NEWS = "news"
    GLASS_BROKEN = "glass_broken"
    """To the patient, and to who acts for them."""
    GLASS_TO_REVIEW = "glass_to_review"
    GLASS_OVERDUE = "glass_overdue"
    PROXY_ENDED = "proxy_ended"
    PAGE = "page"
    """To whoever is on duty: somebody waits."""
    DIGEST = "digest"
    HANDOVER = "handover"
    HANDOVER_OVERDUE = "handover_overdue"
    ROSTER_GAP = "roster_gap"


class _Letter(NamedTuple):
    subject: str
    text: str
    path: str


_LETTERS = {
    Words.NEWS: _Letter(
        "You have a new message",
        "There is something new for you in Consult.\n\nSign in to read it:",
        "/consults/{consult_id}",
    ),
    Words.GLASS_BROKEN: _Letter(
        "Somebody opened your consult in an emergency",
        "Somebody who is not in your consult opened it, and said that it was an emergency.\n"
        "It was written down, and it will be reviewed.\n\nSign in to read more:",
        "/consults/{consult_id}",
    ),
    Words.GLASS_TO_REVIEW: _Letter(
        "An emergency access has to be reviewed",
        "Somebody opened a consult that is not theirs, and said that it was an emergency.\n"
        "Review it within 72 hours.\n\nSign in to do so:",
        "/emergencies",
    ),
    Words.GLASS_OVERDUE: _Letter(
        "Overdue: an emergency access has not been reviewed",
        "Somebody opened a consult that is not theirs more than 72 hours ago, and nobody has\n"
        "reviewed it.\n\nSign in to do it now:",
        "/emergencies",
    ),
    Words.PROXY_ENDED: _Letter(
        "A patient ended what somebody may do for them",
        "A patient ended what somebody else may do for them.\n"
        "Ask whether they need help with that.\n\nSign in:",
        "/",
    ),
    Words.PAGE: _Letter(
        "You are on duty: somebody waits for an answer",
        "Somebody waits for an answer in Consult, and you are on duty.\n\nSign in and take it:",
        "/consults/{consult_id}",
    ),
    Words.DIGEST: _Letter(
        "What is new today",
        "There is something new for you in Consult.\n\nSign in to read it:",
        "/",
    ),
    Words.HANDOVER: _Letter(
        "A colleague hands their duty over to you",
        "A colleague wants to hand over to you what they have. Nothing is yours before you\n"
        "accept it.\n\nSign in to do so:",
        "/",
    ),
    Words.HANDOVER_OVERDUE: _Letter(
        "A hand-over was not accepted",
        "Nobody has accepted a hand-over. Everything stays with whoever wants to leave.\n\n"
        "Sign in:",
        "/",
    ),
    Words.ROSTER_GAP: _Letter(
        "The roster has a gap",
        "At some time in the next days nobody is on duty.\n\nSign in to see when:",
        "/",
    ),
}
_FOOT = "\n{link}\n\nThis mailbox is not read. In an emergency call {emergency_number}.\n"

_ANCHOR_SUBJECT = "Anchor of the audit trail"
_ANCHOR_TEXT = """\
Please keep this message. It says how far the audit trail of Consult went, and proves
later that nothing was cut off before. Time, row and mac:

{line}
To compare, put the line into a file and run:
consult audit verify --anchor FILE
"""


def notice(
    settings: Settings,
    to: str,
    notice_id: str,
    words: Words = Words.NEWS,
    *,
    consult_id: UUID | None = None,
) -> Message:
    """The e-mail itself: for every event of a kind the same words to everybody."""
    letter = _LETTERS[words]
    link = settings.origin + letter.path.format(consult_id=consult_id)
    foot = _FOOT.format(link=link, emergency_number=settings.emergency_number)
    return Message(
        to=to,
        subject=letter.subject,
        text=letter.text + foot,
        message_id=f"<{notice_id}@{settings.rp_id}>",
    )


def anchor_notice(settings: Settings, to: str, anchor: Anchor) -> Message:
    """The anchor of the audit trail, for somebody whose mailbox the service cannot reach into."""
    return Message(
        to=to,
        subject=_ANCHOR_SUBJECT,
        text=_ANCHOR_TEXT.format(line=anchor.line),
        message_id=f"<anchor-{anchor.seq}-{anchor.mac[:16]}@{settings.rp_id}>",
    )
