import re
import zlib
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.exc import UnboundExecutionError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import accounts
from consult.access import Action, require
from consult.bootstrap import Backends
from consult.errors import Forbidden, InvalidFields, NotFound, NotSignedIn
from consult.models import Actor, ApiToken, User, Via, now

from .conftest import deactivate


async def test_a_token_acts_as_its_user(backends: Backends, ana: User) -> None:
    secret = await make_token(backends, ana)

    actor = await who(backends, secret)

    assert (actor.user_id, actor.role, actor.via) == (ana.id, ana.role, Via.TOKEN)


async def test_its_form_lets_a_scanner_recognise_it_and_only_its_hash_is_kept(
    backends: Backends, ana: User
) -> None:
    secret = await make_token(backends, ana)

    (row,) = await all_tokens(backends)
    parts = re.fullmatch(r"(bct_([0-9a-f]{32})_([0-9A-Za-z]{43}))_([0-9a-f]{8})", secret)
    assert parts
    assert parts[2] == row.id.hex
    assert int(parts[4], 16) == zlib.crc32(parts[1].encode())
    assert parts[3] not in repr(row)


async def test_no_two_are_alike(backends: Backends, ana: User) -> None:
    assert await make_token(backends, ana) != await make_token(backends, ana)


async def test_it_lives_for_90_days_and_not_a_second_more(backends: Backends, ana: User) -> None:
    secret = await make_token(backends, ana)
    (row,) = await all_tokens(backends)

    last = row.created_at + timedelta(days=90)
    async with backends.database.reads() as session:
        await accounts.actor_from_token(session, secret, at=last - timedelta(seconds=1))
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_token(session, secret, at=last)


@pytest.mark.parametrize("days", [0, -1, 367])
async def test_nobody_may_ask_for_a_longer_life_or_for_none(
    backends: Backends, ana: User, days: int
) -> None:
    with pytest.raises(InvalidFields) as refused:
        await make_token(backends, ana, lifetime=timedelta(days=days))
    assert set(refused.value.faults) == {"lifetime"}


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a" * 101])
async def test_it_has_a_name_that_can_be_printed(backends: Backends, ana: User, name: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        await make_token(backends, ana, name=name)
    assert set(refused.value.faults) == {"name"}


async def test_a_revoked_token_is_refused_and_stays_on_record(
    backends: Backends, ana: User
) -> None:
    secret = await make_token(backends, ana)
    (row,) = await all_tokens(backends)

    async with backends.database.writes.begin() as session:
        await accounts.revoke_token(session, row.id)

    with pytest.raises(NotSignedIn):
        await who(backends, secret)
    (revoked,) = await all_tokens(backends)
    assert revoked.revoked_at


async def test_revoking_twice_keeps_the_first_moment(backends: Backends, ana: User) -> None:
    await make_token(backends, ana)
    (row,) = await all_tokens(backends)

    moments: list[object] = []
    for _ in range(2):
        async with backends.database.writes.begin() as session:
            await accounts.revoke_token(session, row.id)
        (revoked,) = await all_tokens(backends)
        moments.append(revoked.revoked_at)
    assert moments[0] == moments[1]


async def test_an_unknown_token_cannot_be_revoked(backends: Backends) -> None:
    async with backends.database.writes.begin() as session:
        with pytest.raises(NotFound):
            await accounts.revoke_token(session, uuid4())


async def test_it_is_worth_nothing_once_its_user_is_inactive(backends: Backends, ana: User) -> None:
    """SE-5."""
    secret = await make_token(backends, ana)
    await deactivate(backends, ana)

    with pytest.raises(NotSignedIn):
        await who(backends, secret)


async def test_whatever_is_not_the_whole_token_is_refused(backends: Backends, ana: User) -> None:
    secret = await make_token(backends, ana)
    other = await make_token(backends, ana)
    _, token_id, random, checksum = secret.split("_")
    body = f"bct_{token_id}_{other.split('_')[2]}"
    forged = f"{body}_{zlib.crc32(body.encode()):08x}"

    for word in ("", "bct_", token_id, random, secret[:-1], secret + "0", secret.upper(), forged):
        with pytest.raises(NotSignedIn):
            await who(backends, word)
    with pytest.raises(NotSignedIn):
        await who(backends, f"bct_{token_id}_{random}_{int(checksum, 16) ^ 1:08x}")


async def test_a_mistyped_token_is_refused_before_the_database_is_asked(
    backends: Backends, ana: User
) -> None:
    secret = await make_token(backends, ana)
    mistyped = f"{secret[:-8]}{int(secret[-8:], 16) ^ 1:08x}"

    async with AsyncSession() as no_database:
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_token(no_database, mistyped)
        with pytest.raises(UnboundExecutionError):
            await accounts.actor_from_token(no_database, secret)


async def test_its_last_use_is_noted_at_most_once_a_minute(backends: Backends, ana: User) -> None:
    actor = await who(backends, await make_token(backends, ana))
    assert await touch_is_due(backends, actor)

    async with backends.database.writes.begin() as session:
        await accounts.touch_token(session, actor)
    assert not await touch_is_due(backends, actor)

    async with backends.database.writes.begin() as session:
        (await session.get_one(ApiToken, actor.via_id)).used_at = now() - timedelta(minutes=1)
    assert await touch_is_due(backends, actor)


class TestScopes:
    async def test_without_any_it_is_for_all_that_its_user_may_do(
        self, backends: Backends, ana: User
    ) -> None:
        assert (await who(backends, await make_token(backends, ana))).scopes is None

    async def test_a_group_is_its_actions_and_an_action_is_itself(
        self, backends: Backends, ana: User
    ) -> None:
        secret = await make_token(backends, ana, scopes=["send", "consult.list"])

        assert (await who(backends, secret)).scopes == {
            "consult.open",
            "message.post",
            "photo.attach",
            "consult.list",
        }

    @pytest.mark.parametrize("scope", ["", "everything", "user.disable", "account.come_in", "READ"])
    async def test_the_list_is_closed_and_holds_nothing_that_takes_a_passkey(
        self, backends: Backends, ana: User, scope: str
    ) -> None:
        with pytest.raises(InvalidFields) as refused:
            await make_token(backends, ana, scopes=[scope])
        assert set(refused.value.faults) == {"scopes"}
        assert set(accounts.scope_names()) >= {"read", "send", "write", "photo.attach"}

    async def test_outside_of_them_it_is_refused_by_the_decision(
        self, backends: Backends, ana: User
    ) -> None:
        actor = await who(backends, await make_token(backends, ana, scopes=["read"]))

        require(actor, Action.CONSULT_LIST)
        with pytest.raises(Forbidden) as refused:
            require(actor, Action.CONSULT_OPEN)
        assert refused.value.code == "out_of_scope"


class TestNetwork:
    @pytest.mark.parametrize(
        ("network", "address"),
        [
            ("192.0.2.0/24", "192.0.2.9"),
            ("2001:db8::/32", "2001:db8::1"),
            ("192.0.2.9", "192.0.2.9"),
        ],
    )
    async def test_it_is_taken_from_where_it_is_for(
        self, backends: Backends, ana: User, network: str, address: str
    ) -> None:
        secret = await make_token(backends, ana, network=network)

        assert (await who(backends, secret, address=address)).user_id == ana.id

    @pytest.mark.parametrize("address", ["192.0.3.9", "2001:db8::1", "", "testclient"])
    async def test_and_from_nowhere_else(self, backends: Backends, ana: User, address: str) -> None:
        secret = await make_token(backends, ana, network="192.0.2.0/24")

        with pytest.raises(NotSignedIn):
            await who(backends, secret, address=address)

    @pytest.mark.parametrize("network", ["here", "192.0.2.1/24", "192.0.2.0/33", "10.0.0.0/8,x"])
    async def test_whatever_is_no_network_is_refused(
        self, backends: Backends, ana: User, network: str
    ) -> None:
        with pytest.raises(InvalidFields) as refused:
            await make_token(backends, ana, network=network)
        assert set(refused.value.faults) == {"network"}


async def test_one_that_nobody_used_for_a_year_is_taken_no_more(
    backends: Backends, ana: User
) -> None:
    secret = await make_token(backends, ana, lifetime=timedelta(days=366))
    (row,) = await all_tokens(backends)
    year, second = timedelta(days=365), timedelta(seconds=1)

    async with backends.database.reads() as session:
        await accounts.actor_from_token(session, secret, at=row.created_at + year - second)
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_token(session, secret, at=row.created_at + year)
    assert accounts.state_of(row, at=row.created_at + year) == "unused"
    assert accounts.state_of(row, at=row.expires_at) == "expired"
    assert accounts.state_of(row) == "live"


async def test_one_that_was_used_meanwhile_is(backends: Backends, ana: User) -> None:
    secret = await make_token(backends, ana, lifetime=timedelta(days=366))
    async with backends.database.writes.begin() as session:
        row = (await session.exec(select(ApiToken))).one()
        row.used_at = row.created_at + timedelta(days=1)
        made_at = row.created_at

    async with backends.database.reads() as session:
        at = made_at + timedelta(days=365, hours=1)
        assert (await accounts.actor_from_token(session, secret, at=at)).user_id == ana.id


async def make_token(
    backends: Backends,
    user: User,
    *,
    name: str = "ambulance 7",
    lifetime: timedelta = timedelta(days=90),
    scopes: list[str] | None = None,
    network: str | None = None,
) -> str:
    async with backends.database.writes.begin() as session:
        return await accounts.create_token(
            session, user, name=name, lifetime=lifetime, scopes=scopes, network=network
        )


async def who(backends: Backends, secret: str, *, address: str = "") -> Actor:
    async with backends.database.reads() as session:
        return await accounts.actor_from_token(session, secret, address=address)


async def touch_is_due(backends: Backends, actor: Actor) -> bool:
    async with backends.database.reads() as session:
        return await accounts.token_touch_is_due(session, actor)


async def all_tokens(backends: Backends) -> list[ApiToken]:
    async with backends.database.reads() as session:
        return list(await session.exec(select(ApiToken)))
