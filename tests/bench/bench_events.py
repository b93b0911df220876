"""How soon open pages hear of a message: at most 250 ms for 99 of 100 is asked, with 200 open.

    python -m tests.bench events [STREAMS]

Every stream follows the same consult, as a token of its patient. Counted is from the stamp of
the message, which is set before its commit, to the arrival of its event, by one clock. One stream
alone stands beside them.
"""

import asyncio
import statistics
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2

from tests import service as services
from tests.service import Service

_MESSAGES = 100
_EVERY = 0.1  # seconds


def delivery(streams: int) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="consult-bench-") as folder,
        services.running(Path(folder) / "events") as service,
    ):
        service.add_user("pat@consult.test", "patient")
        print("\nfrom the stamp of a message to the arrival of its event, ms")
        for count in (1, streams):
            late = asyncio.run(_late(service, count))
            print(f"  {count:3} open: {_figures(late)}")


async def _late(service: Service, count: int) -> list[float]:
    headers = {"Authorization": f"Bearer {service.token('pat@consult.test')}"}
    async with AsyncExitStack() as stack:
        talking = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=service.origin, headers=headers)
        )
        opened = await talking.post("/api/consults", json={"kind": "follow_up"})
        consult = f"/api/consults/{opened.raise_for_status().json()['id']}"
        path = f"{consult}/events"
        arrivals: list[list[float]] = [[] for _ in range(count)]
        ready = asyncio.Semaphore(0)
        following = [
            asyncio.create_task(_follow(service.port, path, headers, each, ready))
            for each in arrivals
        ]
        for _ in range(count):
            await ready.acquire()
        stamps = [await _say(talking, consult) for _ in range(_MESSAGES)]
        async with asyncio.timeout(30):
            await asyncio.gather(*following)
    return [
        1000 * (at - stamp) for each in arrivals for stamp, at in zip(stamps, each, strict=True)
    ]


async def _say(client: httpx2.AsyncClient, consult: str) -> float:
    answer = await client.put(f"{consult}/messages/{uuid4()}", json={"body": "Word"})
    stamp = datetime.fromisoformat(answer.raise_for_status().json()["created_at"])
    await asyncio.sleep(_EVERY)
    return stamp.timestamp()


async def _follow(
    port: int, path: str, headers: dict[str, str], arrived: list[float], ready: asyncio.Semaphore
) -> None:
    """Note when each message's event comes; a bare socket, so that the client costs little."""
    reader, writer = await asyncio.open_connection("localhost", port)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    while len(arrived) < _MESSAGES:
        line = await reader.readline()
        if not line:
            raise ConnectionError("a stream ended")
        if line.startswith(b"retry"):
            ready.release()
        elif line == b"event: message.posted\n":
            arrived.append(datetime.now(UTC).timestamp())
    writer.close()


def _figures(late: list[float]) -> str:
    cuts = statistics.quantiles(late, n=100)
    return f"median {cuts[49]:.0f}, p99 {cuts[98]:.0f}, worst {max(late):.0f} of {len(late):,}"
