from datetime import timedelta
from uuid import UUID

import pytest

from consult.accounts.challenges import AnsweredChallenge, require_challenge
from consult.errors import NotSignedIn
from consult.models import Ceremony, now

INVITATION = UUID(int=1)


def answered(
    *,
    ceremony: Ceremony = Ceremony.AUTHENTICATION,
    invitation_id: UUID | None = None,
    seconds_left: int = 1,
) -> AnsweredChallenge:
    expires_at = now() + timedelta(seconds=seconds_left)
    return AnsweredChallenge(bytes(32), ceremony, invitation_id, expires_at)


def test_a_challenge_serves_what_it_was_made_for() -> None:
    require_challenge(answered(), Ceremony.AUTHENTICATION, None)
    require_challenge(
        answered(ceremony=Ceremony.REGISTRATION, invitation_id=INVITATION),
        Ceremony.REGISTRATION,
        INVITATION,
    )


@pytest.mark.parametrize(
    "other",
    [
        answered(ceremony=Ceremony.REGISTRATION),
        answered(invitation_id=INVITATION),
        answered(seconds_left=0),
    ],
    ids=["another ceremony", "an invitation", "too late"],
)
def test_and_nothing_else(other: AnsweredChallenge) -> None:
    with pytest.raises(NotSignedIn):
        require_challenge(other, Ceremony.AUTHENTICATION, None)
