import hashlib
import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from consult import accounts
from consult.accounts.challenges import AnsweredChallenge, make_challenge, require_challenge
from consult.accounts.invitations import invited
from consult.bootstrap import Backends
from consult.errors import NotSignedIn
from consult.models import Ceremony, Challenge, User, now
from tests.authenticator import encode

FIVE_MINUTES = timedelta(minutes=5)
INVITATION, PERSON = UUID(int=1), UUID(int=2)


def answered(
    *,
    ceremony: Ceremony = Ceremony.AUTHENTICATION,
    invitation_id: UUID | None = None,
    user_id: UUID | None = None,
    seconds_left: int = 60,
) -> AnsweredChallenge:
    expires_at = now() + timedelta(seconds=seconds_left)
    return AnsweredChallenge(bytes(32), ceremony, invitation_id, user_id, expires_at)


def test_a_challenge_serves_what_it_was_made_for() -> None:
    require_challenge(answered(), Ceremony.AUTHENTICATION)
    require_challenge(
        answered(ceremony=Ceremony.REGISTRATION, invitation_id=INVITATION),
        Ceremony.REGISTRATION,
        invitation_id=INVITATION,
    )
    require_challenge(
        answered(ceremony=Ceremony.PROVING, user_id=PERSON), Ceremony.PROVING, user_id=PERSON
    )


def test_and_no_other_ceremony() -> None:
    """ID-2, ID-3."""
    assert_refused(answered(ceremony=Ceremony.REGISTRATION))


def test_and_nobody_with_an_invitation_it_was_not_made_for() -> None:
    """ID-2, ID-3."""
    assert_refused(answered(invitation_id=INVITATION))


def test_and_nobody_but_the_person_it_was_made_for() -> None:
    assert_refused(answered(user_id=PERSON))


def test_and_not_for_long() -> None:
    """ID-3."""
    assert_refused(answered(seconds_left=0))


class TestKept:
    """ID-3. Made, kept as a hash, and burnt by the first answer."""

    async def test_it_is_kept_by_its_hash_for_five_minutes_with_what_it_is_for(
        self, backends: Backends, ana: User
    ) -> None:
        before = now()
        challenge = await made(backends, Ceremony.PROVING, user_id=ana.id)

        async with backends.database.reads() as session:
            (row,) = (await session.exec(select(Challenge))).all()
        assert len(challenge) == 32
        assert row.challenge_hash == hashlib.sha256(challenge).digest()
        assert (row.ceremony, row.invitation_id, row.user_id) == (Ceremony.PROVING, None, ana.id)
        assert before + FIVE_MINUTES <= row.expires_at <= now() + FIVE_MINUTES

    async def test_the_first_answer_learns_what_it_was_for_and_there_is_no_second(
        self, backends: Backends, ana: User
    ) -> None:
        async with backends.database.writes.begin() as session:
            secret = await accounts.invite(session, ana)
            (invitation, _) = await invited(session, secret)
        other = await made(backends, Ceremony.AUTHENTICATION)
        challenge = await made(
            backends, Ceremony.REGISTRATION, invitation_id=invitation.id, user_id=ana.id
        )

        burnt = await burn(backends, challenge)

        assert burnt == AnsweredChallenge(
            challenge, Ceremony.REGISTRATION, invitation.id, ana.id, burnt.expires_at
        )
        require_challenge(burnt, Ceremony.REGISTRATION, invitation_id=invitation.id, user_id=ana.id)
        with pytest.raises(NotSignedIn) as refused:
            await burn(backends, challenge)
        assert refused.value.code == "passkey_refused"
        assert (await burn(backends, other)).ceremony is Ceremony.AUTHENTICATION

    async def test_those_that_are_too_old_are_cleared_away_by_the_next(
        self, backends: Backends
    ) -> None:
        for _ in range(2):
            await made(backends, Ceremony.AUTHENTICATION)
        async with backends.database.writes.begin() as session:
            (old, _) = (await session.exec(select(Challenge))).all()
            old.expires_at = now()
            session.add(old)
        await made(backends, Ceremony.AUTHENTICATION)

        async with backends.database.reads() as session:
            left = (await session.exec(select(Challenge.challenge_hash))).all()
        assert len(left) == 2
        assert old.challenge_hash not in left


async def made(backends: Backends, ceremony: Ceremony, **more: UUID) -> bytes:
    async with backends.database.writes.begin() as session:
        return await make_challenge(session, ceremony, **more)


async def burn(backends: Backends, challenge: bytes) -> AnsweredChallenge:
    said = json.dumps({"challenge": encode(challenge)}).encode()
    async with backends.database.writes.begin() as session:
        return await accounts.burn_challenge(
            session, {"response": {"clientDataJSON": encode(said)}}
        )


def assert_refused(challenge: AnsweredChallenge) -> None:
    with pytest.raises(NotSignedIn):
        require_challenge(challenge, Ceremony.AUTHENTICATION)
