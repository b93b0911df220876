"""Passkey ceremonies: the only way in for people.

A ceremony takes two write transactions. The first burns the challenge and commits whatever
comes next; the second checks the answer and acts on it. So an answer is heard only once, even
when it is wrong, and a failed enrolment leaves the invitation as it was.
"""

from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from webauthn import generate_authentication_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import PublicKeyCredentialDescriptor, UserVerificationRequirement

from consult import audit
from consult.accounts.binding import (
    bind,
    creation_options,
    descriptors,
    find_credential,
    live_credentials,
    milliseconds,
)
from consult.accounts.ceremony import (
    CredentialJSON,
    KnownPasskey,
    check_assertion,
    credential_id_of,
    passkey_refused,
)
from consult.accounts.challenges import (
    CHALLENGE_LIFETIME,
    AnsweredChallenge,
    make_challenge,
    require_challenge,
)
from consult.accounts.invitations import invited, revoke_invitations, use_invitation
from consult.accounts.people import acting
from consult.config import Settings
from consult.errors import Conflict, Forbidden, NotSignedIn
from consult.models import Actor, Ceremony, Credential, User, Via, now


class CounterWentBack(NotSignedIn):
    """The passkey's counter did not grow: two devices may hold the same key.

    On the wire it looks like any other refusal; `credential` is for the audit trail.
    """

    def __init__(self, credential: UUID) -> None:
        refused = passkey_refused()
        super().__init__(refused.message, code=refused.code)
        self.credential = credential


async def registration_options(
    session: AsyncSession, settings: Settings, invite_token: str
) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptionsJSON. The invitation is not used up.

    Raises InvalidRequest.
    """
    invitation, user = await invited(session, invite_token)
    challenge = await make_challenge(session, Ceremony.REGISTRATION, invitation_id=invitation.id)
    return await creation_options(session, settings, user, challenge)


async def register(
    session: AsyncSession,
    settings: Settings,
    invite_token: str,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
) -> tuple[User, Credential]:
    """Bind a passkey and use the invitation up, and every other one, in one transaction.

    Raises InvalidRequest for the invitation, NotSignedIn for the passkey.
    """
    invitation, user = await invited(session, invite_token)
    require_challenge(answered, Ceremony.REGISTRATION, invitation_id=invitation.id)
    row = await bind(session, settings, user, credential, answered)
    await use_invitation(session, invitation.id)
    await revoke_invitations(session, user)
    await audit.record(session, acting(user, via=Via.SESSION), "passkey.registered", row.id)
    return user, row


async def authentication_options(session: AsyncSession, settings: Settings) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptionsJSON, for whoever holds a passkey of ours."""
    return _request_options(settings, await make_challenge(session, Ceremony.AUTHENTICATION), [])


async def authenticate(
    session: AsyncSession,
    settings: Settings,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
) -> tuple[User, Credential]:
    """Return who signs in, and with which passkey.

    Raises NotSignedIn; `unknown_passkey` is the one refusal that can be told apart, for the
    browser then forgets the passkey (Level 3, 5.1.10). Raises CounterWentBack. To whoever
    proved to hold it, Forbidden says that a passkey has to wait (`passkey_on_hold`).
    """
    require_challenge(answered, Ceremony.AUTHENTICATION)
    return await _asserted(session, settings, credential, answered)


async def proving_options(
    session: AsyncSession, settings: Settings, actor: Actor
) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptionsJSON, for the actor's own passkeys."""
    user = await session.get_one(User, actor.user_id)
    challenge = await make_challenge(session, Ceremony.PROVING, user_id=user.id)
    return _request_options(settings, challenge, descriptors(await live_credentials(session, user)))


async def prove(
    session: AsyncSession,
    settings: Settings,
    actor: Actor,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
) -> None:
    """Check that the actor touched a passkey of their own just now. Raises as `authenticate`."""
    require_challenge(answered, Ceremony.PROVING, user_id=actor.user_id)
    user, _ = await _asserted(session, settings, credential, answered)
    if user.id != actor.user_id:
        raise passkey_refused()


async def record_counter(session: AsyncSession, refusal: CounterWentBack) -> None:
    """Put the refusal into the audit trail, in a transaction that isn't undone by it."""
    await audit.record(session, None, "passkey.counter_went_back", refusal.credential)


async def check_rp_id(session: AsyncSession, settings: Settings) -> None:
    """Raise Conflict when passkeys are bound to another RP ID: nobody could sign in any more."""
    query = select(Credential.id).where(
        Credential.rp_id != settings.rp_id, col(Credential.revoked_at).is_(None)
    )
    if (await session.exec(query.limit(1))).first() is not None:
        raise Conflict(
            "Passkeys are bound to another RP ID than CONSULT_RP_ID says. Set it back: with "
            "another one nobody can sign in.",
            code="rp_id_changed",
        )


def _request_options(
    settings: Settings, challenge: bytes, allowed: list[PublicKeyCredentialDescriptor]
) -> dict[str, Any]:
    options = generate_authentication_options(
        rp_id=settings.rp_id,
        challenge=challenge,
        timeout=milliseconds(CHALLENGE_LIFETIME),
        allow_credentials=allowed,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


async def _asserted(
    session: AsyncSession,
    settings: Settings,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
) -> tuple[User, Credential]:
    row, user = await _known(session, credential_id_of(credential))
    known = KnownPasskey(row.public_key, row.backup_eligible, user.handle)
    assertion = check_assertion(settings, credential, answered.challenge, known)
    # A passkey that is synced between devices always says 0 (Level 3, 6.1.1).
    if (assertion.sign_count or row.sign_count) and assertion.sign_count <= row.sign_count:
        raise CounterWentBack(row.id)
    if not user.active:
        raise passkey_refused()
    if row.usable_from and now() < row.usable_from:
        raise _on_hold()
    row.sign_count = assertion.sign_count
    row.backed_up = assertion.backed_up
    row.last_used_at = now()
    session.add(row)
    return user, row


async def credential_ids_of(session: AsyncSession, user: User) -> list[bytes]:
    """The passkeys that `user` can sign in with."""
    query = select(Credential.credential_id).where(
        Credential.user_id == user.id, col(Credential.revoked_at).is_(None)
    )
    return list((await session.exec(query)).all())


async def _known(session: AsyncSession, credential_id: bytes) -> tuple[Credential, User]:
    row = await find_credential(session, credential_id)
    if row is None or row.revoked_at is not None:
        raise NotSignedIn(
            "This passkey is not known here. Use another one, or ask for a new link.",
            code="unknown_passkey",
        )
    user = await session.get_one(User, row.user_id)
    return row, user


def _on_hold() -> Forbidden:
    return Forbidden(
        "This passkey has to wait until the time that was shown when you made it.",
        code="passkey_on_hold",
    )
