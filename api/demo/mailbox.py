"""The mail that the demo's service sent, as .eml files."""

import email
import email.policy
import re
import time
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar

from api.demo.running import Home
from api.demo.telling import say

_SECONDS = 30.0

Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found | None], home: Home) -> Found:
    """Look until there is something to see. Raises SystemExit after half a minute."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise SystemExit(f"{what} did not come within {_SECONDS:.0f} seconds. See {home.log}")


def mails_to(
    address: str, home: Home, *, about: str = "", since: datetime | None = None
) -> list[Path]:
    """Those with `about` in the subject, of `since` and later, oldest first."""
    found = (path for path in sorted(home.mail.glob("*.eml")) if address in read(path)["To"])
    return [
        path
        for path in found
        if about in read(path)["Subject"] and (since is None or sent_at(path) >= since)
    ]


def mail_to(address: str, home: Home, *, about: str = "", since: datetime | None = None) -> Path:
    """Wait for the first mail of these."""
    mails = wait_for(
        f"The e-mail to {address}",
        lambda: mails_to(address, home, about=about, since=since),
        home,
    )
    return mails[0]


def sent_at(path: Path) -> datetime:
    """To the second, as a Date header is."""
    return parsedate_to_datetime(read(path)["Date"])


def show(path: Path) -> None:
    mail = read(path)
    for header in ("From", "To", "Date", "Subject"):
        say(f"  {header}: {mail[header]}")
    for line in text_of(path).splitlines():
        say(f"  {line}")


def link_in(path: Path) -> str:
    """The link of a mail that has one to send something by."""
    found = re.search(r"https?://\S+#t=\S+", text_of(path))
    assert found, path
    return found[0]


def text_of(path: Path) -> str:
    body = read(path).get_body()
    return str(body.get_content()) if body else ""


def read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
