"""A real mail server on loopback, with STARTTLS, that can be down and can refuse addresses."""

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.service import free_port


@dataclass
class Postbox:
    port: int
    ca_file: Path
    tls: ssl.SSLContext
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    refused: set[str] = field(default_factory=set[str])
    """Addresses that do not exist."""

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content: Any = envelope.content
        self.mails.append(message_from_bytes(content, policy=default))
        return "250 OK"

    @contextmanager
    def listening(self) -> Generator[None]:
        controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=self.tls, require_starttls=True
        )
        controller.start()
        try:
            yield
        finally:
            controller.stop()


def make_postbox(folder: Path) -> Postbox:
    authority = trustme.CA()
    ca_file = folder / "mail-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    return Postbox(free_port(), ca_file, tls)
