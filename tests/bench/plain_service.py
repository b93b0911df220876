"""The service without its guards: what the benchmark `guards` compares the service with.

    python -m tests.bench.plain_service PORT FOLDER

What is left of a photo's PUT when nobody is asked who they are and what they may, nothing is put
on record, and nothing is sealed. All else is the service's own: server, middleware, limits and
quotas, the scrubbed instance written as durably, the same rows in one transaction, the event, the
notice and the worker that sends it, the answer. There is one consult: PUT /photos/{id}.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict
from uuid import UUID, uuid4

import uvicorn
from anyio import to_thread
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import announced_size, read_bytes, read_query
from api.limits import Limits
from api.photos import shape_photos
from api.photos.handlers import PhotoQuery
from api.protocol import Door
from api.requests import Requests
from api.security import SecurityHeaders
from consult import logs, notifications
from consult.access import Action, Decision, Relation, Verdict
from consult.backends.database import Database, open_database, upgrade
from consult.backends.jobs.sqlite import SqliteJobs
from consult.backends.storage.local import LocalStorage
from consult.bootstrap import Backends, open_backends
from consult.config import Settings, read_settings
from consult.config.checks import folder_of
from consult.consults import Seat, announce, join
from consult.imaging import dicom, workers
from consult.models import (
    DEFAULT_SERVICE,
    Actor,
    Consult,
    ConsultKind,
    Participant,
    Photo,
    Preview,
    Role,
    Urgency,
    User,
    Via,
    private,
)
from consult.models.base import now
from consult.photos import require_welcome
from consult.photos.attaching import _make
from consult.photos.instances import Made, place_for, row_of
from consult.photos.rows import known_photo
from consult.quotas import require_quota, require_room
from consult.tasks import NAMES
from consult.worker import run_worker
from tests.service import PLENTY

CONSULT = uuid4()
PATIENT = uuid4()
ALLOWED = Decision(Verdict.ALLOW, "nobody is asked")


@dataclass(frozen=True)
class Clear:
    """In the place of a subject's key: the value as it is, in the form of a sealed one."""

    subject: UUID

    def seal(self, plain: bytes, _column: str) -> bytes:
        return b"\1" + self.subject.bytes + bytes(12) + plain + bytes(16)


class NoKeys:
    """In the place of the keys."""

    def get(self, subject: UUID) -> Clear:
        return Clear(subject)

    find = get

    def open(self, sealed: bytes, _column: str) -> bytes:
        return sealed[29:-16]


class State(TypedDict):
    backends: Backends
    storage: LocalStorage
    limits: Limits


async def put_photo(request: Any) -> Response:
    backends, photo_id = request.state["backends"], request.path_params["photo_id"]
    facts, limit = read_query(request, PhotoQuery).facts(), backends.settings.max_upload_bytes
    async with backends.database.reads() as session:
        seat = await seat_in(session)
        await known_photo(session, seat, photo_id)
        place = await place_for(session, seat, photo_id, known=None)
        await require_welcome(session, backends, place)
    with request.state["limits"].uploads.reserve(announced_size(request, limit=limit)):
        upload = await read_bytes(request, limit=limit)
        async with backends.database.writes.begin() as session:
            await require_room(backends)
            made = await to_thread.run_sync(
                _make, upload, place, facts, now(), backends.settings,
                limiter=backends.image_threads,
            )  # fmt: skip
            file = await request.state["storage"].put(made.instance.pieces)

            seat = await seat_in(session)
            await known_photo(session, seat, photo_id)
            await require_quota(
                session,
                backends.settings,
                actor=seat.actor,
                consult_id=CONSULT,
                photo_id=photo_id,
            )
            key = file.key
            photo = row_of(
                made, place, facts, storage_key=key, created_by=PATIENT, on_behalf_of=None
            )
            await keep(session, backends, seat, photo, made)
            (shown,) = await shape_photos(session, [photo])
    return shown.response(201)


async def seat_in(session: AsyncSession) -> Seat:
    consult = await session.get_one(Consult, CONSULT)
    actor = Actor(PATIENT, Role.PATIENT, "Pat", None, Via.TOKEN)
    return Seat(consult, actor, Relation.SUBJECT, Action.PHOTO_ATTACH, ALLOWED)


async def keep(
    session: AsyncSession, backends: Backends, seat: Seat, photo: Photo, made: Made
) -> None:
    """What `consult.photos.instances.keep` does, but for the row of the audit trail."""
    seat.consult.photo_count += 1
    session.add(photo)
    await session.flush()
    preview = private(made.scrubbed.preview, photo.subject_id)
    session.add(Preview(photo_id=photo.id, jpeg=preview))
    await join(session, seat, openly=True)
    announce(session, seat.consult, "photo.attached", photo.id)
    await notifications.something_new(session, backends.jobs, seat.consult, by=seat.actor)


async def people(database: Database) -> None:
    """A patient and a specialist in one consult."""
    specialist = uuid4()
    async with database.writes.begin() as session:
        for user_id, role in ((PATIENT, Role.PATIENT), (specialist, Role.SPECIALIST)):
            session.add(
                User(
                    id=user_id,
                    email=private(f"{role}@consult.test", user_id),
                    name=private(role.title(), user_id),
                    role=role,
                    handle=user_id.bytes,
                )
            )
        await session.flush()
        session.add(
            Consult(
                id=CONSULT,
                kind=ConsultKind.FOLLOW_UP,
                urgency=Urgency.ROUTINE,
                reason=private("", PATIENT),
                patient_id=PATIENT,
                subject_id=PATIENT,
                opened_by=PATIENT,
                assigned_to=specialist,
                service_id=DEFAULT_SERVICE,
                study_instance_uid=dicom.study_uid(CONSULT),
            )
        )
        await session.flush()
        for user_id in (PATIENT, specialist):
            session.add(Participant(consult_id=CONSULT, user_id=user_id, in_the_open=True))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Backends]:
    """The backends, with a database that seals nothing."""
    keys: Any = NoKeys()
    async with open_backends(settings, task_names=NAMES) as backends:
        info = {"doorbell": backends.doorbell, "keys": keys}
        async with open_database(settings, info=info, keys=keys) as database:
            lock = settings.data_dir / "worker"
            jobs = SqliteJobs(database, task_names=NAMES, lock=lock)
            yield replace(backends, database=database, jobs=jobs)


def serve(settings: Settings) -> None:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[State]:
        await to_thread.run_sync(upgrade, settings)
        async with opened(settings) as backends:
            await people(backends.database)
            await to_thread.run_sync(workers.warm, settings.decode_workers)
            worker = asyncio.create_task(run_worker(backends))
            storage = LocalStorage(folder_of(settings.storage_url))
            yield State(backends=backends, storage=storage, limits=Limits.of(settings))
            backends.jobs.stop()
            await worker
        workers.close()

    routes = [Route("/photos/{photo_id:uuid}", put_photo, methods=["PUT"])]
    app = SecurityHeaders(Requests(Starlette(routes=routes, lifespan=lifespan)), https=False)
    uvicorn.run(
        app,
        port=settings.port,
        loop="uvloop",
        http=Door.of(settings).protocol(),
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    logs.configure("info")
    more: dict[str, Any] = PLENTY
    serve(
        read_settings(port=int(sys.argv[1]), data_dir=Path(sys.argv[2]), decode_workers=1, **more)
    )
