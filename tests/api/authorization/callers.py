"""What each kind of caller sends to show who they are."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from httpx2 import AsyncClient

from consult import accounts, devices
from consult.models import LoginSession, Participant, Proxy, User, now
from tests.api.authorization.world import World, give_passkeys, hide_from_proxies
from tests.factories import signed_in
from tests.tablet import COOKIE as DEVICE_COOKIE
from tests.tablet import Tablet

Headers = dict[str, str]
Caller = Callable[[World], Awaitable[Headers]]

LONG_AGO = timedelta(hours=13)


def token_of(name: str) -> Caller:
    async def headers(world: World) -> Headers:
        return {"Authorization": f"Bearer {world[name].token}"}

    return headers


def session_of(name: str, **changed: str | None) -> Caller:
    """A browser, signed in just now; `changed` are other headers, or None for one not sent."""

    async def headers(world: World) -> Headers:
        person = await signed_in(world.server.backends, world[name])
        elsewhere = await signed_in(world.server.backends, world[name])
        world.ids["session_id"] = await _session_id(world, elsewhere.token)
        world.ids["passkey_id"] = await give_passkeys(world, person.user)
        other = {key.replace("_", "-").title(): value for key, value in changed.items()}
        sent = {key.title(): value for key, value in person.credentials().items()} | other
        return {key: value for key, value in sent.items() if value is not None}

    return headers


def after(happened: Callable[[World], Awaitable[None]], caller: Caller) -> Caller:
    """The same caller, once something has happened."""

    async def headers(world: World) -> Headers:
        await happened(world)
        return await caller(world)

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
    headers = (await signed_in(world.server.backends, world["specialist"])).credentials()
    answer = await world.server.client.delete("/api/session", headers=headers)
    assert answer.status_code == 204
    return headers


async def an_old_session(world: World) -> Headers:
    person = await signed_in(world.server.backends, world["specialist"])
    session_id = await _session_id(world, person.token)
    await world.change(LoginSession, UUID(session_id), created_at=now() - LONG_AGO)
    return person.credentials()


async def a_revoked_token(world: World) -> Headers:
    async with world.server.backends.database.writes.begin() as session:
        secret = await accounts.create_token(session, world["specialist"].user, name="lost")
        actor = await accounts.actor_from_token(session, secret)
        assert actor.via_id
        await accounts.revoke_token(session, actor.via_id)
    return {"Authorization": f"Bearer {secret}"}


async def an_expired_token(world: World) -> Headers:
    async with world.server.backends.database.writes.begin() as session:
        user, moment = world["specialist"].user, timedelta(microseconds=1)
        secret = await accounts.create_token(session, user, name="brief", lifetime=moment)
    return {"Authorization": f"Bearer {secret}"}


async def a_narrow_token(world: World) -> Headers:
    async with world.server.backends.database.writes.begin() as session:
        user, scopes = world["specialist"].user, ["consult.list"]
        secret = await accounts.create_token(session, user, name="narrow", scopes=scopes)
    return {"Authorization": f"Bearer {secret}"}


async def both_at_once(world: World) -> Headers:
    person = await signed_in(world.server.backends, world["specialist"])
    return person.credentials() | {"Authorization": f"Bearer {world['specialist'].token}"}


async def a_tablet(world: World) -> Headers:
    """Enrolled, and nobody signed in on it."""
    async with world.server.backends.database.writes.begin() as session:
        _, code = await devices.add_device(session, name="Medic 7")
    async with AsyncClient(base_url=world.server.origin) as browser:
        tablet = Tablet(browser, world.server.origin)
        answer = await tablet.enrol(code)
    cookie = answer.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith(DEVICE_COOKIE)
    return {"Cookie": cookie, **tablet.own_page}


async def a_link(world: World) -> Headers:
    """To send photos by, without an account."""
    return {"Authorization": f"Link {world.link.partition('#t=')[2]}"}


async def shut_out(world: World) -> None:
    await world.change(User, world["specialist"].user.id, active=False)


async def the_guest_is_sent_away(world: World) -> None:
    await world.change(Participant, _seat_of(world, "guest"), ended_at=now())


async def the_guests_time_is_over(world: World) -> None:
    await world.change(Participant, _seat_of(world, "guest"), expires_at=now())


async def whoever_asked_the_guest_in_leaves(world: World) -> None:
    await world.change(Participant, _seat_of(world, "specialist"), ended_at=now())


async def the_parents_part_ends(world: World) -> None:
    await world.change(Proxy, UUID(world.ids["proxy_id"]), ended_at=now())


async def the_patient_keeps_it_to_themselves(world: World) -> None:
    await hide_from_proxies(world)


async def _session_id(world: World, secret: str) -> str:
    async with world.server.backends.database.reads() as session:
        _, login = await accounts.actor_from_session(session, secret)
    return str(login.id)


def _seat_of(world: World, name: str) -> tuple[object, object]:
    return world.consult_id, world[name].user.id
