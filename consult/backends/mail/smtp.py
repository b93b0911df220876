"""Notices through a mail server, over checked TLS or not at all."""

import ssl
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib

from consult.backends.mail import AddressRefused, Message, as_email

_TIMEOUT = 30.0
"""Seconds for each step of the conversation."""


class SmtpMailer:
    def __init__(self, url: str, *, sender: str, ca_file: Path | None = None) -> None:
        """`smtp://` requires STARTTLS, `smtps://` is TLS from the first byte."""
        self._url = urlsplit(url)
        self._sender = sender
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)

    async def send(self, message: Message) -> None:
        """Raises AddressRefused, or one of FAILURES when it was not accepted."""
        try:
            await self._send(message)
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            if all(500 <= one.code < 600 for one in refusal.recipients):
                raise AddressRefused from refusal
            raise

    async def _send(self, message: Message) -> None:
        implicit = self._url.scheme == "smtps"
        await aiosmtplib.send(
            as_email(message, sender=self._sender),
            sender=self._sender,
            recipients=[message.to],
            hostname=self._url.hostname,
            port=self._url.port or (465 if implicit else 587),
            username=unquote(self._url.username) if self._url.username else None,
            password=unquote(self._url.password) if self._url.password else None,
            # Not the default: that one goes on in clear where the server offers no STARTTLS.
            use_tls=implicit,
            start_tls=not implicit,
            tls_context=self._tls,
            # Not the default: that one tells the name of this machine.
            local_hostname=self._sender.rpartition("@")[2],
            timeout=_TIMEOUT,
        )
