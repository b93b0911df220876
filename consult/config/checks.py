"""What each setting must look like: every function returns its value, tidied, or raises ValueError.

A message says what the setting should be; the caller puts the setting's name before it.
"""

import ipaddress
import re
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

# HTML's "valid email address": narrower than RFC 5322, without comments, quotes and breaks.
_MAIL_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def folder_of(url: str) -> Path:
    """Return the folder of a `file:///folder` URL, or raise ValueError."""
    parsed = urlsplit(url)
    if parsed.scheme != "file" or parsed.netloc or not re.match(r"^/.", parsed.path):
        raise ValueError("is the URL of a folder: file:///absolute/path")
    return Path(unquote(parsed.path))


def absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def sqlite_url(url: str) -> str:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError("is not a database URL: sqlite:////absolute/path/consult.db") from None
    if parsed.get_backend_name() != "sqlite":
        raise ValueError("only SQLite is supported: sqlite:////absolute/path/consult.db")
    if parsed.database in (None, "", ":memory:") or parsed.query:
        raise ValueError("needs the path of a file: sqlite:////absolute/path/consult.db")
    path = absolute(Path(parsed.database or ""))
    return parsed.set(drivername="sqlite+aiosqlite", database=str(path)).render_as_string()


def folder_url(url: str) -> str:
    folder_of(url)
    return url


def mail_url(url: SecretStr) -> SecretStr:
    parsed = urlsplit(url.get_secret_value())
    match parsed.scheme:
        case "file":
            folder_of(url.get_secret_value())
        case "smtp" | "smtps":
            _check_smtp(parsed)
        case _:
            raise ValueError(
                "is one of smtp://user:password@host:587 (STARTTLS), smtps://… (TLS from the "
                "first byte), file:///folder"
            )
    return url


def _check_smtp(url: SplitResult) -> None:
    try:
        ok = url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        ok = False
    if not ok or url.path.strip("/") or url.query or url.fragment:
        raise ValueError("an SMTP URL is smtp://user:password@host:port and nothing more")
    if bool(url.username) != bool(url.password):
        raise ValueError("an SMTP URL has both a user and a password, or neither")


def origin(url: str) -> str:
    """Return scheme://host[:port], as a browser's Origin header has it (RFC 6454 6.2).

    https is required, because passkeys exist only there and on localhost.
    """
    parsed = urlsplit(url)
    try:
        host, port = parsed.hostname, parsed.port
    except ValueError:
        raise ValueError("has a port that is no number") from None
    if parsed.scheme not in ("http", "https") or not host or parsed.username is not None:
        raise ValueError("is an address such as https://consult.example.org")
    if not host.isascii():
        raise ValueError("has its host name in the form that browsers send: xn--…")
    if parsed.path not in ("", "/") or parsed.query or parsed.fragment:
        raise ValueError("is only scheme, host and port: Consult serves from the root")
    if parsed.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://, except for localhost")
    if is_ip_address(host) and not is_loopback(host):
        raise ValueError("needs a host name: passkeys do not work on an IP address")
    shown = f"[{host}]" if ":" in host else host
    own = {"http": 80, "https": 443}[parsed.scheme]
    return f"{parsed.scheme}://{shown}" + ("" if port in (None, own) else f":{port}")


def is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    if is_ip_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def mail_address(value: str) -> str:
    """Take exactly one plain address: "a@x, b@y" is two recipients, a line break a header."""
    if not _MAIL_ADDRESS.fullmatch(value) or len(value) > 254:
        raise ValueError("is one address such as consult@example.org")
    return value


def mail_addresses(value: str) -> str:
    """Take plain addresses with commas between them, or none at all."""
    for address in filter(None, value.split(",")):
        mail_address(address.strip())
    return value


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
