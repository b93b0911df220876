"""What a setting is when nobody says: often beside, or made of, another one.

A default sees the fields above its own; one that was refused is missing, as will the whole be.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import URL

from consult.config import checks


def _below(data: dict[str, Any], name: str) -> Path:
    return Path(data.get("data_dir", "/")) / name


def database(data: dict[str, Any]) -> str:
    path = str(_below(data, "consult.db"))
    return URL.create("sqlite+aiosqlite", database=path).render_as_string()


def storage(data: dict[str, Any]) -> str:
    return _below(data, "objects").as_uri()


def secret(data: dict[str, Any]) -> Path:
    return _below(data, "secret.key")


def anchor(data: dict[str, Any]) -> Path:
    folder = Path(data.get("data_dir", "/data"))
    return folder.with_name(f"{folder.name}-anchors") / "audit.log"


def key_file(data: dict[str, Any]) -> Path:
    folder = Path(data.get("data_dir", "/"))
    return folder.parent / f"{folder.name}-keys" / "kek.json"


def mail(data: dict[str, Any]) -> SecretStr:
    return SecretStr(_below(data, "mail").as_uri())


def public_url(data: dict[str, Any]) -> str:
    return f"http://localhost:{data.get('port', 8000)}"


def sender(data: dict[str, Any]) -> str:
    return f"consult@{rp_id(data)}"


def rp_id(data: dict[str, Any]) -> str:
    # A loopback address serves bearer tokens; a passkey can be bound to the name only.
    host = urlsplit(str(data.get("public_url", ""))).hostname or "localhost"
    return "localhost" if checks.is_ip_address(host) else host
