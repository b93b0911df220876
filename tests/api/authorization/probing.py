"""Asks every route as every kind of caller, and compares with what was written down."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from starlette.routing import Route

from api.app import API_ROUTES
from api.openapi import documented_methods, operation_of
from consult.access import Action
from tests.api.authorization.actors import (
    BODIES,
    BREAKS,
    CONSULT,
    ENDS_SESSION,
    LAST,
    NEW_IDS,
    OTHER_IDS,
    PUBLIC,
    Kind,
)
from tests.api.authorization.server import Server
from tests.api.authorization.world import World, fresh_id, make_world

# Bytes of an answer that are read: of an event stream, which has no end, the first ones.
_ENOUGH = 4096
READING = f"GET {CONSULT}"


@dataclass(frozen=True)
class Probe:
    actor: str
    route: str
    expected: frozenset[int]
    status: int
    may_read: bool
    """Whether this caller may read the consult at all, or has just been let in."""
    request_id: str
    told: bool
    """Whether a word that somebody wrote, or an id of theirs, was in the answer."""

    @property
    def violation(self) -> str | None:
        if self.status not in self.expected:
            return f"{self.actor}: {self.route} -> {self.status}, not {sorted(self.expected)}"
        if self.told and not (self.may_read and self.allowed):
            return f"{self.actor}: {self.route} -> {self.status}, and told what it holds"
        return None

    @property
    def allowed(self) -> bool:
        return self.status < 400


def declared_actions() -> Iterator[tuple[str, Action]]:
    """Every method of every route of the API, and what it declares."""
    for route in API_ROUTES:
        if isinstance(route, Route) and (declared := operation_of(route)):
            for method in sorted(documented_methods(route)):
                yield f"{method} {route.path.replace(':uuid', '')}", declared.action


def route_names() -> list[str]:
    """All of them; what undoes the rest comes last."""
    names = [name for name, _ in declared_actions()]
    return sorted(names, key=lambda name: (name in LAST and LAST.index(name) + 1, name))


async def probe_all(server: Server, actors: Mapping[str, Kind]) -> list[Probe]:
    """Each kind of caller in a world of its own."""
    probes: list[Probe] = []
    for name, kind in actors.items():
        world = await make_world(server, taken=kind.taken)
        probes += await probe_one(world, name, kind)
    return probes


async def probe_one(world: World, name: str, kind: Kind) -> list[Probe]:
    probes: list[Probe] = []
    headers = await kind.sends(world)
    for route in route_names():
        probes.append(await _probe(world, name, kind, route, headers))
        if route in ENDS_SESSION:
            headers = await kind.sends(world)
    return probes


async def _probe(world: World, name: str, kind: Kind, route: str, headers: dict[str, str]) -> Probe:
    method, template = route.split(" ")
    ids = world.ids | (OTHER_IDS[route](world) if route in OTHER_IDS else {})
    ids |= {NEW_IDS[route]: fresh_id()} if route in NEW_IDS else {}
    body = BODIES[route](world) if route in BODIES else {}
    client, path = world.server.client, template.format_map(ids)
    headers = headers | body.pop("headers", {})
    async with client.stream(method, path, headers=headers, **body) as answer:
        told = b""
        async for chunk in answer.aiter_bytes():
            told += chunk
            if len(told) > _ENOUGH or "event-stream" in answer.headers.get("content-type", ""):
                break
    words = [world.canary, *(world.ids[name] for name in ("consult_id", "photo_id", "message_id"))]
    return Probe(
        name,
        route,
        expected=frozenset(_expected(kind, route)),
        status=answer.status_code,
        request_id=answer.headers["x-request-id"],
        may_read=kind.answers.get(READING) == 200 or route in BREAKS,
        told=any(word.encode() in told for word in words),
    )


def _expected(kind: Kind, route: str) -> set[int]:
    if route in kind.answers:
        return {kind.answers[route]}
    return PUBLIC.get(route, {kind.refused})


def violations(probes: Iterable[Probe]) -> Iterator[str]:
    yield from (probe.violation for probe in probes if probe.violation)
