"""Settings -> Backends: the one place where adapters are chosen."""

import hashlib
import hmac
import secrets
from collections.abc import AsyncGenerator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from anyio import CapacityLimiter

from consult.backends.database import Database, open_database
from consult.backends.doorbell import Doorbell
from consult.backends.files import exclusive, make_directory, write_durably
from consult.backends.jobs import Jobs
from consult.backends.jobs.sqlite import SqliteJobs
from consult.backends.keys import Keys, open_keys
from consult.backends.mail import Mailer
from consult.backends.mail.folder import FolderMailer
from consult.backends.mail.smtp import SmtpMailer
from consult.backends.staging import Staging
from consult.backends.storage.local import LocalStorage
from consult.backends.storage.sealed import SealedStorage
from consult.config import InvalidSettings, Settings
from consult.config.checks import folder_of

_SECRET_BYTES = 32


@dataclass(frozen=True)
class Backends:
    settings: Settings
    database: Database
    keys: Keys
    storage: SealedStorage
    staging: Staging
    mailer: Mailer
    jobs: Jobs
    doorbell: Doorbell
    image_threads: CapacityLimiter
    """Photos are worked on in these many threads: the cap on memory, and on both cores."""
    secret: bytes


@asynccontextmanager
async def open_backends(
    settings: Settings, *, task_names: Collection[str], doorbell: Doorbell | None = None
) -> AsyncGenerator[Backends]:
    """Open everything that the settings name; the schema must be there (`database.upgrade`).

    `task_names` are all the jobs there are: no other can be enqueued.
    """
    make_directory(settings.data_dir)
    async with AsyncExitStack() as stack:
        with exclusive(settings.data_dir / "lock", wait=True):
            secret = read_or_make_secret(settings.secret_file)
            keys = stack.enter_context(open_keys(settings))
        doorbell = doorbell or Doorbell()
        info = {"audit_key": _subkey(secret, "audit"), "doorbell": doorbell, "keys": keys}
        database = await stack.enter_async_context(open_database(settings, info=info, keys=keys))
        yield Backends(
            settings=settings,
            database=database,
            keys=keys,
            storage=SealedStorage(LocalStorage(folder_of(settings.storage_url)), keys),
            staging=Staging(settings.data_dir / "uploads", keys),
            mailer=_mailer(settings),
            jobs=SqliteJobs(database, task_names=task_names, lock=_worker_lock(settings)),
            doorbell=doorbell,
            image_threads=CapacityLimiter(settings.image_threads),
            secret=secret,
        )


def read_or_make_secret(path: Path) -> bytes:
    """Return the 32 bytes of the secret file, made with mode 0600 when there is none.

    Raises InvalidSettings when the file holds anything else: a new secret would break the
    audit trail that the old one keyed.
    """
    if not path.exists():
        make_directory(path.parent)
        write_durably(path, [secrets.token_bytes(_SECRET_BYTES)], partials=path.parent)
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise InvalidSettings(f"CONSULT_SECRET_FILE: must hold {_SECRET_BYTES} bytes")
    return secret


def _mailer(settings: Settings) -> Mailer:
    url = settings.mail_url.get_secret_value()
    if urlsplit(url).scheme == "file":
        return FolderMailer(folder_of(url), sender=settings.mail_from)
    return SmtpMailer(url, sender=settings.mail_from, ca_file=settings.mail_ca_file)


def _subkey(secret: bytes, purpose: str) -> bytes:
    # One key for one purpose: RFC 5869's advice, in HMAC as NIST SP 800-108 has it.
    return hmac.digest(secret, f"consult {purpose} key".encode(), hashlib.sha256)


def _worker_lock(settings: Settings) -> Path:
    path = settings.database_path
    return path.with_name(f"{path.name}.worker")
