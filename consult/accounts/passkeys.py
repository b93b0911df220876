"""Passkey ceremonies: the only way in for people.

A ceremony takes two write transactions. The first burns the challenge and commits whatever
comes next; the second checks the answer and acts on it. So an answer is heard only once, even
when it is wrong, and a failed enrolment leaves the invitation as it was.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from webauthn import generate_authentication_options, generate_registration_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from consult import audit
from consult.accounts.ceremony import (
    ALGORITHMS,
    CredentialJSON,
    KnownPasskey,
    check_assertion,
    check_registration,
    credential_id_of,
    passkey_refused,
)
from consult.accounts.challenges import (
    CHALLENGE_LIFETIME,
    AnsweredChallenge,
    make_challenge,
    require_challenge,
)
from consult.accounts.people import acting, invited, use_invitation
from consult.config import Settings
from consult.errors import Conflict, NotSignedIn
from consult.models import Ceremony, Credential, User, Via, now


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
    options = generate_registration_options(
        rp_id=settings.rp_id,
        rp_name=settings.rp_name,
        user_id=user.handle,
        user_name=user.email,
        user_display_name=user.name,
        challenge=await make_challenge(session, Ceremony.REGISTRATION, invitation_id=invitation.id),
        timeout=_milliseconds(CHALLENGE_LIFETIME),
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=await _bound_to(session, user),
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


async def authentication_options(session: AsyncSession, settings: Settings) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptionsJSON, for whoever holds a passkey of ours."""
    options = generate_authentication_options(
        rp_id=settings.rp_id,
        challenge=await make_challenge(session, Ceremony.AUTHENTICATION),
        timeout=_milliseconds(CHALLENGE_LIFETIME),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


async def register(
    session: AsyncSession,
    settings: Settings,
    invite_token: str,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
) -> User:
    """Bind a passkey and use the invitation up, in one transaction.

    Raises InvalidRequest for the invitation, NotSignedIn for the passkey.
    """
    invitation, user = await invited(session, invite_token)
    require_challenge(answered, Ceremony.REGISTRATION, invitation.id)
    passkey = check_registration(settings, credential, answered.challenge)
    if await _find(session, passkey.credential_id):
        raise passkey_refused()
    await use_invitation(session, invitation.id)
    row = Credential(
        user_id=user.id,
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
        backup_eligible=passkey.backup_eligible,
        backed_up=passkey.backed_up,
        rp_id=settings.rp_id,
    )
    session.add(row)
    await session.flush()
    await audit.record(session, acting(user, via=Via.SESSION), "passkey.registered", row.id)
    return user


async def authenticate(
    session: AsyncSession,
    settings: Settings,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
) -> User:
    """Return who signs in.

    Raises NotSignedIn; `unknown_credential` is the one refusal that can be told apart, for the
    browser then forgets the passkey (Level 3, 5.1.10). Raises CounterWentBack.
    """
    require_challenge(answered, Ceremony.AUTHENTICATION, None)
    row, user = await _known(session, credential_id_of(credential))
    known = KnownPasskey(row.public_key, row.backup_eligible, user.handle)
    assertion = check_assertion(settings, credential, answered.challenge, known)
    # A passkey that is synced between devices always says 0 (Level 3, 6.1.1).
    if (assertion.sign_count or row.sign_count) and assertion.sign_count <= row.sign_count:
        raise CounterWentBack(row.id)
    if not user.active:
        raise passkey_refused()
    row.sign_count = assertion.sign_count
    row.backed_up = assertion.backed_up
    row.last_used_at = now()
    session.add(row)
    return user


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


async def credential_ids_of(session: AsyncSession, user: User) -> list[bytes]:
    """The passkeys that `user` can sign in with."""
    query = select(Credential.credential_id).where(
        Credential.user_id == user.id, col(Credential.revoked_at).is_(None)
    )
    return list((await session.exec(query)).all())


async def _bound_to(session: AsyncSession, user: User) -> list[PublicKeyCredentialDescriptor]:
    bound = await credential_ids_of(session, user)
    return [PublicKeyCredentialDescriptor(id=each) for each in bound]


async def _known(session: AsyncSession, credential_id: bytes) -> tuple[Credential, User]:
    row = await _find(session, credential_id)
    if row is None or row.revoked_at is not None:
        raise NotSignedIn(
            "This passkey is not known here. Use another one, or ask for a new link.",
            code="unknown_credential",
        )
    user = await session.get_one(User, row.user_id)
    return row, user


async def _find(session: AsyncSession, credential_id: bytes) -> Credential | None:
    query = select(Credential).where(Credential.credential_id == credential_id)
    return (await session.exec(query)).first()


def _milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)
