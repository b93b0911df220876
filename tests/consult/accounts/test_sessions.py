from datetime import timedelta

import pytest
from sqlmodel import select

from consult import accounts
from consult.bootstrap import Backends
from consult.errors import NotSignedIn
from consult.models import AuditRow, LoginSession, Proof, Role, User, Via, now

from .conftest import deactivate, make_user

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

LIMITS = {
    Role.PATIENT: (15 * MINUTE, 12 * HOUR),
    Role.EMS: (5 * MINUTE, 12 * HOUR),
    Role.SPECIALIST: (15 * MINUTE, 12 * HOUR),
    Role.COORDINATOR: (15 * MINUTE, 12 * HOUR),
    Role.ADMIN: (10 * MINUTE, 4 * HOUR),
}


async def test_the_secret_has_256_bits_and_only_its_hash_is_kept(
    backends: Backends, ana: User
) -> None:
    """SE-1."""
    secret = await sign_in(backends, ana)

    async with backends.database.reads() as session:
        actor, login = await accounts.actor_from_session(session, secret)
    assert len(secret) == 43
    assert secret not in repr(login)
    assert (actor.user_id, actor.via, actor.via_id) == (ana.id, Via.SESSION, login.id)


@pytest.mark.parametrize("role", list(LIMITS))
async def test_idleness_ends_it_to_the_second(backends: Backends, role: Role) -> None:
    """SE-3."""
    start, (idle, _) = now(), LIMITS[role]
    user = await make_user(backends, role=role)
    async with backends.database.writes.begin() as session:
        secret = await accounts.open_session(session, user, at=start)

    async with backends.database.reads() as session:
        await accounts.actor_from_session(session, secret, at=start + idle - SECOND)
        for late in (idle, idle + SECOND):
            with pytest.raises(NotSignedIn):
                await accounts.actor_from_session(session, secret, at=start + late)


@pytest.mark.parametrize("role", list(LIMITS))
async def test_age_ends_it_to_the_second_however_busy_it_is(backends: Backends, role: Role) -> None:
    """SE-3."""
    start, (idle, absolute) = now(), LIMITS[role]
    user = await make_user(backends, role=role)
    async with backends.database.writes.begin() as session:
        secret = await accounts.open_session(session, user, at=start)

    time = start
    while time < start + absolute - SECOND:
        time = min(time + idle - SECOND, start + absolute - SECOND)
        async with backends.database.writes.begin() as session:
            _, login = await accounts.actor_from_session(session, secret, at=time)
            await accounts.touch(session, login, at=time)

    async with backends.database.reads() as session:
        await accounts.actor_from_session(session, secret, at=time)
        for late in (absolute, absolute + SECOND):
            with pytest.raises(NotSignedIn):
                await accounts.actor_from_session(session, secret, at=start + late)


async def test_it_says_when_it_will_end(backends: Backends, ana: User) -> None:
    secret = await sign_in(backends, ana)

    async with backends.database.reads() as session:
        _, login = await accounts.actor_from_session(session, secret)
    idle, absolute = LIMITS[ana.role]
    ends = (login.seen_at + idle, login.created_at + absolute)
    assert accounts.expiry_of(login, ana.role) == ends


async def test_it_is_touched_at_most_once_a_minute(backends: Backends, ana: User) -> None:
    start = now()
    async with backends.database.writes.begin() as session:
        secret = await accounts.open_session(session, ana, at=start)

    seen: list[timedelta] = []
    for after in (59, 60, 61, 119, 120):
        async with backends.database.writes.begin() as session:
            _, login = await accounts.actor_from_session(session, secret, at=start)
            await accounts.touch(session, login, at=start + after * SECOND)
        async with backends.database.reads() as session:
            _, login = await accounts.actor_from_session(session, secret, at=start)
            seen.append(login.seen_at - start)

    assert seen == [0 * SECOND, 60 * SECOND, 60 * SECOND, 60 * SECOND, 120 * SECOND]


async def test_once_ended_it_is_refused_and_cannot_be_touched_alive(
    backends: Backends, ana: User
) -> None:
    """SE-2."""
    secret = await sign_in(backends, ana)
    async with backends.database.writes.begin() as session:
        actor, login = await accounts.actor_from_session(session, secret)
        await accounts.end_session(session, actor, login)
        await accounts.end_session(session, actor, login)
        await accounts.touch(session, login, at=now() + MINUTE)

    async with backends.database.reads() as session:
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_session(session, secret)
        row = (await session.exec(select(LoginSession))).one()
        endings = select(AuditRow).where(AuditRow.action == "session.ended")
        assert len((await session.exec(endings)).all()) == 1
    assert row.seen_at < now() + MINUTE - SECOND


async def test_it_is_worth_nothing_once_its_user_is_inactive(backends: Backends, ana: User) -> None:
    """SE-5."""
    secret = await sign_in(backends, ana)
    await deactivate(backends, ana)

    async with backends.database.reads() as session:
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_session(session, secret)


@pytest.mark.parametrize("role", list(LIMITS))
async def test_the_touch_of_a_passkey_is_fresh_for_five_minutes_to_the_second(
    backends: Backends, role: Role
) -> None:
    """SE-4. From the sign-in on."""
    start, user = now(), await make_user(backends, role=role)
    async with backends.database.writes.begin() as session:
        secret = await accounts.open_session(session, user, at=start)

    proofs: list[Proof] = []
    async with backends.database.reads() as session:
        for after in (0 * SECOND, 5 * MINUTE - SECOND):
            actor, _ = await accounts.actor_from_session(session, secret, at=start + after)
            proofs.append(actor.proof)
    if LIMITS[role][0] > 5 * MINUTE:  # idleness would end it at the same second
        async with backends.database.reads() as session:
            actor, _ = await accounts.actor_from_session(session, secret, at=start + 5 * MINUTE)
        assert actor.proof is Proof.SESSION
    assert proofs == [Proof.FRESH, Proof.FRESH]


async def test_a_touch_in_between_makes_it_fresh_and_the_session_no_younger(
    backends: Backends, ana: User
) -> None:
    """SE-2, SE-4. The one that was presented until then is dead."""
    start = now()
    async with backends.database.writes.begin() as session:
        old = await accounts.open_session(session, ana, at=start)
        actor, login = await accounts.actor_from_session(session, old, at=start)
        new = await accounts.rotate_session(session, actor, login, at=start + 10 * MINUTE)

    async with backends.database.reads() as session:
        actor, login = await accounts.actor_from_session(session, new, at=start + 14 * MINUTE)
        assert (actor.proof, login.created_at) == (Proof.FRESH, start)
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_session(session, old, at=start)


async def test_one_that_has_ended_cannot_be_made_fresh(backends: Backends, ana: User) -> None:
    secret = await sign_in(backends, ana)
    async with backends.database.writes.begin() as session:
        actor, login = await accounts.actor_from_session(session, secret)
        await accounts.end_session(session, actor, login)
        with pytest.raises(NotSignedIn):
            await accounts.rotate_session(session, actor, login)


async def test_another_role_is_another_sign_in(backends: Backends, ana: User) -> None:
    """SE-2. And nothing that was given before opens anything."""
    secret = await sign_in(backends, ana)
    async with backends.database.writes.begin() as session:
        token = await accounts.create_token(session, ana, name="old")
        user = await accounts.get_user(session, ana.id)
        await accounts.change_role(session, user, Role.EMS)

    async with backends.database.reads() as session:
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_session(session, secret)
        with pytest.raises(NotSignedIn):
            await accounts.actor_from_token(session, token)
        assert (await accounts.get_user(session, ana.id)).role is Role.EMS


async def test_any_other_word_is_refused(backends: Backends, ana: User) -> None:
    await sign_in(backends, ana)

    async with backends.database.reads() as session:
        for word in ("", "x", "a" * 43):
            with pytest.raises(NotSignedIn):
                await accounts.actor_from_session(session, word)


async def sign_in(backends: Backends, user: User) -> str:
    async with backends.database.writes.begin() as session:
        return await accounts.open_session(session, user)
