"""What a WebAuthn response must prove (W3C Web Authentication Level 3, 7.1 and 7.2).

py_webauthn checks the ceremony; what it leaves to the relying party is checked here. Pure:
no database, no clock. Every flaw raises the same error, so that none can be told apart.
"""

import json
from dataclasses import dataclass
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import CredentialDeviceType

from consult.config import Settings
from consult.errors import NotSignedIn

ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]

_LONGEST_CREDENTIAL_ID = 1023  # Level 3, 4 (Credential ID)
_SMALLEST_RSA_KEY = 2048

CredentialJSON = dict[str, Any]
"""What a browser's `credential.toJSON()` gives: untrusted, and parsed only here."""


@dataclass(frozen=True)
class NewPasskey:
    credential_id: bytes
    public_key: bytes
    """COSE_Key."""
    sign_count: int
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True)
class KnownPasskey:
    """What is on record about the passkey that somebody signs in with."""

    public_key: bytes
    backup_eligible: bool
    user_handle: bytes


@dataclass(frozen=True)
class Assertion:
    sign_count: int
    backed_up: bool


def passkey_refused() -> NotSignedIn:
    return NotSignedIn(
        "This passkey could not be used. Start again, on this same page.", code="passkey_refused"
    )


def challenge_of(credential: CredentialJSON) -> bytes:
    """Return the challenge that `credential` claims to answer. Raises NotSignedIn."""
    try:
        challenge = base64url_to_bytes(_client_data(credential)["challenge"])
    except Exception:  # noqa: BLE001 - a stranger's JSON can be wrong in every way
        raise passkey_refused() from None
    return challenge


def credential_id_of(credential: CredentialJSON) -> bytes:
    """Raises NotSignedIn."""
    try:
        credential_id = parse_authentication_credential_json(credential).raw_id
    except Exception:  # noqa: BLE001 - a stranger's JSON can be wrong in every way
        raise passkey_refused() from None
    return credential_id


def check_registration(
    settings: Settings, credential: CredentialJSON, challenge: bytes
) -> NewPasskey:
    """Raises NotSignedIn."""
    try:
        return _checked_registration(settings, credential, challenge)
    except Exception:  # noqa: BLE001 - the library lets KeyError, ValueError and more escape
        raise passkey_refused() from None


def check_assertion(
    settings: Settings, credential: CredentialJSON, challenge: bytes, known: KnownPasskey
) -> Assertion:
    """Raises NotSignedIn. The counter is returned, not judged."""
    try:
        return _checked_assertion(settings, credential, challenge, known)
    except Exception:  # noqa: BLE001 - the library lets KeyError, ValueError and more escape
        raise passkey_refused() from None


def _checked_registration(
    settings: Settings, credential: CredentialJSON, challenge: bytes
) -> NewPasskey:
    _refuse_frames(credential)
    parsed = parse_registration_credential_json(credential)
    verified = verify_registration_response(
        credential=parsed,
        expected_challenge=challenge,
        expected_rp_id=settings.rp_id,
        expected_origin=[settings.public_url],
        require_user_verification=True,
        supported_pub_key_algs=ALGORITHMS,
    )
    _require(verified.credential_id == parsed.raw_id)
    _require(len(verified.credential_id) <= _LONGEST_CREDENTIAL_ID)
    _require(_is_sound(verified.credential_public_key))
    return NewPasskey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        backup_eligible=_backup_eligible(verified.credential_device_type),
        backed_up=verified.credential_backed_up,
    )


def _checked_assertion(
    settings: Settings, credential: CredentialJSON, challenge: bytes, known: KnownPasskey
) -> Assertion:
    _refuse_frames(credential)
    parsed = parse_authentication_credential_json(credential)
    verified = verify_authentication_response(
        credential=parsed,
        expected_challenge=challenge,
        expected_rp_id=settings.rp_id,
        expected_origin=[settings.public_url],
        credential_public_key=known.public_key,
        # The library judges the counter before the signature: with the true one, anybody
        # could make it look as if a passkey had been cloned.
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    _require(parsed.response.user_handle == known.user_handle)
    _require(_backup_eligible(verified.credential_device_type) == known.backup_eligible)
    return Assertion(sign_count=verified.new_sign_count, backed_up=verified.credential_backed_up)


def _refuse_frames(credential: CredentialJSON) -> None:
    # Consult is never shown in another site's frame, so no ceremony is ever made in one.
    client_data = _client_data(credential)
    _require(client_data.get("crossOrigin", False) is False)
    _require("topOrigin" not in client_data)


def _client_data(credential: CredentialJSON) -> dict[str, Any]:
    raw = base64url_to_bytes(credential["response"]["clientDataJSON"])
    client_data = json.loads(raw)
    _require(isinstance(client_data, dict))
    return cast("dict[str, Any]", client_data)


def _is_sound(public_key: bytes) -> bool:
    """Load the key now: one that can't be loaded would fail at every later sign-in."""
    decoded = decode_credential_public_key(public_key)
    match decoded_public_key_to_cryptography(decoded):
        case EllipticCurvePublicKey() as key:
            return isinstance(key.curve, SECP256R1)
        case RSAPublicKey() as key:
            return key.key_size >= _SMALLEST_RSA_KEY
        case Ed25519PublicKey():
            return True
        case _:
            return False


def _backup_eligible(device_type: CredentialDeviceType) -> bool:
    # W3C's BE flag, by the name that py_webauthn gives it.
    return device_type is CredentialDeviceType.MULTI_DEVICE


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError
