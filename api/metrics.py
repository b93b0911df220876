"""What the service measures about itself. Counts and times only; no label is an id."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from consult.bootstrap import Backends
from consult.break_glass import count_waiting
from consult.consents import count_overdue

REGISTRY = CollectorRegistry()

_REQUESTS = Counter(
    "consult_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY
)
_SECONDS = Histogram(
    "consult_request_seconds", "Seconds to the end of the answer.", ("route",), registry=REGISTRY
)
_JOBS = Gauge("consult_jobs", "Jobs by state.", ("state",), registry=REGISTRY)
_LATE = Gauge("consult_jobs_late_seconds", "Delay of the job due first.", registry=REGISTRY)
_GLASSES = Gauge(
    "consult_break_glass", "Emergency accesses without a review.", ("review",), registry=REGISTRY
)
_CONSENTS = Gauge(
    "consult_consents_overdue",
    "Consults in whose emergency nobody asked the patient in time.",
    registry=REGISTRY,
)
_STREAMS = Gauge("consult_event_streams", "Open event streams.", registry=REGISTRY)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    _REQUESTS.labels(method, route, status).inc()
    _SECONDS.labels(route).observe(seconds)


async def measure(backends: Backends) -> None:
    """Take the figures that are read, not counted."""
    jobs = await backends.jobs.counts()
    _JOBS.labels("todo").set(jobs.todo)
    _JOBS.labels("running").set(jobs.running)
    _JOBS.labels("dead").set(jobs.dead)
    _LATE.set(jobs.late_seconds)
    async with backends.database.reads() as session:
        waiting, overdue = await count_waiting(session)
        _CONSENTS.set(await count_overdue(session))
    _GLASSES.labels("due").set(waiting - overdue)
    _GLASSES.labels("overdue").set(overdue)
    _STREAMS.set(backends.doorbell.listeners)
