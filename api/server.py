"""Runs the application under uvicorn, and stops it without cutting anybody off."""

import asyncio
import gc
import resource
import signal
import socket
from types import FrameType

import uvicorn

from api.app import create_app
from api.protocol import Door
from consult.backends.doorbell import Doorbell
from consult.config import Settings

# A photo of 25 MB that is on its way over a slow link gets this long to arrive.
_GRACE_SECONDS = 60
# Photos that are read, the database, the pipes of the decode workers.
_OTHER_FILES = 1024


def serve(settings: Settings, *, with_worker: bool = True) -> None:
    """Serve until SIGTERM or SIGINT."""
    _allow_files(settings.max_connections)
    doorbell = Doorbell()
    config = uvicorn.Config(
        create_app(settings, with_worker=with_worker, doorbell=doorbell),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Door.of(settings).protocol(),
        lifespan="on",
        log_config=None,
        access_log=False,  # api/requests.py writes one line of its own, without the path
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config, doorbell).run()


def _allow_files(connections: int) -> None:
    """Raise the limit on open files, often 1,024, so that every connection gets one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, doorbell: Doorbell) -> None:
        super().__init__(config)
        self._doorbell = doorbell
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What has been loaded stays: to look through it for garbage took 250 ms, every ten seconds
        # of a busy service, in which nobody was answered.
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # An open event stream would otherwise hold the service for the whole grace period.
        if self._loop:
            self._loop.call_soon_threadsafe(self._doorbell.close)
        super().handle_exit(signal.Signals(sig), frame)
