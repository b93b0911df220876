import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from aiosmtplib import SMTPException

from consult.backends.mail import Mailer, Message
from consult.backends.mail.folder import FolderMailer
from consult.backends.mail.smtp import SmtpMailer

SENDER = "consult@burns.example"


class TestMessage:
    """EM-1."""

    @pytest.mark.parametrize(
        "to",
        [
            "",
            "jane",
            "jane@",
            "@example.org",
            "jane@example.org, eve@example.org",
            "jane@example.org\nBcc: eve@example.org",
            "jane@example.org\r\n",
            "Jane <jane@example.org>",
            "jane@exämple.org",
            "jane@example.org;eve@example.org",
            "jane@example.org eve@example.org",
            "jane@example.org\0",
            "jane@example.org\x0bBcc: eve@example.org",
            '"jane@example.org, eve"@example.org',
            "jane(eve@example.org)@example.org",
            "@relay.example:jane@example.org",
            "jane@example.org>\r\nRCPT TO:<eve@example.org",
            "jane%0aBcc:eve@example.org@example.org",
            "undisclosed: jane@example.org, eve@example.org;",
        ],
    )
    def test_goes_to_exactly_one_plain_address(self, to: str) -> None:
        with pytest.raises(ValueError, match="address"):
            make_message(to=to)

    @pytest.mark.parametrize("subject", ["News\nBcc: eve@example.org", "News\r\n\r\nbody", "\0"])
    def test_a_subject_cannot_begin_another_header(self, subject: str) -> None:
        with pytest.raises(ValueError, match="one line"):
            make_message(subject=subject)

    @pytest.mark.parametrize("message_id", ["", "1@x", "<1>", "<1@x>\nBcc: e@x.org", "<../1@x>"])
    def test_an_id_is_of_the_form_that_the_standard_has(self, message_id: str) -> None:
        with pytest.raises(ValueError, match="message id"):
            make_message(message_id=message_id)


class TestFolder:
    async def test_a_message_becomes_one_readable_file(self, tmp_path: Path) -> None:
        await FolderMailer(tmp_path, sender=SENDER).send(make_message(text="Grüße\n"))

        (file,) = emails_in(tmp_path)
        email = read_email(file.read_bytes())
        assert (email["To"], email["From"], email["Message-ID"]) == (
            "jane@example.org",
            SENDER,
            "<1@x>",
        )
        assert (email["Subject"], email.get_content()) == ("News", "Grüße\r\n")
        assert file.stat().st_mode & 0o777 == 0o600

    async def test_the_same_message_twice_is_one_file(self, tmp_path: Path) -> None:
        mailer = FolderMailer(tmp_path, sender=SENDER)
        for message in (make_message(), make_message(), make_message(message_id="<2@x>")):
            await mailer.send(message)

        assert len(emails_in(tmp_path)) == 2

    async def test_files_sort_by_the_time_of_sending(self, tmp_path: Path) -> None:
        mailer = FolderMailer(tmp_path, sender=SENDER)
        for number in (3, 1, 2):
            await mailer.send(make_message(message_id=f"<{number}@x>"))

        names = [path.name.split("-")[1] for path in emails_in(tmp_path)]
        assert names == ["3@x.eml", "1@x.eml", "2@x.eml"]


class TestSmtp:
    async def test_starttls_delivers_to_the_one_recipient(self, trusted: "Trusted") -> None:
        """EM-1."""
        async with serve(starttls=trusted.server) as server:
            await trusted.mailer("smtp", server).send(make_message())

        (envelope,) = server.inbox
        assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, ["jane@example.org"])
        email = read_email(envelope.content)
        assert (email["Message-ID"], email["Auto-Submitted"]) == ("<1@x>", "auto-generated")
        assert email.get_content() == "Something is new.\r\n"

    async def test_implicit_tls_delivers(self, trusted: "Trusted") -> None:
        async with serve(implicit=trusted.server) as server:
            await trusted.mailer("smtps", server).send(make_message())

        assert [envelope.rcpt_tos for envelope in server.inbox] == [["jane@example.org"]]

    async def test_signs_in_with_a_password_of_any_characters(self, trusted: "Trusted") -> None:
        async with serve(starttls=trusted.server, user=("us@er", "p:/ss@wörd")) as server:
            user = "us%40er:p%3A%2Fss%40w%C3%B6rd@"
            await trusted.mailer("smtp", server, user=user).send(make_message())

        assert len(server.inbox) == 1

    async def test_a_wrong_password_sends_nothing(self, trusted: "Trusted") -> None:
        async with serve(starttls=trusted.server, user=("user", "right")) as server:
            with pytest.raises(SMTPException):
                await trusted.mailer("smtp", server, user="user:wrong@").send(make_message())

        assert server.inbox == []

    @pytest.mark.parametrize("user", ["", "user:secret@"])
    async def test_nothing_is_sent_in_clear_where_starttls_is_missing(
        self, trusted: "Trusted", user: str
    ) -> None:
        """EM-1."""
        async with serve() as server:
            with pytest.raises(SMTPException):
                await trusted.mailer("smtp", server, user=user).send(make_message())

        assert [line.split()[0] for line in server.heard] == [b"EHLO"]

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    async def test_nothing_is_sent_under_a_certificate_that_nobody_vouches_for(
        self, trusted: "Trusted", scheme: str
    ) -> None:
        """EM-1."""
        stranger = tls_of(trustme.CA().issue_cert("127.0.0.1"))
        await self.refuse_certificate(trusted, scheme, stranger)

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    async def test_nothing_is_sent_under_the_certificate_of_another_host(
        self, trusted: "Trusted", scheme: str
    ) -> None:
        """EM-1."""
        other = tls_of(trusted.authority.issue_cert("mail.example.org"))
        await self.refuse_certificate(trusted, scheme, other)

    async def test_a_server_that_is_away_is_an_error(self, trusted: "Trusted") -> None:
        async with serve() as server:
            pass

        with pytest.raises(SMTPException):
            await trusted.mailer("smtp", server).send(make_message())

    async def test_does_not_tell_the_name_of_this_machine(self, trusted: "Trusted") -> None:
        async with serve(starttls=trusted.server) as server:
            await trusted.mailer("smtp", server).send(make_message())

        assert {session.host_name for session in server.sessions} == {"burns.example"}

    async def refuse_certificate(
        self, trusted: "Trusted", scheme: str, certificate: ssl.SSLContext
    ) -> None:
        starttls, implicit = (certificate, None) if scheme == "smtp" else (None, certificate)
        async with serve(starttls=starttls, implicit=implicit) as server:
            with pytest.raises((SMTPException, ssl.SSLCertVerificationError)):
                await trusted.mailer(scheme, server, user="user:secret@").send(make_message())

        assert server.inbox == []
        assert {line.split()[0] for line in server.heard} <= {b"EHLO", b"STARTTLS"}


@dataclass(frozen=True)
class Trusted:
    """A certificate authority that the mailer trusts, and a server's certificate from it."""

    authority: trustme.CA
    server: ssl.SSLContext
    ca_file: Path

    def mailer(self, scheme: str, server: "Server", *, user: str = "") -> Mailer:
        url = f"{scheme}://{user}127.0.0.1:{server.port}"
        return SmtpMailer(url, sender=SENDER, ca_file=self.ca_file)


@pytest.fixture
def trusted(tmp_path: Path) -> Trusted:
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return Trusted(authority, tls_of(authority.issue_cert("127.0.0.1")), ca_file)


@dataclass
class Server:
    """What the server was told; also aiosmtpd's handler."""

    port: int = 0
    inbox: list[Envelope] = field(default_factory=list[Envelope])
    sessions: list[Session] = field(default_factory=list[Session])
    heard: list[bytes] = field(default_factory=list[bytes])
    """Every command line, in clear or not."""

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.inbox.append(envelope)
        self.sessions.append(session)
        return "250 OK"


@asynccontextmanager
async def serve(
    *,
    starttls: ssl.SSLContext | None = None,
    implicit: ssl.SSLContext | None = None,
    user: tuple[str, str] | None = None,
) -> AsyncGenerator[Server]:
    server = Server()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(
        lambda: recorder(server)(
            server,
            loop=loop,
            hostname="127.0.0.1",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=user is not None,
            authenticator=authenticator(user),
        ),
        "127.0.0.1",
        0,
        ssl=implicit,
    )
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


def recorder(server: Server) -> type[SMTP]:
    class Recorder(SMTP):
        def data_received(self, data: bytes) -> None:
            server.heard.extend(data.splitlines())
            super().data_received(data)

    return Recorder


def authenticator(user: tuple[str, str] | None) -> Callable[..., AuthResult]:
    expected = LoginPassword(*(part.encode() for part in user)) if user else None

    def check(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        return AuthResult(success=given == expected, handled=False)

    return check


def tls_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def make_message(
    *,
    to: str = "jane@example.org",
    subject: str = "News",
    text: str = "Something is new.\n",
    message_id: str = "<1@x>",
) -> Message:
    return Message(to=to, subject=subject, text=text, message_id=message_id)


def emails_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.eml"))


def read_email(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    email = message_from_bytes(content, policy=default)
    assert isinstance(email, EmailMessage)
    return email
