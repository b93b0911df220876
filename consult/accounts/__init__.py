"""Who somebody is, and the ways in: passkeys, invitations, sessions, tokens.

Whoever is inactive comes in by none of them. Only hashes of secrets are kept.
"""

from consult.accounts.challenges import AnsweredChallenge, burn_challenge
from consult.accounts.passkeys import (
    CounterWentBack,
    authenticate,
    authentication_options,
    check_rp_id,
    credential_ids_of,
    record_counter,
    register,
    registration_options,
)
from consult.accounts.people import add_user, find_user, invite
from consult.accounts.sessions import (
    actor_from_session,
    end_session,
    expiry_of,
    open_session,
    touch,
    touch_is_due,
)
from consult.accounts.tokens import (
    actor_from_token,
    create_token,
    revoke_token,
    token_touch_is_due,
    touch_token,
)

__all__ = [
    "AnsweredChallenge",
    "CounterWentBack",
    "actor_from_session",
    "actor_from_token",
    "add_user",
    "authenticate",
    "authentication_options",
    "burn_challenge",
    "check_rp_id",
    "create_token",
    "credential_ids_of",
    "end_session",
    "expiry_of",
    "find_user",
    "invite",
    "open_session",
    "record_counter",
    "register",
    "registration_options",
    "revoke_token",
    "token_touch_is_due",
    "touch",
    "touch_is_due",
    "touch_token",
]
