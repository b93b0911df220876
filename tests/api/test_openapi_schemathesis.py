"""AZ-5 in part. Every operation of our own openapi.json, with whatever fits it and whatever does not.

An answer is never a crash, always of a status and a shape that the document names, and every
refusal is a problem (RFC 9457) whatever was sent. The ordinary run sends the same each time;
CONSULT_OPENAPI_EXAMPLES=500 sends so many to each operation, others each time.
"""

import asyncio
import os
from collections.abc import Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import checks

from api.app import API_ROUTES
from api.openapi import build
from tests.api.authorization.server import Server, serving
from tests.api.authorization.world import World, make_people, make_world

SERIALIZERS: Any = schemathesis.serializer
SERIALIZERS.alias("application/offset+octet-stream", "application/octet-stream")
SCHEMA: Any = schemathesis.openapi.from_dict(build(API_ROUTES))
OPERATIONS: dict[str, Any] = {
    operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()
}
SEARCH = os.environ.get("CONSULT_OPENAPI_EXAMPLES")
EXAMPLES = int(SEARCH or 15)
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
FITTING = schemathesis.GenerationMode.POSITIVE
ENDLESS = "GET /api/consults/{consult_id}/events"
REGISTRY: Any = vars(checks)["CHECKS"]  # its types are not told
CHECKS: list[Any] = REGISTRY.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)


@dataclass
class Place:
    runner: asyncio.Runner
    server: Server
    world: World


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def opened() -> Place:
            folder = tmp_path_factory.mktemp("openapi") / "data"
            server = await stack.enter_async_context(serving(folder))
            return Place(runner, server, await make_world(server, await make_people(server)))

        yield runner.run(opened())
        runner.run(stack.aclose())


MODES = [
    (label, mode)
    for label, operation in sorted(OPERATIONS.items())
    for mode in schemathesis.GenerationMode
    if mode is FITTING or operation.body or operation.path_parameters or operation.query
]
"""Where nothing is taken, nothing can be wrong."""


@pytest.mark.parametrize(("label", "mode"), MODES)
def test_every_answer_is_one_that_the_document_names(
    place: Place, label: str, mode: schemathesis.GenerationMode
) -> None:
    operation = OPERATIONS[label]
    headers = {"Authorization": f"Bearer {place.world['specialist'].token}"}

    @settings(
        max_examples=EXAMPLES, derandomize=not SEARCH, deadline=None, suppress_health_check=SLOW
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known and label != ENDLESS:
            case.path_parameters = place.world.ids
        answer = case.call(base_url=place.server.origin, headers=headers)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400 and not label.startswith("HEAD"):  # which has no body
            assert answer.headers["content-type"][0] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code

    ask()
