"""The demo's own service: its folder, its start and its end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from api.demo.client import Client
from api.demo.telling import say
from consult.config import Settings, read_settings

_ROOT = Path(__file__).parents[2]
HOME = _ROOT / ".demo"
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Home:
    """Where the demo keeps its service's data, log and process id."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def mail(self) -> Path:
        return self.data / "mail"

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    @property
    def pid(self) -> Path:
        return self.folder / "service.pid"

    @property
    def clock(self) -> Path:
        return self.folder / "clock"


def start(home: Home, port: int, more: Mapping[str, str]) -> Settings:
    """Start `consult serve` on an empty database with `more` settings, and wait until it answers."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CONSULT_")}
    environment = {**own, "CONSULT_DATA_DIR": str(home.data), "CONSULT_PORT": str(port), **more}
    if library := os.environ.get("CONSULT_TURBOJPEG"):
        environment["CONSULT_TURBOJPEG"] = library
    with home.log.open("wb") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "api", "serve"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    home.pid.write_text(str(service.pid))
    _wait_until_ready(Client(f"http://localhost:{port}"), service, home.log)
    say(f"It answers. Its log is {home.log}")
    named = {name.removeprefix("CONSULT_").lower(): value for name, value in more.items()}
    return read_settings(data_dir=home.data, port=port, **named)


def stop(folder: Path = HOME) -> int:
    """End the service that an earlier demo left running, if it still is that service."""
    home = Home(folder)
    try:
        pid = int(home.pid.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    if b"api" in command and b"serve" in command:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 15
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        say("The service of the earlier demo has ended.")
    home.pid.unlink(missing_ok=True)
    return 0


def in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _wait_until_ready(client: Client, service: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        try:
            client.get("/readyz")
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The service did not start. Its log: {log}\n{log.read_text()[-2000:]}")
