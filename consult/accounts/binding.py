"""How a passkey becomes somebody's: asked for, checked, written down."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from webauthn import generate_registration_options
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from consult.accounts.ceremony import (
    ALGORITHMS,
    CredentialJSON,
    check_registration,
    passkey_refused,
)
from consult.accounts.challenges import CHALLENGE_LIFETIME, AnsweredChallenge
from consult.config import Settings
from consult.errors import InvalidFields
from consult.models import Credential, User, now, private

_LONGEST_NAME = 60


async def creation_options(
    session: AsyncSession, settings: Settings, user: User, challenge: bytes
) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptionsJSON."""
    options = generate_registration_options(
        rp_id=settings.rp_id,
        rp_name=settings.rp_name,
        user_id=user.handle,
        user_name=user.email or user.name,
        user_display_name=user.name,
        challenge=challenge,
        timeout=milliseconds(CHALLENGE_LIFETIME),
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=descriptors(await live_credentials(session, user)),
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


async def bind(
    session: AsyncSession,
    settings: Settings,
    user: User,
    credential: CredentialJSON,
    answered: AnsweredChallenge,
    *,
    name: str = "",
    usable_from: datetime | None = None,
) -> Credential:
    """Check the passkey and write it down; the challenge must have been checked before.

    Raises NotSignedIn for the passkey, InvalidFields for its name.
    """
    name = passkey_name(name) if name.strip() else _dated_name(now())
    passkey = check_registration(settings, credential, answered.challenge)
    if await find_credential(session, passkey.credential_id):
        raise passkey_refused()
    row = Credential(
        user_id=user.id,
        credential_id=passkey.credential_id,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
        backup_eligible=passkey.backup_eligible,
        backed_up=passkey.backed_up,
        rp_id=settings.rp_id,
        name=private(name, user.id),
        usable_from=usable_from,
    )
    session.add(row)
    await session.flush()
    return row


async def live_credentials(session: AsyncSession, user: User) -> list[Credential]:
    """Those that are not revoked, oldest first; some may have to wait still."""
    query = (
        select(Credential)
        .where(Credential.user_id == user.id, col(Credential.revoked_at).is_(None))
        .order_by(col(Credential.created_at), col(Credential.id))
    )
    return list(await session.exec(query))


async def was_enrolled(session: AsyncSession, user: User) -> bool:
    """Whether any passkey was ever bound: from then on, the way back in is recovery."""
    query = select(Credential.id).where(Credential.user_id == user.id).limit(1)
    return (await session.exec(query)).first() is not None


async def find_credential(session: AsyncSession, credential_id: bytes) -> Credential | None:
    query = select(Credential).where(Credential.credential_id == credential_id)
    return (await session.exec(query)).first()


def descriptors(credentials: list[Credential]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in credentials]


def passkey_name(name: str) -> str:
    """Raises InvalidFields."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidFields(
            {"name": f"A name has 1 to {_LONGEST_NAME} characters that can be printed."}
        )
    return name


def milliseconds(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _dated_name(at: datetime) -> str:
    return f"Passkey of {at.day} {at:%B %Y}"
