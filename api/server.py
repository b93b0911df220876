"""Runs the application under uvicorn, and stops it without cutting anybody off."""

import asyncio
import signal
import socket
from types import FrameType

import uvicorn

from api.app import create_app
from consult.backends.doorbell import Doorbell
from consult.config import Settings

# A photo of 25 MB that is on its way over a slow link gets this long to arrive.
_GRACE_SECONDS = 60


def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Serve until SIGTERM or SIGINT."""
    doorbell = Doorbell()
    config = uvicorn.Config(
        create_app(settings, with_worker=with_worker, doorbell=doorbell),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,  # api/requests.py writes one line of its own, without the path
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config, doorbell).run()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, doorbell: Doorbell) -> None:
        super().__init__(config)
        self._doorbell = doorbell
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # An open event stream would otherwise hold the service for the whole grace period.
        if self._loop:
            self._loop.call_soon_threadsafe(self._doorbell.close)
        super().handle_exit(signal.Signals(sig), frame)
