"""Who somebody is, and the ways in and back: passkeys, invitations, recovery, sessions, tokens.

Whoever is inactive comes in by none of them. Only hashes of secrets are kept.
"""

from consult.accounts.challenges import AnsweredChallenge, burn_challenge
from consult.accounts.endings import Standing, standings, topic_of_user, user_of_topic
from consult.accounts.invitations import (
    GivenCode,
    give_code,
    invite,
    invite_by_mail,
    revoke_invitations,
)
from consult.accounts.own_passkeys import (
    add_passkey,
    adding_options,
    list_passkeys,
    rename_passkey,
    revoke_passkey,
)
from consult.accounts.passkeys import (
    CounterWentBack,
    authenticate,
    authentication_options,
    check_rp_id,
    credential_ids_of,
    prove,
    proving_options,
    record_counter,
    register,
    registration_options,
)
from consult.accounts.people import (
    add_user,
    find_by_email,
    find_user,
    get_user,
    list_users,
    refuse_higher,
)
from consult.accounts.proofs import count_saved_codes, make_saved_codes, witness
from consult.accounts.recovery import (
    ask_to_recover,
    make_recovery_link,
    recover,
    recovery_options,
)
from consult.accounts.scopes import scope_names
from consult.accounts.sessions import (
    FRESH_FOR,
    actor_from_session,
    end_own_session,
    end_session,
    end_sessions_of,
    expiry_of,
    list_sessions,
    open_session,
    rotate_session,
    touch,
    touch_is_due,
)
from consult.accounts.standing import change_role, disable_user, enable_user
from consult.accounts.tokens import (
    actor_from_token,
    create_token,
    list_tokens,
    revoke_token,
    state_of,
    token_touch_is_due,
    touch_token,
)

__all__ = [
    "FRESH_FOR",
    "AnsweredChallenge",
    "CounterWentBack",
    "GivenCode",
    "Standing",
    "actor_from_session",
    "actor_from_token",
    "add_passkey",
    "add_user",
    "adding_options",
    "ask_to_recover",
    "authenticate",
    "authentication_options",
    "burn_challenge",
    "change_role",
    "check_rp_id",
    "count_saved_codes",
    "create_token",
    "credential_ids_of",
    "disable_user",
    "enable_user",
    "end_own_session",
    "end_session",
    "end_sessions_of",
    "expiry_of",
    "find_by_email",
    "find_user",
    "get_user",
    "give_code",
    "invite",
    "invite_by_mail",
    "list_passkeys",
    "list_sessions",
    "list_tokens",
    "list_users",
    "make_recovery_link",
    "make_saved_codes",
    "open_session",
    "prove",
    "proving_options",
    "record_counter",
    "recover",
    "recovery_options",
    "refuse_higher",
    "register",
    "registration_options",
    "rename_passkey",
    "revoke_invitations",
    "revoke_passkey",
    "revoke_token",
    "rotate_session",
    "scope_names",
    "standings",
    "state_of",
    "token_touch_is_due",
    "topic_of_user",
    "touch",
    "touch_is_due",
    "touch_token",
    "user_of_topic",
    "witness",
]
