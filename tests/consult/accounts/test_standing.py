"""Whether somebody may come in at all, and as what: every change closes all their ways in."""

from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import accounts
from consult.accounts import standing
from consult.accounts.secret import hash_of
from consult.bootstrap import Backends
from consult.errors import Conflict, Forbidden, InvalidFields
from consult.models import (
    Actor,
    ApiToken,
    AuditRow,
    Invitation,
    LoginSession,
    RecoveryCode,
    RecoveryMethod,
    Role,
    User,
    Via,
    now,
)

from .conftest import make_user

Deed = Callable[[AsyncSession, User], Awaitable[None]]


async def disabled(session: AsyncSession, user: User) -> None:
    await standing.disable_user(session, user)


async def made_crew(session: AsyncSession, user: User) -> None:
    await standing.change_role(session, user, Role.EMS)


@pytest.fixture
async def eva(backends: Backends) -> User:
    """Somebody beside, with the same ways in."""
    user = await make_user(backends, email="eva@example.org")
    await give_ways_in(backends, user)
    return user


class TestWaysIn:
    """SE-2, SE-5."""

    @pytest.mark.parametrize("deed", [disabled, made_crew])
    async def test_all_are_closed_but_the_saved_codes_and_nobody_elses(
        self, backends: Backends, ana: User, eva: User, deed: Deed
    ) -> None:
        await give_ways_in(backends, ana)
        assert await ways_in(backends, ana) == await ways_in(backends, eva)

        await change(backends, ana, deed)

        assert await ways_in(backends, ana) == {"saved"}
        assert await ways_in(backends, eva) == {
            *("session", "token", "invitation", "saved", "mail", "witness")
        }

    async def test_codes_that_were_used_or_ended_before_stay_as_they_were(
        self, backends: Backends, ana: User
    ) -> None:
        at = now()
        used = RecoveryCode(
            user_id=ana.id, method=RecoveryMethod.WITNESS, code_hash=b"used", used_at=at
        )
        ended = RecoveryCode(
            user_id=ana.id, method=RecoveryMethod.WITNESS, code_hash=b"ended", revoked_at=at
        )
        async with backends.database.writes.begin() as session:
            session.add_all([used, ended])
        await change(backends, ana, disabled)

        async with backends.database.reads() as session:
            rows = (await session.exec(select(RecoveryCode).order_by("code_hash"))).all()
        assert [(row.used_at, row.revoked_at) for row in rows] == [(None, at), (at, None)]

    async def test_by_whom_is_on_record(self, backends: Backends, ana: User) -> None:
        await give_ways_in(backends, ana)
        admin = await actor(backends, Role.ADMIN)
        await disable(backends, ana, by=admin)

        async with backends.database.reads() as session:
            found = await session.exec(
                select(AuditRow.action, AuditRow.object_id)
                .where(AuditRow.actor_id == str(admin.user_id))
                .order_by(col(AuditRow.seq))
            )
            rows = [(action, object_id) for action, object_id in found.all()]
        assert rows[0] == ("user.disabled", str(ana.id))
        assert {action for action, _ in rows[1:]} == {
            *("session.ended", "token.revoked", "invitations.revoked")
        }


class TestDisabling:
    async def test_nobody_disables_themselves(self, backends: Backends) -> None:
        admin = await actor(backends, Role.ADMIN)
        async with backends.database.writes() as session:
            user = await session.get_one(User, admin.user_id)
            with pytest.raises(Conflict) as refused:
                await standing.disable_user(session, user, actor=admin)

        assert refused.value.code == "own_account"
        assert str(refused.value) == "Nobody disables their own account. Ask a colleague."

    async def test_only_an_admin_touches_an_admin(self, backends: Backends) -> None:
        other = await make_user(backends, email="root@example.org", role=Role.ADMIN)
        coordinator = await actor(backends, Role.COORDINATOR)
        async with backends.database.writes() as session:
            user = await session.get_one(User, other.id)
            for refused in (
                standing.disable_user(session, user, actor=coordinator),
                standing.enable_user(session, user, actor=coordinator),
                standing.change_role(session, user, Role.EMS, actor=coordinator),
            ):
                with pytest.raises(Forbidden):
                    await refused

    async def test_and_only_an_admin_makes_one(self, backends: Backends, ana: User) -> None:
        coordinator = await actor(backends, Role.COORDINATOR)
        async with backends.database.writes() as session:
            user = await session.get_one(User, ana.id)
            with pytest.raises(Forbidden):
                await standing.change_role(session, user, Role.ADMIN, actor=coordinator)

    async def test_twice_is_once_and_enabled_again_they_come_in(
        self, backends: Backends, ana: User
    ) -> None:
        admin = await actor(backends, Role.ADMIN)
        for _ in range(2):
            await disable(backends, ana, by=admin)
        async with backends.database.reads() as session:
            assert not (await session.get_one(User, ana.id)).active
        for _ in range(2):
            async with backends.database.writes.begin() as session:
                user = await session.get_one(User, ana.id)
                await standing.enable_user(session, user, actor=admin)

        async with backends.database.reads() as session:
            assert (await session.get_one(User, ana.id)).active
        assert await deeds(backends) == [
            (word, str(ana.id), str(admin.user_id)) for word in ("user.disabled", "user.enabled")
        ]


class TestRole:
    async def test_another_is_on_record_and_the_same_changes_nothing(
        self, backends: Backends, ana: User
    ) -> None:
        admin = await actor(backends, Role.ADMIN)
        await give_ways_in(backends, ana)
        for role in (Role.PATIENT, Role.EMS):
            async with backends.database.writes.begin() as session:
                user = await session.get_one(User, ana.id)
                await standing.change_role(session, user, role, actor=admin)
            if role is Role.PATIENT:
                assert "session" in await ways_in(backends, ana)

        async with backends.database.reads() as session:
            assert (await session.get_one(User, ana.id)).role is Role.EMS
        assert await deeds(backends) == [("user.role_changed", str(ana.id), str(admin.user_id))]

    async def test_without_an_address_one_is_a_patient(self, backends: Backends) -> None:
        async with backends.database.writes() as session:
            user = await accounts.add_user(session, email=None, name="Ana", role=Role.PATIENT)
            await standing.change_role(session, user, Role.PATIENT)
            with pytest.raises(InvalidFields) as refused:
                await standing.change_role(session, user, Role.EMS)

        assert refused.value.faults == {
            "role": "Only a patient can be here without an e-mail address."
        }


async def give_ways_in(backends: Backends, user: User) -> None:
    async with backends.database.writes.begin() as session:
        await accounts.open_session(session, user)
        await accounts.create_token(session, user, name="old")
        await accounts.invite(session, user)
        session.add_all(
            RecoveryCode(user_id=user.id, method=method, code_hash=hash_of(f"{method}{user.id}"))
            for method in (RecoveryMethod.SAVED, RecoveryMethod.MAIL, RecoveryMethod.WITNESS)
        )


async def ways_in(backends: Backends, user: User) -> set[str]:
    """What of what `user` was given is still open."""
    login = select(LoginSession).where(
        LoginSession.user_id == user.id, col(LoginSession.ended_at).is_(None)
    )
    token = select(ApiToken).where(ApiToken.user_id == user.id, col(ApiToken.revoked_at).is_(None))
    invitation = select(Invitation).where(
        Invitation.user_id == user.id, col(Invitation.revoked_at).is_(None)
    )
    code = select(RecoveryCode).where(
        RecoveryCode.user_id == user.id, col(RecoveryCode.revoked_at).is_(None)
    )
    async with backends.database.reads() as session:
        return {
            *("session" for _ in (await session.exec(login)).all()),
            *("token" for _ in (await session.exec(token)).all()),
            *("invitation" for _ in (await session.exec(invitation)).all()),
            *(row.method.value for row in (await session.exec(code)).all()),
        }


async def change(backends: Backends, user: User, deed: Deed) -> None:
    async with backends.database.writes.begin() as session:
        await deed(session, await session.get_one(User, user.id))


async def disable(backends: Backends, user: User, *, by: Actor) -> None:
    async with backends.database.writes.begin() as session:
        await standing.disable_user(session, await session.get_one(User, user.id), actor=by)


async def actor(backends: Backends, role: Role) -> Actor:
    user = await make_user(backends, email=f"{role}@example.org", role=role)
    return Actor(user.id, role, user.name, user.email, Via.SESSION)


async def deeds(backends: Backends) -> list[tuple[str, str | None, str | None]]:
    """What was done to accounts since they were added: the deed, to whom, by whom."""
    query = (
        select(AuditRow.action, AuditRow.object_id, AuditRow.actor_id)
        .where(col(AuditRow.action).startswith("user."), AuditRow.action != "user.added")
        .order_by(col(AuditRow.seq))
    )
    async with backends.database.reads() as session:
        return [(row[0], row[1], row[2]) for row in (await session.exec(query)).all()]
