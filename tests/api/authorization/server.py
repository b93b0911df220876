"""The application on a real socket, in this process, so that a test can also break it."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import uvicorn
from httpx2 import AsyncClient
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.protocol import Door
from consult.backends.doorbell import Doorbell
from consult.bootstrap import Backends, open_backends
from consult.config import Settings, read_settings
from consult.tasks import NAMES
from tests.service import PLENTY

_CREDENTIALS = {b"authorization", b"cookie"}


class Gate:
    """Stands before the application. Whoever opens it makes everybody the bearer of one token."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.everybody_is: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.everybody_is:
            own = [pair for pair in scope["headers"] if pair[0] not in _CREDENTIALS]
            forced = (b"authorization", f"Bearer {self.everybody_is}".encode())
            scope = {**scope, "headers": [*own, forced]}
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Server:
    settings: Settings
    backends: Backends
    """Opened a second time, as the command line does beside a running service."""
    client: AsyncClient
    """Carries no credentials."""
    gate: Gate

    @property
    def origin(self) -> str:
        return self.settings.public_url


@asynccontextmanager
async def serving(data_dir: Path) -> AsyncGenerator[Server]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        settings = _settings(data_dir, port=listening.getsockname()[1])
        doorbell = Doorbell()
        gate = Gate(create_app(settings, with_worker=False, doorbell=doorbell))
        config = uvicorn.Config(
            gate, http=Door.of(settings).protocol(), log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        await asyncio.to_thread(_wait_until_started, server, thread)
        try:
            async with (
                open_backends(settings, task_names=NAMES) as backends,
                AsyncClient(base_url=settings.public_url, timeout=60) as client,
            ):
                yield Server(settings, backends, client, gate)
        finally:
            server.should_exit = True
            await asyncio.to_thread(thread.join, 30)


def _wait_until_started(server: uvicorn.Server, thread: Thread) -> None:
    while not server.started and thread.is_alive():
        time.sleep(0.02)


def _settings(data_dir: Path, *, port: int) -> Settings:
    return read_settings(
        data_dir=data_dir,
        public_url=f"http://localhost:{port}",
        decode_workers=0,
        log_level="error",
        **PLENTY,
    )
