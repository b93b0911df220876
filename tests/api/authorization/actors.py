"""Who calls, and what each is to get from each route: written down by hand, not worked out.

To add a kind of caller is to add one entry to ACTORS; what its `answers` do not name, it is
refused. A new route needs a row in `answers` of each who may, and a body in BODIES if it takes
one; until then everybody is expected to be refused there.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from consult import accounts
from consult.models import LoginSession, User, now
from tests.api.authorization.world import PHOTO, World, open_session

Headers = dict[str, str]
Answers = dict[str, int]

CONSULT = "/api/consults/{consult_id}"
A_PHOTO = "/api/photos/{photo_id}"

PUBLIC: dict[str, set[int]] = {
    "GET /livez": {200},
    "GET /readyz": {200},
    "GET /api/openapi.json": {200},
    # Nobody who has no invitation or passkey comes in here, whoever they are besides.
    "POST /api/passkeys/registration/options": {400},
    "POST /api/passkeys/registration": {400, 401},
    "POST /api/passkeys/authentication/options": {200},
    "POST /api/passkeys/authentication": {400, 401},
}
"""Answered to everybody in the same way."""

BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "POST /api/passkeys/registration/options": lambda _: {"json": {"token": "guessed"}},
    "POST /api/passkeys/registration": lambda _: {"json": {"token": "guessed", "credential": {}}},
    "POST /api/passkeys/authentication/options": lambda _: {"json": {}},
    "POST /api/passkeys/authentication": lambda _: {"json": {"credential": {}}},
    "POST /api/consults": lambda _: {"json": {"kind": "follow_up"}},
    f"PUT {CONSULT}/read": lambda _: {"json": {"seq": 1}},
    f"PUT {CONSULT}/messages/{{message_id}}": lambda _: {"json": {"body": "Hello"}},
    f"PUT {CONSULT}/photos/{{photo_id}}": lambda _: {"content": PHOTO},
    f"POST {A_PHOTO}/turn": lambda _: {"json": {"clockwise": 90}},
}

NEW_IDS = {
    f"PUT {CONSULT}/messages/{{message_id}}": "message_id",
    f"PUT {CONSULT}/photos/{{photo_id}}": "photo_id",
}
"""Where the path ends in an id that the caller makes."""

LAST = (f"POST {CONSULT}/close", "DELETE /api/session")
"""After these nothing is as it was."""

NO_SESSION: Answers = {"GET /api/session": 401, "DELETE /api/session": 401}
"""A token has none."""
ACCOUNT: Answers = {"GET /api/me": 200} | NO_SESSION
LISTS: Answers = {"GET /api/consults": 200}
OPENS: Answers = LISTS | {"POST /api/consults": 201}
READS: Answers = {
    f"GET {CONSULT}": 200,
    f"GET {CONSULT}/messages": 200,
    f"GET {CONSULT}/events": 200,
    f"PUT {CONSULT}/read": 204,
    f"GET {A_PHOTO}": 200,
}
SEES: Answers = {
    f"GET {A_PHOTO}/image": 200,
    f"GET {A_PHOTO}/preview": 200,
    f"GET {A_PHOTO}/dicom": 200,
    f"GET {A_PHOTO}/certificate": 200,
}
SPEAKS: Answers = {f"PUT {CONSULT}/messages/{{message_id}}": 201}
SENDS: Answers = {f"PUT {CONSULT}/photos/{{photo_id}}": 201, f"POST {A_PHOTO}/turn": 201}
CLOSES: Answers = {f"POST {CONSULT}/close": 200}


def told_no(routes: Iterable[str]) -> Answers:
    """Of what they know, or what anybody knows: 403, not 404."""
    return dict.fromkeys(routes, 403)


MEMBER: Answers = ACCOUNT | OPENS | READS | SEES | SPEAKS | SENDS
SPECIALIST: Answers = MEMBER | CLOSES
UNSAFE = {*SPEAKS, *SENDS, *CLOSES, f"PUT {CONSULT}/read", "POST /api/consults"}
SESSION: Answers = {"GET /api/session": 200, "DELETE /api/session": 204}


@dataclass(frozen=True)
class Kind:
    sends: Callable[[World], Awaitable[Headers]]
    answers: Answers = field(default_factory=dict[str, int])
    refused: int = 404
    taken: bool = True
    """Whether a specialist has taken the consult; else it waits in the inbox."""


def token_of(name: str) -> Callable[[World], Awaitable[Headers]]:
    async def headers(world: World) -> Headers:
        return {"Authorization": f"Bearer {world[name].token}"}

    return headers


def session_of(name: str, **changed: str | None) -> Callable[[World], Awaitable[Headers]]:
    """A browser's headers; `changed` are other ones, or None for one that is not sent."""

    async def headers(world: World) -> Headers:
        own = await open_session(world.server, world[name].user)
        renamed = {key.replace("_", "-").title(): value for key, value in changed.items()}
        return {
            key: value
            for key, value in ({key.title(): value for key, value in own.items()} | renamed).items()
            if value is not None
        }

    return headers


async def nobody(_: World) -> Headers:
    return {}


async def a_made_up_token(_: World) -> Headers:
    return {"Authorization": f"Bearer bct_{'0' * 32}_{'a' * 43}_00000000"}


async def another_scheme(world: World) -> Headers:
    return {"Authorization": f"Basic {world['specialist'].token}"}


async def a_made_up_session(_: World) -> Headers:
    return {"Cookie": "__Host-session=guessed", "Sec-Fetch-Site": "same-origin"}


async def an_ended_session(world: World) -> Headers:
    headers = await open_session(world.server, world["specialist"].user)
    answer = await world.server.client.delete("/api/session", headers=headers)
    assert answer.status_code == 204
    return headers


async def an_old_session(world: World) -> Headers:
    headers = await open_session(world.server, world["specialist"].user)
    async with world.server.backends.database.writes.begin() as session:
        actor, login = await accounts.actor_from_session(
            session, headers["Cookie"].removeprefix("__Host-session=")
        )
        old = await session.get_one(LoginSession, login.id)
        assert actor.user_id == old.user_id
        old.created_at = now() - timedelta(hours=13)
    return headers


async def a_revoked_token(world: World) -> Headers:
    async with world.server.backends.database.writes.begin() as session:
        user = world["specialist"].user
        secret = await accounts.create_token(session, user, name="lost")
        actor = await accounts.actor_from_token(session, secret)
        assert actor.via_id
        await accounts.revoke_token(session, actor.via_id)
    return {"Authorization": f"Bearer {secret}"}


async def an_expired_token(world: World) -> Headers:
    async with world.server.backends.database.writes.begin() as session:
        user, moment = world["specialist"].user, timedelta(microseconds=1)
        secret = await accounts.create_token(session, user, name="brief", lifetime=moment)
    return {"Authorization": f"Bearer {secret}"}


async def a_disabled_member(world: World) -> Headers:
    await world.let_in("former_specialist")
    async with world.server.backends.database.writes.begin() as session:
        (await session.get_one(User, world["former_specialist"].user.id)).active = False
    return {"Authorization": f"Bearer {world['former_specialist'].token}"}


async def both_at_once(world: World) -> Headers:
    return await open_session(world.server, world["specialist"].user) | {
        "Authorization": f"Bearer {world['specialist'].token}"
    }


ACTORS: dict[str, Kind] = {
    # Nobody, or nobody any more.
    "anonymous": Kind(nobody, refused=401),
    "with a made-up token": Kind(a_made_up_token, refused=401),
    "with another scheme": Kind(another_scheme, refused=401),
    "with a made-up session": Kind(a_made_up_session, refused=401),
    "with an ended session": Kind(an_ended_session, refused=401),
    "with an old session": Kind(an_old_session, refused=401),
    "with a revoked token": Kind(a_revoked_token, refused=401),
    "with an expired token": Kind(an_expired_token, refused=401),
    "a disabled member": Kind(a_disabled_member, refused=401),
    # Those that the consult is for.
    "the patient": Kind(token_of("patient"), MEMBER | told_no(CLOSES)),
    "the crew": Kind(token_of("crew"), MEMBER | told_no(CLOSES)),
    "the specialist": Kind(token_of("specialist"), SPECIALIST),
    "a specialist at the inbox": Kind(token_of("other_specialist"), SPECIALIST, taken=False),
    "the specialist in the browser": Kind(
        session_of("specialist"), SPECIALIST | SESSION, refused=404
    ),
    "the coordinator": Kind(
        token_of("coordinator"),
        ACCOUNT | OPENS | READS | SPEAKS | CLOSES | told_no(SEES | SENDS),
    ),
    # Those that it is not for.
    "another patient": Kind(token_of("other_patient"), ACCOUNT | OPENS),
    "another patient at the inbox": Kind(token_of("other_patient"), ACCOUNT | OPENS, taken=False),
    "another crew": Kind(token_of("other_crew"), ACCOUNT | OPENS),
    "another crew at the inbox": Kind(token_of("other_crew"), ACCOUNT | OPENS, taken=False),
    "another specialist": Kind(token_of("other_specialist"), ACCOUNT | OPENS),
    "an admin": Kind(
        token_of("admin"),
        ACCOUNT | LISTS | {"POST /api/consults": 403, "GET /metrics": 200},
    ),
    "a device with a person's token": Kind(
        token_of("device"), LISTS | {"POST /api/consults": 403} | NO_SESSION
    ),
    # Those whom a page of somebody else has a browser of a member send.
    "the specialist without the token of the page": Kind(
        session_of("specialist", x_csrf_token=None),
        {name: status for name, status in (SPECIALIST | SESSION).items() if name not in UNSAFE}
        | {"DELETE /api/session": 403, "GET /metrics": 404},
        refused=403,
    ),
    "the specialist on another page": Kind(
        session_of("specialist", sec_fetch_site="cross-site"),
        {name: status for name, status in (SPECIALIST | SESSION).items() if name not in UNSAFE}
        | {"DELETE /api/session": 403, "GET /metrics": 404}
        | told_no(SEES)
        | told_no(name for name in PUBLIC if name.startswith("POST")),
        refused=403,
    ),
    "the specialist twice": Kind(both_at_once, refused=400),
}
