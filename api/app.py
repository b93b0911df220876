"""The ASGI application: routes, errors, headers, and what lives as long as it does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import structlog
from anyio import to_thread
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from api import (
    accounts,
    advice,
    audit,
    break_glass,
    claims,
    consents,
    consults,
    devices,
    events,
    figures,
    guests,
    handovers,
    image_requests,
    links,
    messages,
    notices,
    operations,
    outcomes,
    photos,
    proxies,
    requested_photos,
    reviews,
    services,
    steps,
    uploads,
    web,
    webhooks,
)
from api.limits import Limits
from api.news import News
from api.openapi import require_operations
from api.problems import HANDLERS
from api.requests import Requests
from api.security import SecurityHeaders
from api.state import State
from api.watching import watch_endings
from consult.accounts import check_rp_id
from consult.backends.database import upgrade
from consult.backends.doorbell import Doorbell
from consult.backends.jobs import WorkerRunning
from consult.bootstrap import Backends, open_backends
from consult.config import Settings
from consult.imaging import workers
from consult.tasks import NAMES
from consult.worker import run_worker

log = structlog.get_logger()

API_ROUTES: list[BaseRoute] = [
    *operations.routes,
    *accounts.routes,
    *devices.routes,
    *claims.routes,
    *consults.routes,
    *steps.routes,
    *advice.routes,
    *photos.routes,
    *messages.routes,
    *events.routes,
    *proxies.routes,
    *consents.routes,
    *guests.routes,
    *break_glass.routes,
    *audit.routes,
    *image_requests.routes,
    *requested_photos.routes,
    *uploads.routes,
    *links.routes,
    *reviews.routes,
    *outcomes.routes,
    *figures.routes,
    *services.routes,
    *handovers.routes,
    *webhooks.routes,
    *notices.routes,
]


def create_app(
    settings: Settings, *, with_worker: bool = True, doorbell: Doorbell | None = None
) -> ASGIApp:
    """Build the application; its lifespan migrates, opens the backends and runs the worker.

    Closing `doorbell` ends every event stream: the server does so when it is told to stop.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[State]:
        async with AsyncExitStack() as stack:
            try:
                await to_thread.run_sync(upgrade, settings)
                opening = open_backends(settings, task_names=NAMES, doorbell=doorbell)
                backends = await stack.enter_async_context(opening)
                async with backends.database.reads() as session:
                    await check_rp_id(session, settings)
                stack.callback(workers.close)
                if settings.decode_workers:
                    await to_thread.run_sync(workers.warm, settings.decode_workers)
            except Exception:
                # uvicorn would say it in sentences of its own, with values in them.
                log.exception("service.failed_to_start")
                raise
            await stack.enter_async_context(_working(backends, with_worker=with_worker))
            await stack.enter_async_context(watch_endings(backends))
            yield State(backends=backends, limits=Limits.of(settings), news=News())

    require_operations(API_ROUTES)
    app = Starlette(
        routes=[*API_ROUTES, *web.routes],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    https = settings.public_url.startswith("https:")
    return SecurityHeaders(Requests(app), https=https)


@asynccontextmanager
async def _working(backends: Backends, *, with_worker: bool) -> AsyncGenerator[None]:
    """Run the worker beside the service; its end is the service's, never a silent one."""
    if not with_worker:
        yield
        return
    worker = asyncio.create_task(run_worker(backends))
    worker.add_done_callback(_report)
    try:
        yield
    finally:
        backends.jobs.stop()
        with suppress(WorkerRunning):
            await worker


def _report(worker: asyncio.Task[None]) -> None:
    if not worker.cancelled() and isinstance(worker.exception(), WorkerRunning):
        log.warning("worker.elsewhere")
