"""How a notice leaves: one message to one person, with a stable id so that twice is once."""

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Protocol

from aiosmtplib import SMTPException

from consult.clock import now
from consult.config.checks import mail_address

_ID = re.compile(r"<[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,120}>")


@dataclass(frozen=True)
class Message:
    """Raises ValueError for anything but one plain address, one line of subject, one id."""

    to: str
    subject: str
    text: str
    message_id: str
    """Such as `<0b8f…@consult.example.org>`: the same for every attempt at the same notice."""

    def __post_init__(self) -> None:
        mail_address(self.to)
        if not self.subject.isprintable():
            raise ValueError("A subject is one line.")
        if not _ID.fullmatch(self.message_id):
            raise ValueError("A message id looks like <name@host>.")


class AddressRefused(Exception):
    """The mail server says that this address does not work, and never will (RFC 5321, 5yz)."""


FAILURES = (SMTPException, OSError, TimeoutError)
"""What a mail server that is down, or busy, or strange looks like: try again later."""


class Mailer(Protocol):
    async def send(self, message: Message) -> None:
        """Hand the message over; when this returns, another took responsibility for it.

        Raises AddressRefused, or one of FAILURES.
        """
        ...


def as_email(message: Message, *, sender: str) -> EmailMessage:
    """Write RFC 5322 headers around the text; `Auto-Submitted` (RFC 3834) keeps robots quiet."""
    email = EmailMessage(policy=SMTP)
    email["From"] = sender
    email["To"] = message.to
    email["Subject"] = message.subject
    email["Date"] = format_datetime(localtime(now()))
    email["Message-ID"] = message.message_id
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text)
    return email
