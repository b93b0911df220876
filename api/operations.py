"""For those who run the service: is it alive, is it ready, what does it measure, what does it speak."""

import json
from functools import cache
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.auth import actor_of
from api.metrics import REGISTRY, measure
from api.openapi import operation
from api.state import ConsultRequest
from consult.access import Action
from consult.backends.database import at_head
from consult.bootstrap import Backends

DOCUMENT = Path(__file__).with_name("openapi.json")


@operation("The process answers.", action=Action.OPERATE, returns="application/json")
async def get_livez(_: ConsultRequest) -> Response:
    return JSONResponse({"status": "ok"})


@operation(
    "Database, storage and schema are there, and the service is not stopping.",
    action=Action.OPERATE,
    returns="application/json",
    errors=(503,),
)
async def get_readyz(request: ConsultRequest) -> Response:
    checks = await _checks(request.state["backends"])
    ready = all(checks.values())
    words = {name: "ok" if fine else "failed" for name, fine in checks.items()}
    return JSONResponse(
        {"status": "ok" if ready else "unavailable", "checks": words}, 200 if ready else 503
    )


@operation(
    "Figures for a monitor (Prometheus text format), for an admin's token.",
    action=Action.METRICS_READ,
    returns="text/plain",
    errors=(404,),
)
async def get_metrics(request: ConsultRequest) -> Response:
    # Not for everybody: how often a route was called tells when somebody spoke.
    await actor_of(request, touch=False)
    await measure(request.state["backends"])
    return Response(generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


@operation("This interface, as OpenAPI 3.1.", action=Action.OPERATE, returns="application/json")
async def get_openapi(_: ConsultRequest) -> Response:
    return Response(_document(), media_type="application/json")


async def _checks(backends: Backends) -> dict[str, bool]:
    checks = dict.fromkeys(("database", "storage", "migrations"), False)
    try:
        checks["migrations"] = await at_head(backends.database)
        checks["database"] = True
        await backends.storage.check()
        checks["storage"] = True
    except (OSError, SQLAlchemyError):
        pass
    return checks | {"running": not backends.doorbell.closed}


@cache
def _document() -> bytes:
    return json.dumps(json.loads(DOCUMENT.read_text())).encode()


routes = [
    Route("/livez", get_livez),
    Route("/readyz", get_readyz),
    Route("/metrics", get_metrics),
    Route("/api/openapi.json", get_openapi),
]
