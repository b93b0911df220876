"""The real service as its own process, as people run it."""

import email
import email.policy
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

ROOT = Path(__file__).parents[1]

PLENTY = {
    "sign_in_requests_per_minute": 1_000_000,
    "photos_per_consult": 1_000_000,
    "photos_per_hour": 1_000_000,
    "photo_bytes_per_day": 10**12,
}
"""One person and one address stand for many in a test; the limits have tests of their own."""


@dataclass
class Service:
    data_dir: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.data_dir, self.port)

    def command(self, *arguments: str) -> list[str]:
        """Run `consult …` against this service's data; the lines of stdout."""
        done = subprocess.run(
            [sys.executable, "-m", "api", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.splitlines()

    def add_user(self, email: str, role: str, name: str = "") -> str:
        """Add somebody; their one-time enrol link."""
        name = name or email.partition("@")[0].title()
        return self.command("user", "add", "--email", email, "--name", name, "--role", role)[-1]

    def token(self, email: str) -> str:
        return self.command("token", "create", "--email", email)[-1]

    def mail_to(self, address: str, subject: str) -> str:
        """Wait for the newest mail to `address` of that subject; its text."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if text := self._newest_mail(address, subject):
                return text
            time.sleep(0.1)
        raise AssertionError(f"no mail “{subject}” came to {address}")

    def _newest_mail(self, address: str, subject: str) -> str:
        files = sorted(
            (self.data_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime
        )
        for path in reversed(files):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if address in str(mail["To"]) and subject in str(mail["Subject"]):
                return str(mail.get_content())
        return ""

    def forget_the_touch(self) -> None:
        """Make it an hour ago that anybody touched a passkey: names are sealed in there."""
        assert self._touched(datetime.now(UTC) - timedelta(hours=1))

    def renew_the_touch(self) -> None:
        """Make it this moment that everybody who is here touched their passkey."""
        self._touched(datetime.now(UTC))

    def _touched(self, at: datetime) -> int:
        with closing(sqlite3.connect(self.data_dir / "consult.db", timeout=10)) as database:
            changed = database.execute(
                "UPDATE loginsession SET proved_at = ? WHERE proved_at IS NOT NULL",
                (at.strftime("%Y-%m-%d %H:%M:%S.%f"),),
            ).rowcount
            database.commit()
        return changed

    def end_emergencies(self) -> None:
        """Make every emergency access run out this second."""
        with closing(sqlite3.connect(self.data_dir / "consult.db", timeout=10)) as database:
            changed = database.execute(
                "UPDATE breakglass SET expires_at = ?",
                (datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),),
            ).rowcount
            database.commit()
        assert changed

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """SIGTERM, as an operator would; the seconds that it took to end."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)
        return time.monotonic() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


def environment(data_dir: Path, port: int) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CONSULT_")}
    return own | {
        "CONSULT_DATA_DIR": str(data_dir),
        "CONSULT_PORT": str(port),
        "CONSULT_DECODE_WORKERS": "1",
        **{f"CONSULT_{name.upper()}": str(most) for name, most in PLENTY.items()},
    }


def start(
    data_dir: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None
) -> Service:
    """Start `consult serve` and wait until it is ready."""
    port = port or free_port()
    with (data_dir.parent / f"{data_dir.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve"],
            cwd=ROOT,
            env=environment(data_dir, port) | dict(settings or {}),
            stdout=log,
            stderr=log,
        )
    service = Service(data_dir, port, process)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{service.origin}/readyz").status_code == 200:
                return service
        except httpx2.TransportError:
            time.sleep(0.05)
    service.kill()
    raise RuntimeError(Path(log.name).read_text())


@contextmanager
def running(data_dir: Path, **settings: str) -> Generator[Service]:
    with start(data_dir, settings=settings) as service:
        yield service


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
