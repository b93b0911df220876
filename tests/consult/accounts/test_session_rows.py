"""What is kept of a session, who is told of its end, and which ones an ending reaches."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from consult import accounts
from consult.accounts import sessions
from consult.accounts.tokens import revoke_tokens_of
from consult.bootstrap import Backends
from consult.errors import NotFound, NotSignedIn
from consult.models import (
    Actor,
    AuditRow,
    Credential,
    Device,
    LoginSession,
    Proof,
    Role,
    User,
    Via,
    now,
    private,
)

from .conftest import deactivate, make_user

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ENDED = r"^Your session has ended\. Sign in again\.$"


@pytest.fixture
async def eva(backends: Backends) -> User:
    return await make_user(backends, email="eva@example.org")


class TestRow:
    async def test_what_a_session_says_of_itself(self, backends: Backends, ana: User) -> None:
        at, passkey = now(), await make_passkey(backends, ana)
        secret = await opened(backends, ana, passkey=passkey, device="Firefox on Linux", at=at)
        actor, login = await presented(backends, secret, at=at)

        said = login.model_dump(exclude={"id", "token_hash"})
        assert said == {
            "user_id": ana.id,
            "credential_id": passkey.id,
            "device": "Firefox on Linux",
            "device_id": None,
            "created_at": at,
            "seen_at": at,
            "proved_at": at,
            "ended_at": None,
        }
        assert actor == Actor(
            ana.id, ana.role, ana.name, ana.email, Via.SESSION, login.id, Proof.FRESH
        )

    async def test_by_itself_it_names_no_browser_and_no_passkey(
        self, backends: Backends, ana: User
    ) -> None:
        before = now()
        _, login = await presented(backends, await opened(backends, ana))

        assert (login.device, login.credential_id, login.device_id) == ("", None, None)
        assert before <= login.created_at <= now()
        assert login.created_at == login.seen_at == login.proved_at

    async def test_it_is_on_record_by_whom_and_which(self, backends: Backends, ana: User) -> None:
        actor, login = await presented(backends, await opened(backends, ana))
        async with backends.database.writes.begin() as session:
            await accounts.rotate_session(session, actor, login)
        async with backends.database.writes.begin() as session:
            await accounts.end_session(session, actor, login)

        assert await deeds(backends) == [
            (word, str(login.id), str(ana.id), str(login.id))
            for word in ("session.opened", "session.proved", "session.ended")
        ]

    async def test_the_one_that_is_renewed_is_seen_and_proved_now(
        self, backends: Backends, ana: User
    ) -> None:
        start = now() - MINUTE
        actor, login = await presented(backends, await opened(backends, ana, at=start), at=start)
        before = now()
        async with backends.database.writes.begin() as session:
            secret = await accounts.rotate_session(session, actor, login)
        _, renewed = await presented(backends, secret)

        assert renewed.id == login.id
        assert renewed.created_at == start
        assert renewed.proved_at is not None
        assert before <= renewed.proved_at == renewed.seen_at <= now()

    async def test_whoever_comes_too_late_is_told_to_sign_in(
        self, backends: Backends, ana: User
    ) -> None:
        secret = await opened(backends, ana)
        actor, login = await presented(backends, secret)
        async with backends.database.writes.begin() as session:
            await accounts.end_session(session, actor, login)

        async with backends.database.writes() as session:
            with pytest.raises(NotSignedIn, match=ENDED):
                await accounts.actor_from_session(session, secret)
            with pytest.raises(NotSignedIn, match=ENDED):
                await accounts.rotate_session(session, actor, login)

    async def test_somebody_elses_is_not_renewed_with_it(
        self, backends: Backends, ana: User, eva: User
    ) -> None:
        theirs = await opened(backends, eva)
        actor, login = await presented(backends, await opened(backends, ana))
        async with backends.database.writes.begin() as session:
            await accounts.rotate_session(session, actor, login)

        assert (await presented(backends, theirs))[0].user_id == eva.id


class TestLimits:
    """SE-3. On the tablet of an ambulance nobody's session is longer than the crew's."""

    @pytest.mark.parametrize(
        ("role", "idle", "absolute"),
        [
            (Role.PATIENT, 5 * MINUTE, 12 * HOUR),
            (Role.EMS, 5 * MINUTE, 12 * HOUR),
            (Role.ADMIN, 5 * MINUTE, 4 * HOUR),
        ],
    )
    async def test_on_a_tablet(
        self, backends: Backends, role: Role, idle: timedelta, absolute: timedelta
    ) -> None:
        start, user = now(), await make_user(backends, role=role)
        tablet = await make_tablet(backends)
        secret = await opened(backends, user, at=start, device_id=tablet)
        actor, login = await presented(backends, secret, at=start)

        assert actor.device_id == tablet
        assert sessions.expiry_of(login, role) == (start + idle, start + absolute)

    async def test_a_touch_is_due_a_minute_after_the_last(
        self, backends: Backends, ana: User
    ) -> None:
        _, login = await presented(backends, await opened(backends, ana))
        assert not sessions.touch_is_due(login)
        login.seen_at = now() - MINUTE
        assert sessions.touch_is_due(login)

    async def test_a_touch_moves_its_own_session_alone_and_to_now(
        self, backends: Backends, ana: User, eva: User
    ) -> None:
        start = now() - 2 * MINUTE
        theirs = await opened(backends, eva, at=start)
        secret = await opened(backends, ana, at=start)
        async with backends.database.writes.begin() as session:
            _, login = await accounts.actor_from_session(session, secret)
            await accounts.touch(session, login)
            assert login.seen_at > start + MINUTE
            assert login not in session.dirty

        assert (await presented(backends, secret))[1].seen_at > start + MINUTE
        assert (await presented(backends, theirs))[1].seen_at == start

    async def test_what_was_not_touched_alive_is_not_said_to_be_seen(
        self, backends: Backends, ana: User
    ) -> None:
        actor, login = await presented(backends, await opened(backends, ana))
        async with backends.database.writes.begin() as session:
            await accounts.end_session(session, actor, login)
            seen = login.seen_at
            await accounts.touch(session, login, at=now() + MINUTE)

        assert login.seen_at == seen


class TestProof:
    """SE-4."""

    async def test_nothing_is_fresh_while_the_account_is_read_only(
        self, backends: Backends, ana: User
    ) -> None:
        at = now()
        _, login = await presented(backends, await opened(backends, ana, at=at), at=at)
        ana.read_only_until = at + MINUTE

        assert sessions.proof_of(login, ana, at) is Proof.SESSION
        assert sessions.proof_of(login, ana, at + MINUTE) is Proof.FRESH

    async def test_what_was_never_proved_is_not_fresh(self, backends: Backends, ana: User) -> None:
        at = now()
        _, login = await presented(backends, await opened(backends, ana, at=at), at=at)
        login.proved_at = None

        assert sessions.proof_of(login, ana, at) is Proof.SESSION


class TestList:
    async def test_ones_own_that_go_on_the_one_seen_last_first(
        self, backends: Backends, ana: User, eva: User
    ) -> None:
        start = now()
        for minutes in (2, 0, 1, 15):  # the last has ended by idleness
            await opened(backends, ana, device=f"{minutes}", at=start - minutes * MINUTE)
        await opened(backends, eva)
        actor, login = await presented(backends, await opened(backends, ana))
        async with backends.database.writes.begin() as session:
            await accounts.end_session(session, actor, login)

        async with backends.database.reads() as session:
            listed = await accounts.list_sessions(session, actor)
        assert [each.device for each in listed] == ["0", "1", "2"]

    async def test_one_of_ones_own_is_ended_and_nobody_elses(
        self, backends: Backends, ana: User, eva: User
    ) -> None:
        """SE-5 in part."""
        secret, other = await opened(backends, ana), await opened(backends, ana)
        theirs = await opened(backends, eva)
        actor, login = await presented(backends, secret)
        async with backends.database.writes.begin() as session:
            await accounts.end_own_session(session, actor, login.id)
            for foreign in (login.id, (await presented(backends, theirs))[1].id, uuid4()):
                with pytest.raises(NotFound):
                    await accounts.end_own_session(session, actor, foreign)

        assert await alive(backends, secret, other, theirs) == [False, True, True]


class TestEndings:
    """SE-5. An ending reaches the sessions it is about, and tells the streams."""

    async def test_of_one_person(self, backends: Backends, ana: User, eva: User) -> None:
        secrets = [await opened(backends, user) for user in (ana, ana, eva)]
        before = now()
        with backends.doorbell.subscribe(accounts.topic_of_user(ana.id)) as bell:
            async with backends.database.writes.begin() as session:
                await accounts.end_sessions_of(session, ana.id, by=None)
                assert not bell.is_set()
            assert bell.is_set()

        assert await alive(backends, *secrets) == [False, False, True]
        assert [word for word, *_ in await deeds(backends)].count("session.ended") == 2
        async with backends.database.reads() as session:
            ends = (await session.exec(select(LoginSession.ended_at))).all()
        assert sorted(end is not None and before <= end <= now() for end in ends) == [
            False,
            True,
            True,
        ]

    async def test_by_one_passkey(self, backends: Backends, ana: User) -> None:
        lost, kept = await make_passkey(backends, ana), await make_passkey(backends, ana)
        secrets = [await opened(backends, ana, passkey=one) for one in (lost, kept, None)]
        async with backends.database.writes.begin() as session:
            await accounts.end_sessions_of(session, ana.id, by=None, credential_id=lost.id)

        assert await alive(backends, *secrets) == [False, True, True]

    async def test_all_but_the_one_at_hand(self, backends: Backends, ana: User) -> None:
        secrets = [await opened(backends, ana) for _ in range(2)]
        actor, login = await presented(backends, secrets[0])
        async with backends.database.writes.begin() as session:
            await accounts.end_sessions_of(session, ana.id, by=actor, except_id=login.id)

        assert await alive(backends, *secrets) == [True, False]
        assert (await deeds(backends))[-1][2] == str(ana.id)

    async def test_what_ended_before_is_not_ended_again(
        self, backends: Backends, ana: User
    ) -> None:
        await opened(backends, ana)
        for _ in range(2):
            async with backends.database.writes.begin() as session:
                await accounts.end_sessions_of(session, ana.id, by=None)

        assert [word for word, *_ in await deeds(backends)] == ["session.opened", "session.ended"]

    async def test_the_end_of_one_rings_when_it_is_done_and_for_its_user_alone(
        self, backends: Backends, ana: User, eva: User
    ) -> None:
        actor, login = await presented(backends, await opened(backends, ana))
        others = backends.doorbell.subscribe(accounts.topic_of_user(eva.id))
        with backends.doorbell.subscribe(accounts.topic_of_user(ana.id)) as bell, others as quiet:
            async with backends.database.writes() as session:
                await accounts.end_session(session, actor, login)
                await session.rollback()
            assert not bell.is_set()
            async with backends.database.writes.begin() as session:
                await accounts.end_session(session, actor, login)
            assert bell.is_set()
            bell.clear()
            async with backends.database.writes.begin() as session:
                await accounts.end_session(session, actor, login)
            assert not bell.is_set()  # there was nothing left to end
            assert not quiet.is_set()

    async def test_only_its_own_session_ends(self, backends: Backends, ana: User) -> None:
        secrets = [await opened(backends, ana) for _ in range(2)]
        actor, login = await presented(backends, secrets[0])
        before = now()
        async with backends.database.writes.begin() as session:
            await accounts.end_session(session, actor, login)
        async with backends.database.reads() as session:
            ended_at = (await session.get_one(LoginSession, login.id)).ended_at

        assert await alive(backends, *secrets) == [False, True]
        assert ended_at is not None
        assert before <= ended_at <= now()


class TestStandings:
    """SE-5. What another process changed is seen by comparing."""

    async def test_role_sessions_and_tokens_of_each_and_the_disabled_are_not_there(
        self, backends: Backends, ana: User, eva: User
    ) -> None:
        gone = await make_user(backends, email="gone@example.org")
        await deactivate(backends, gone)
        for user in (ana, ana, ana, eva):
            secret = await opened(backends, user)
        actor, login = await presented(backends, secret)
        async with backends.database.writes.begin() as session:
            await accounts.end_session(session, actor, login)
            for name in ("one", "two"):
                await accounts.create_token(session, ana, name=name)
            await accounts.create_token(session, eva, name="old")
            await revoke_tokens_of(session, eva.id, actor=None)

        async with backends.database.reads() as session:
            asked = [ana.id, eva.id, gone.id, uuid4()]
            found = await accounts.standings(session, asked)
            alone = await accounts.standings(session, [eva.id])
        assert found == {
            ana.id: accounts.Standing(Role.PATIENT, 3, 2),
            eva.id: accounts.Standing(Role.PATIENT, 0, 0),
        }
        assert alone.keys() == {eva.id}

    def test_a_topic_is_somebodys_or_of_something_else(self) -> None:
        user_id = uuid4()

        assert accounts.topic_of_user(user_id) == f"user:{user_id}"
        assert accounts.user_of_topic(f"user:{user_id}") == user_id
        assert accounts.user_of_topic(f"consult:{user_id}") is None


async def opened(backends: Backends, user: User, **more: Any) -> str:
    async with backends.database.writes.begin() as session:
        return await accounts.open_session(session, user, **more)


async def presented(backends: Backends, secret: str, **more: Any) -> tuple[Actor, LoginSession]:
    async with backends.database.reads() as session:
        return await accounts.actor_from_session(session, secret, **more)


async def alive(backends: Backends, *secrets: str) -> list[bool]:
    async def one(secret: str) -> bool:
        try:
            await presented(backends, secret)
        except NotSignedIn:
            return False
        return True

    return [await one(secret) for secret in secrets]


async def deeds(backends: Backends) -> list[tuple[str, str | None, str | None, str | None]]:
    """What was done to sessions: the deed, to which, by whom, by way of which session."""
    query = (
        select(AuditRow.action, AuditRow.object_id, AuditRow.actor_id, AuditRow.via_id)
        .where(col(AuditRow.action).startswith("session."))
        .order_by(col(AuditRow.seq))
    )
    async with backends.database.reads() as session:
        return [(row[0], row[1], row[2], row[3]) for row in (await session.exec(query)).all()]


async def make_passkey(backends: Backends, user: User) -> Credential:
    passkey = Credential(
        user_id=user.id,
        credential_id=uuid4().bytes,
        public_key=b"key",
        backup_eligible=False,
        backed_up=False,
        rp_id="consult.test",
        name=private("phone", user.id),
    )
    async with backends.database.writes.begin() as session:
        session.add(passkey)
    return passkey


async def make_tablet(backends: Backends) -> UUID:
    user = await make_user(backends, email="tablet@example.org", role=Role.DEVICE)
    tablet = Device(user_id=user.id, code_hash=b"code", code_expires_at=now())
    async with backends.database.writes.begin() as session:
        session.add(tablet)
    return tablet.id
