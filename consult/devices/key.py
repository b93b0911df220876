"""The key of a tablet: ECDSA on P-256 with SHA-256, as WebCrypto makes and uses it. Pure.

What is signed names its purpose and the service, so that an answer to one question is none to
another (W3C Web Cryptography, 23; signatures are r and s of 32 bytes each, IEEE P1363).
"""

from enum import StrEnum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

_DOMAIN = "consult-device-v1"
_HALF = 32


class Purpose(StrEnum):
    ENROLMENT = "enrolment"
    SESSION = "session"


def read_key(spki: bytes) -> bytes | None:
    """Return the key in its one canonical form; None for anything but a sound P-256 key."""
    try:
        key = load_der_public_key(spki)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        return None
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def message_of(purpose: Purpose, origin: str, challenge: str) -> bytes:
    """What the tablet signs: purpose, origin and challenge, each on a line of its own."""
    return f"{_DOMAIN}\n{purpose.value}\n{origin}\n{challenge}".encode()


def has_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    key = load_der_public_key(public_key)
    assert isinstance(key, EllipticCurvePublicKey)
    if len(signature) != 2 * _HALF:
        return False
    r, s = (int.from_bytes(half) for half in (signature[:_HALF], signature[_HALF:]))
    try:
        key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
