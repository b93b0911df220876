"""Settings, read once from `CONSULT_*`, frozen.

A secret may also come from a file: `CONSULT_MAIL_URL_FILE=/run/secrets/mail` is read in the
place of `CONSULT_MAIL_URL`.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import make_url

from consult.config import checks, defaults
from consult.config.edge import Edge
from consult.imaging import formats

_PREFIX = "CONSULT_"
_FOLLOWS = "default_factory_not_called"  # pydantic's word for: another field was refused already


class InvalidSettings(Exception):
    """The settings make no sense; the message has one line per mistake and no values."""


def read_settings(**overrides: Any) -> "Settings":
    """Read the environment; `overrides` win over it.

    Raises InvalidSettings, whose message a person can act on and which repeats no secret.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        lines = (_line(problem) for problem in problems if problem["type"] != _FOLLOWS)
        raise InvalidSettings("\n".join(lines)) from None


def _line(problem: ErrorDetails) -> str:
    field = f"{_PREFIX}{problem['loc'][0]}: ".upper() if problem["loc"] else ""
    return field + problem["msg"].removeprefix("Value error, ")


Line = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f\\ ]+( [^\x00-\x1f\x7f\\ ]+)*$"),
]


class Settings(Edge, BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, frozen=True, hide_input_in_errors=True, env_ignore_empty=True
    )

    data_dir: Annotated[Path, AfterValidator(checks.absolute)] = Field(
        default=Path("data"),
        validate_default=True,
        description="Folder of everything Consult keeps; made with mode 0700 at the first start.",
    )
    database_url: Annotated[str, AfterValidator(checks.sqlite_url)] = Field(
        default_factory=defaults.database,
        description="SQLite file; by default consult.db in the data folder.",
    )
    storage_url: Annotated[str, AfterValidator(checks.folder_url)] = Field(
        default_factory=defaults.storage,
        description="Where photos are kept: file:///folder; by default objects in the data folder.",
    )
    secret_file: Annotated[Path, AfterValidator(checks.absolute)] = Field(
        default_factory=defaults.secret,
        description="32 random bytes that the audit trail is keyed with; made with mode 0600 at "
        "the first start. By default secret.key in the data folder. Back it up.",
    )
    audit_anchor: Annotated[Path, AfterValidator(checks.absolute)] = Field(
        default_factory=defaults.anchor,
        description="File that remembers how far the audit trail went, so that a cut tail is "
        "noticed; by default audit.log in a folder beside the data folder. Keep it on another disk.",
    )
    audit_anchor_rows: int = Field(
        default=1000, ge=1, description="An anchor is written after this many rows at the latest."
    )
    audit_anchor_minutes: int = Field(
        default=15, ge=1, description="And after this many minutes, when there are new rows."
    )
    key_file: Annotated[Path, AfterValidator(checks.absolute)] = Field(
        default_factory=defaults.key_file,
        description="The key that everything kept of people is sealed with, outside the data "
        "folder; made with mode 0600 at the first start. By default kek.json in a folder beside "
        "the data folder, named like it with -keys. Back it up, apart from the data: without it "
        "nothing can be read.",
    )
    key_backup_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="For how many days backups of keys.db are kept: so long after a shredding a "
        "backup may still hold the key.",
    )
    mail_url: Annotated[SecretStr, AfterValidator(checks.mail_url)] = Field(
        default_factory=defaults.mail,
        description="smtp://user:password@host:587 (STARTTLS required), smtps://user:password@host"
        " (TLS), or file:///folder for .eml files; by default mail in the data folder.",
    )
    mail_ca_file: Annotated[Path, AfterValidator(checks.absolute)] | None = Field(
        default=None, description="A further certificate authority (PEM) for the mail server."
    )
    webhook_private_networks: bool = Field(
        default=False,
        description="Webhooks may go to addresses that are not on the open Internet, this machine "
        "and the hospital's own network among them.",
    )
    webhook_ca_file: Annotated[Path, AfterValidator(checks.absolute)] | None = Field(
        default=None, description="A further certificate authority (PEM) for webhooks."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: Annotated[str, AfterValidator(checks.origin)] = Field(
        default_factory=defaults.public_url,
        description="The address that people open: https://host. By default localhost.",
    )
    mail_from: Annotated[str, AfterValidator(checks.mail_address)] = Field(
        default_factory=defaults.sender,
        description="The sender's address of every notice; by default consult@ the public host.",
    )
    rp_id: str = Field(
        default_factory=defaults.rp_id,
        min_length=1,
        description="Host name that passkeys are bound to, by default the public URL's. "
        "Never change it: every passkey would be lost.",
    )
    rp_name: Line = Field(default="Consult", description="Name shown when a passkey is made.")
    organisation: Line = Field(default="Consult", description="Who runs this service.")
    emergency_number: str = Field(
        default="911",
        pattern=r"^[0-9+*#][0-9+*# -]{1,19}$",
        description="The number that people are told to call in an emergency.",
    )
    privacy_officer: Annotated[str, AfterValidator(checks.mail_addresses)] = Field(
        default="",
        description="Who is told at once when somebody opens a consult in an emergency, and gets "
        "one anchor of the audit trail a day: mail addresses with commas between them.",
    )
    majority_age: int = Field(
        default=18,
        ge=14,
        le=25,
        description="The birthday at which parents and guardians stop acting for a child.",
    )
    recovery_hold_hours: int = Field(
        default=24,
        ge=0,
        le=168,
        description="How long the new passkey of staff waits when a coordinator vouched for them.",
    )
    max_upload_bytes: int = Field(
        default=formats.MAX_BYTES,
        ge=1024,
        le=256 * 1024 * 1024,
        description="The largest photo taken, in bytes.",
    )
    max_pixels: int = Field(
        default=formats.MAX_PIXELS,
        ge=1,
        le=150_000_000,
        description="The largest photo taken, in pixels.",
    )
    image_threads: int = Field(
        default=2, ge=1, le=64, description="How many photos are worked on at the same time."
    )
    decode_workers: int = Field(
        default=2,
        ge=0,
        le=64,
        description="Photos that may be decoded at the same time, each in a process kept ready; one "
        "more proves photos whole. 0 starts them when first needed.",
    )
    sop_class: Annotated[
        Literal["secondary-capture", "vl-photographic"], BeforeValidator(checks.lower)
    ] = Field(
        default="secondary-capture",
        description="What new photos are in DICOM: secondary-capture, or vl-photographic for "
        "archives that want it; photos that are there stay what they are.",
    )
    demo_clock: Annotated[Path, AfterValidator(checks.absolute)] | None = Field(
        default=None,
        description="Only for `consult demo`: a file that says how much faster than the true time "
        "its clock runs. Refused unless the service and its address are on localhost and its mail "
        "goes into a folder.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(checks.lower)
    ] = Field(default="info", description="The least severe thing that is logged.")

    @model_validator(mode="after")
    def _check_rp_id(self) -> Self:
        host = urlsplit(self.public_url).hostname or ""
        if (
            not checks.is_ip_address(host)
            and host != self.rp_id
            and not host.endswith(f".{self.rp_id}")
        ):
            raise ValueError("CONSULT_RP_ID: is the public URL's host name, or a parent of it")
        return self

    @model_validator(mode="after")
    def _check_demo_clock(self) -> Self:
        """Escalations and ends of links by a false clock must never meet a patient."""
        hosts = (self.host, urlsplit(self.public_url).hostname or "")
        mails = not self.mail_url.get_secret_value().startswith("file:")
        if self.demo_clock and (mails or not all(checks.is_loopback(host) for host in hosts)):
            raise ValueError(
                "CONSULT_DEMO_CLOCK: makes the clock run wrong, for a demo alone. With it "
                "CONSULT_HOST and CONSULT_PUBLIC_URL are on localhost and mail goes into a folder. "
                "Unset it where people use this service"
            )
        return self

    @property
    def origin(self) -> str:
        """What a browser on the page sends as Origin."""
        return self.public_url

    @property
    def privacy_officers(self) -> tuple[str, ...]:
        return tuple(filter(None, (part.strip() for part in self.privacy_officer.split(","))))

    @property
    def database_path(self) -> Path:
        return Path(make_url(self.database_url).database or "").absolute()

    @property
    def keys_path(self) -> Path:
        """Where the wrapped keys of all subjects are."""
        return self.data_dir / "keys.db"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours below
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls)


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads `CONSULT_<NAME>_FILE` for every SecretStr."""

    def __call__(self) -> dict[str, Any]:
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
            if field.annotation is SecretStr
        }
        return {name: value for name, value in values.items() if value is not None}

    def get_field_value(
        self,
        field: FieldInfo,  # noqa: ARG002 - the library's signature
        field_name: str,
    ) -> tuple[Any, str, bool]:
        variable = f"{_PREFIX}{field_name}".upper()
        path = os.environ.get(f"{variable}_FILE")
        if path and os.environ.get(variable):
            raise InvalidSettings(f"{variable}: and {variable}_FILE are both set")
        return (_read(f"{variable}_FILE", path) if path else None), field_name, False


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InvalidSettings(f"{variable}: cannot be read") from None
