"""What a full waiting list costs: finding what is due among many, and paging in time.

python -m tests.bench escalations [OPEN]
"""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlmodel import select

from consult import escalations
from consult.accounts import add_user
from consult.backends.database import upgrade
from consult.bootstrap import Backends, open_backends
from consult.clinical.workflow.service_levels import Rung
from consult.config import read_settings
from consult.imaging import dicom
from consult.models import (
    DEFAULT_SERVICE,
    Consult,
    ConsultKind,
    Escalation,
    EscalationKind,
    Role,
    Shift,
    Urgency,
    now,
    private,
)
from consult.tasks import NAMES
from consult.worker import run_worker

_FIRED = 40


def due(open_rows: int) -> None:
    """`open_rows` that are due next year, some that are due now, and the worker among them."""
    with TemporaryDirectory(prefix="consult-bench-") as folder:
        asyncio.run(_measure(Path(folder), open_rows))


async def _measure(folder: Path, open_rows: int) -> None:
    settings = read_settings(data_dir=folder / "data")
    upgrade(settings)
    async with open_backends(settings, task_names=NAMES) as backends:
        consult_id = await _fill(backends, open_rows)
        print(f"\n{open_rows} open escalations, of which 20 are due")
        finding = [await _finding(backends) for _ in range(100)]
        _show("finding what is due", finding)
        late = await _firing(backends, consult_id)
        _show(f"from due to paged, {_FIRED} one by one", late)


async def _fill(backends: Backends, open_rows: int) -> UUID:
    consult_id, at = uuid4(), now()
    backends.keys.make(consult_id)
    async with backends.database.writes.begin() as session:
        person = await add_user(session, email="a@bench.test", name="A", role=Role.SPECIALIST)
        crew = await add_user(session, email="b@bench.test", name="B", role=Role.EMS)
        shift = Shift(
            service_id=DEFAULT_SERVICE,
            user_id=person.id,
            rung=Rung.PRIMARY,
            starts_at=at - timedelta(hours=1),
            ends_at=at + timedelta(days=1),
        )
        consult = Consult(
            id=consult_id,
            kind=ConsultKind.EMERGENCY,
            urgency=Urgency.STAT,
            reason=private("", consult_id),
            subject_id=consult_id,
            opened_by=crew.id,
            service_id=DEFAULT_SERVICE,
            study_instance_uid=dicom.study_uid(consult_id),
        )
        session.add_all([shift, consult])
        await session.flush()
        rows = [
            _row(consult_id, at + timedelta(days=365, seconds=number))
            for number in range(open_rows - 20)
        ]
        await session.exec(insert(Escalation), params=rows)
        await session.exec(insert(Escalation), params=[_row(consult_id, at) for _ in range(20)])
    return consult_id


def _row(consult_id: UUID, due_at: object) -> dict[str, object]:
    return {
        "id": uuid4(),
        "consult_id": consult_id,
        "kind": EscalationKind.ACKNOWLEDGE,
        "rung": Rung.PRIMARY,
        "due_at": due_at,
        "created_at": now(),
    }


async def _finding(backends: Backends) -> float:
    async with backends.database.reads() as session:
        started = time.perf_counter()
        found = await escalations.due_ids(session, now())
        taken = time.perf_counter() - started
    assert len(found) == 20
    return taken


async def _firing(backends: Backends, consult_id: UUID) -> list[float]:
    """The worker runs; one after the other becomes due half a second from now."""
    worker = asyncio.create_task(run_worker(backends))
    await asyncio.sleep(3)  # the twenty that were due are done
    late = [await _one(backends, consult_id) for _ in range(_FIRED)]
    backends.jobs.stop()
    await worker
    return late


async def _one(backends: Backends, consult_id: UUID) -> float:
    due_at = now() + timedelta(seconds=0.5)
    row = _row(consult_id, due_at)
    async with backends.database.writes.begin() as session:
        await session.exec(insert(Escalation), params=row)
    while True:
        await asyncio.sleep(0.02)
        async with backends.database.reads() as session:
            query = select(Escalation.settled_at).where(Escalation.id == row["id"])
            if settled := (await session.exec(query)).one():
                return (settled - due_at).total_seconds()


def _show(what: str, seconds: list[float]) -> None:
    millis = sorted(one * 1e3 for one in seconds)
    print(
        f"  {what:<36} median {median(millis):7.2f} ms   p99 {quantiles(millis, n=100, method='inclusive')[98]:7.2f} ms"
        f"   worst {millis[-1]:7.2f} ms"
    )
