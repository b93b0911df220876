"""`consult doctor`: looks at an installation and says, line by line, what is well and what is not."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from consult.backends.database import at_head, upgrade
from consult.backends.files import exclusive, make_directory
from consult.backends.keys import open_keys
from consult.bootstrap import Backends, open_backends
from consult.config import InvalidSettings, Settings
from consult.imaging import upright, workers
from consult.tasks import NAMES


def examine(settings: Settings) -> int:
    """Print the findings; 0 when nothing needs doing."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("keys", lambda: _keys(settings)),
        ("data folder, database, storage", lambda: _backends(settings)),
        ("lossless turning of photos", _turning),
        ("decoding of HEIC, AVIF, PNG, WebP", _decoding),
        ("mail", lambda: _mail(settings)),
        ("address", lambda: _address(settings)),
    ]
    return max(_report(name, check) for name, check in checks)


class _Finding(Exception):
    """Something to do; the message says what."""


def _report(name: str, check: Callable[[], str]) -> int:
    try:
        print(f"ok      {name}: {check()}")
    except (_Finding, InvalidSettings, OSError) as finding:
        print(f"TO DO   {name}: {finding}")
        return 1
    return 0


def _keys(settings: Settings) -> str:
    make_directory(settings.data_dir)
    with exclusive(settings.data_dir / "lock", wait=True), open_keys(settings) as keys:
        *older, (kek, count) = keys.status().wrapping
    if older:
        raise _Finding("a rotation was cut off: run `consult keys rotate`")
    made = f"{kek.id} of {kek.made_at[:10]} wraps {count} subjects' keys"
    return f"{made}; is {settings.key_file} backed up, apart from the data?"


def _backends(settings: Settings) -> str:
    async def look(backends: Backends) -> None:
        if not await at_head(backends.database):
            raise _Finding("the database is of another version: run `consult migrate`")
        await backends.storage.check()
        if dead := await backends.jobs.dead():
            raise _Finding(f"{len(dead)} jobs failed for good; the first: {dead[0].error}")

    async def run() -> None:
        async with open_backends(settings, task_names=NAMES) as backends:
            await look(backends)

    upgrade(settings)
    asyncio.run(run())
    return str(settings.data_dir)


def _turning() -> str:
    library = upright.library()
    if library is None:
        raise _Finding(
            "libturbojpeg is missing: photos taken upright stay as they are, turned ones are "
            "re-encoded. Install libturbojpeg0, or name the file in CONSULT_TURBOJPEG"
        )
    return library


def _decoding() -> str:
    workers.warm(1)
    workers.close()
    return "the decode worker starts"


def _mail(settings: Settings) -> str:
    url = urlsplit(settings.mail_url.get_secret_value())
    if url.scheme == "file":
        raise _Finding(f"notices are only written to {url.path}; set CONSULT_MAIL_URL to send them")
    return f"sent through {url.hostname} with TLS"


def _address(settings: Settings) -> str:
    if settings.public_url.startswith("http:"):
        raise _Finding(f"{settings.public_url} reaches only this machine; set CONSULT_PUBLIC_URL")
    return settings.public_url
