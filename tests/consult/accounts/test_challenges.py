from datetime import timedelta
from uuid import UUID

import pytest

from consult.accounts.challenges import AnsweredChallenge, require_challenge
from consult.errors import NotSignedIn
from consult.models import Ceremony, now

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


def assert_refused(challenge: AnsweredChallenge) -> None:
    with pytest.raises(NotSignedIn):
        require_challenge(challenge, Ceremony.AUTHENTICATION)
