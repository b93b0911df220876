"""The proofs of a recovery: two, by different methods, for the same person.

One alone opens nothing (NIST SP 800-63B-4, 4.2.2.2). The methods are a link by e-mail, a code
that was saved, a coordinator's word, and, for patients
without e-mail, a code given in person.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult import audit
from consult.accounts.binding import was_enrolled
from consult.accounts.invitations import GivenCode, find_invitation, use_invitation
from consult.accounts.mail import mail_account_notice
from consult.accounts.secret import hash_of_code, hashes_of, make_code
from consult.backends.jobs import Jobs
from consult.errors import Conflict, InvalidRequest
from consult.models import (
    Actor,
    Invitation,
    InvitationKind,
    RecoveryCode,
    RecoveryMethod,
    User,
    WitnessReason,
    now,
)

SAVED_CODES = 8
LINK_LIFETIME = timedelta(hours=24)
_WITNESS_LIFETIME = timedelta(minutes=10)
_SAVED_CHARACTERS = 24  # 120 bits
_WITNESS_CHARACTERS = 16  # 80 bits for ten minutes; it is read out


@dataclass(frozen=True)
class Shown:
    """A proof that was shown and holds, not used up yet."""

    id: UUID
    method: RecoveryMethod
    made_by: UUID | None


@dataclass(frozen=True)
class Proven:
    """Somebody who showed two proofs. Only `proven` makes one."""

    user: User
    proofs: tuple[Shown, Shown]

    @property
    def witnessed(self) -> bool:
        return RecoveryMethod.WITNESS in {proof.method for proof in self.proofs}


async def make_saved_codes(session: AsyncSession, jobs: Jobs, actor: Actor) -> list[str]:
    """Return eight codes to write down, in the place of any before. They are shown only now."""
    await _revoke(session, actor.user_id, RecoveryMethod.SAVED)
    codes = [make_code(_SAVED_CHARACTERS) for _ in range(SAVED_CODES)]
    session.add_all(
        RecoveryCode(
            user_id=actor.user_id, method=RecoveryMethod.SAVED, code_hash=hash_of_code(code)
        )
        for code in codes
    )
    await session.flush()
    await audit.record(session, actor, "recovery_codes.made", actor.user_id)
    await mail_account_notice(session, jobs, actor.user_id)
    return codes


async def count_saved_codes(session: AsyncSession, actor: Actor) -> int:
    """How many are left."""
    query = select(func.count()).where(
        RecoveryCode.user_id == actor.user_id,
        RecoveryCode.method == RecoveryMethod.SAVED,
        col(RecoveryCode.used_at).is_(None),
        col(RecoveryCode.revoked_at).is_(None),
    )
    return (await session.exec(query)).one()


async def witness(
    session: AsyncSession, jobs: Jobs, user: User, reason: WitnessReason, *, actor: Actor
) -> GivenCode:
    """Say that `user` is who they claim to be; the code, for ten minutes, is one of two proofs.

    Raises Conflict: `own_account`, `not_enrolled`, `user_disabled`.
    """
    if actor.user_id == user.id:
        raise Conflict("Nobody is their own witness. Ask a colleague.", code="own_account")
    if not user.active:
        raise Conflict("This account is disabled. Enable it first.", code="user_disabled")
    if not await was_enrolled(session, user):
        raise Conflict("This person never had a passkey. Invite them.", code="not_enrolled")
    await _revoke(session, user.id, RecoveryMethod.WITNESS)
    code, made_at = make_code(_WITNESS_CHARACTERS), now()
    row = RecoveryCode(
        user_id=user.id,
        method=RecoveryMethod.WITNESS,
        code_hash=hash_of_code(code),
        made_by=actor.user_id,
        reason=reason,
        created_at=made_at,
        expires_at=made_at + _WITNESS_LIFETIME,
    )
    session.add(row)
    await session.flush()
    await audit.record(session, actor, "user.witnessed", user.id)
    await mail_account_notice(session, jobs, user.id)
    return GivenCode(code, made_at + _WITNESS_LIFETIME)


async def proven(session: AsyncSession, first: str, second: str) -> Proven:
    """Find whose two proofs these are. Every fault is the same refusal. Raises InvalidRequest."""
    shown = [await _shown(session, typed) for typed in (first, second)]
    if shown[0] is None or shown[1] is None:
        raise recovery_refused()
    (user, one), (other_user, other) = shown[0], shown[1]
    if user.id != other_user.id or one.method is other.method or _one_colleague(one, other):
        raise recovery_refused()
    return Proven(user, (one, other))


async def use_proofs(session: AsyncSession, person: Proven) -> None:
    """Of many who try at once exactly one succeeds. Raises InvalidRequest."""
    for proof in person.proofs:
        if proof.method is RecoveryMethod.CARD:
            await use_invitation(session, proof.id)
            continue
        statement = (
            update(RecoveryCode)
            .where(
                col(RecoveryCode.id) == proof.id,
                col(RecoveryCode.used_at).is_(None),
                col(RecoveryCode.revoked_at).is_(None),
            )
            .values(used_at=now())
            .returning(col(RecoveryCode.id))
        )
        if (await session.exec(statement)).first() is None:
            raise recovery_refused()


def recovery_refused() -> InvalidRequest:
    return InvalidRequest(
        "These two do not open an account together. Each works once and not for long: ask for "
        "a new one.",
        code="recovery_refused",
    )


async def _shown(session: AsyncSession, typed: str) -> tuple[User, Shown] | None:
    query = (
        select(RecoveryCode, User)
        .join(User, col(User.id) == RecoveryCode.user_id)
        .where(
            col(RecoveryCode.code_hash).in_(hashes_of(typed)),
            col(RecoveryCode.used_at).is_(None),
            col(RecoveryCode.revoked_at).is_(None),
            or_(col(RecoveryCode.expires_at).is_(None), col(RecoveryCode.expires_at) > now()),
            col(User.active),
        )
    )
    code = (await session.exec(query)).first()
    invitation = await find_invitation(session, typed)
    if code:
        return code[1], Shown(code[0].id, code[0].method, code[0].made_by)
    if invitation and _is_a_proof(*invitation):
        return invitation[1], Shown(invitation[0].id, RecoveryMethod.CARD, invitation[0].made_by)
    return None


def _is_a_proof(invitation: Invitation, user: User) -> bool:
    """Only for whoever has no mailbox: with one, the link to it is the proof to ask for."""
    return invitation.kind is not InvitationKind.LINK and user.email is None


def _one_colleague(one: Shown, other: Shown) -> bool:
    """Two codes from the same colleague are one person's word, not two proofs."""
    return one.made_by is not None and one.made_by == other.made_by


async def _revoke(session: AsyncSession, user_id: UUID, method: RecoveryMethod) -> None:
    statement = update(RecoveryCode).where(
        col(RecoveryCode.user_id) == user_id,
        col(RecoveryCode.method) == method,
        col(RecoveryCode.used_at).is_(None),
        col(RecoveryCode.revoked_at).is_(None),
    )
    await session.exec(statement.values(revoked_at=now()))
