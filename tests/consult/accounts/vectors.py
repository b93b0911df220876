"""The test vectors of W3C Web Authentication Level 3, section 16: fifteen pairs of ceremonies.

The standard derives every random value by HKDF-SHA-256 (RFC 5869) from one phrase, a label and
a running number, and signs with RFC 6979 nonces, so that each pair can be computed anew. That is
done here; `test_vectors.py` holds the result against published values.

Attestation statements are left out but for "none" and self attestation: this service asks for
none, and where the standard shows another, its authenticator data are put under "none".
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.authenticator import Flags, encode

ORIGIN, RP_ID = "https://example.org", "example.org"
USER_HANDLE = b"anybody"
"""Not in the vectors: it is not signed, and this service wants one."""

_PHRASE = b"WebAuthn test vectors"
_EXTRA = "clientDataJSON may be extended with additional fields in the future, such as this: {}"
_CURVES = {
    "ES256": (ec.SECP256R1(), SHA256(), 32, {1: 2, 3: -7, -1: 1}),
    "ES384": (ec.SECP384R1(), SHA384(), 48, {1: 2, 3: -35, -1: 2}),
    "ES512": (ec.SECP521R1(), SHA512(), 65, {1: 2, 3: -36, -1: 3}),
}
NAMES = (
    "none.ES256",
    "packed-self.ES256",
    "none.ES256.crossOrigin",
    "none.ES256.topOrigin",
    "none.ES256.long-credential-id",
    "packed.ES256",
    "packed.ES384",
    "packed.ES512",
    "packed.RS256",
    "packed.EdDSA",
    "packed.Ed448",
    "tpm.ES256",
    "android-key.ES256",
    "apple.ES256",
    "fido-u2f.ES256",
)


@dataclass(frozen=True)
class Ceremony:
    challenge: bytes
    client_data: bytes
    auth_data: bytes
    signature: bytes = b""

    @property
    def flags(self) -> Flags:
        return Flags(self.auth_data[32])


@dataclass(frozen=True)
class Pair:
    name: str
    credential_id: bytes
    cose_key: bytes
    registration: Ceremony
    attestation_object: bytes
    authentication: Ceremony

    @property
    def registration_json(self) -> dict[str, Any]:
        return self._json(
            clientDataJSON=self.registration.client_data,
            attestationObject=self.attestation_object,
        )

    @property
    def authentication_json(self) -> dict[str, Any]:
        return self._json(
            clientDataJSON=self.authentication.client_data,
            authenticatorData=self.authentication.auth_data,
            signature=self.authentication.signature,
            userHandle=USER_HANDLE,
        )

    def _json(self, **response: bytes) -> dict[str, Any]:
        name = encode(self.credential_id)
        encoded = {key: encode(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": encoded}


class _Key:
    """A credential's key, made of what the standard draws for it."""

    def __init__(self, name: str, draw: "_Draw") -> None:
        self.kind = name.split(".")[1]
        if self.kind in _CURVES:
            curve, self._hash, length, self._head = _CURVES[self.kind]
            self._ec = ec.derive_private_key(int.from_bytes(draw(length), "big"), curve)
        elif self.kind == "EdDSA":
            self._ed = ed25519.Ed25519PrivateKey.from_private_bytes(draw(32))
        elif self.kind == "Ed448":
            self._ed = ed448.Ed448PrivateKey.from_private_bytes(draw(57))
        else:
            self._rsa = _mersenne_key()

    def sign(self, message: bytes) -> bytes:
        if self.kind in _CURVES:
            return self._ec.sign(message, ec.ECDSA(self._hash, deterministic_signing=True))
        if self.kind == "RS256":
            return self._rsa.sign(message, padding.PKCS1v15(), SHA256())
        return self._ed.sign(message)

    def cose(self) -> bytes:
        if self.kind in _CURVES:
            point, length = self._ec.public_key().public_numbers(), (self._ec.key_size + 7) // 8
            x, y = (part.to_bytes(length, "big") for part in (point.x, point.y))
            return cbor2.dumps({**self._head, -2: x, -3: y})
        if self.kind == "RS256":
            modulus = self._rsa.public_key().public_numbers().n
            raw = modulus.to_bytes((self._rsa.key_size + 7) // 8, "big")
            return cbor2.dumps({1: 3, 3: -257, -1: raw, -2: b"\1\0\1"})
        algorithm, curve = (-8, 6) if self.kind == "EdDSA" else (-53, 7)
        public = self._ed.public_key().public_bytes_raw()
        return cbor2.dumps({1: 1, 3: algorithm, -1: curve, -2: public})


class _Draw:
    """The values that the standard draws under one label, in order."""

    def __init__(self, label: str) -> None:
        self._label = label.encode()
        self._salts: Iterator[int] = count()

    def __call__(self, length: int) -> bytes:
        salt = bytes([next(self._salts)])
        return HKDF(SHA256(), length=length, salt=salt, info=self._label).derive(_PHRASE)


def make_pair(name: str) -> Pair:
    draw = _Draw(name)
    challenge_length = 128 if name == "packed.ES512" else 32
    challenge = draw(challenge_length)
    key = _Key(name, draw)
    client_data = _client_data("webauthn.create", challenge, name, draw)
    aaguid = draw(16)
    credential_id = draw(1023 if name.endswith("long-credential-id") else 32)
    attested = aaguid + len(credential_id).to_bytes(2, "big") + credential_id + key.cose()
    # A U2F authenticator knows neither user verification nor backups (16.16).
    drawn = Flags(0) if name.startswith("fido-u2f") else Flags(draw(1)[0] & 0x1C)
    auth_data = _auth_data(drawn | Flags.AT, eligible=bool(drawn & Flags.BE)) + attested
    signature = key.sign(auth_data + hashlib.sha256(client_data).digest())
    registration = Ceremony(challenge, client_data, auth_data)
    _skip_attestation(name, draw)
    return Pair(
        name,
        credential_id,
        key.cose(),
        registration,
        _attestation_object(name, auth_data, signature),
        _authentication(name, key, draw, challenge_length, eligible=bool(drawn & Flags.BE)),
    )


def _authentication(
    name: str, key: _Key, draw: _Draw, challenge_length: int, *, eligible: bool
) -> Ceremony:
    challenge = draw(challenge_length)
    client_data = _client_data("webauthn.get", challenge, name, draw)
    drawn = Flags(draw(1)[0] & (Flags.UV | Flags.BS))
    auth_data = _auth_data(drawn | (Flags.BE if eligible else Flags(0)), eligible=eligible)
    signature = key.sign(auth_data + hashlib.sha256(client_data).digest())
    return Ceremony(challenge, client_data, auth_data, signature)


def _client_data(kind: str, challenge: bytes, name: str, draw: _Draw) -> bytes:
    members: dict[str, object] = {
        "type": kind,
        "challenge": encode(challenge),
        "origin": ORIGIN,
        "crossOrigin": name.endswith(("crossOrigin", "topOrigin")),
    }
    if name.endswith("topOrigin"):
        members["topOrigin"] = "https://example.com"
    if draw(1)[0] & 1:
        members["extraData"] = _EXTRA.format(encode(draw(16)))
    return json.dumps(members, separators=(",", ":")).encode()


def _auth_data(flags: Flags, *, eligible: bool) -> bytes:
    flags |= Flags.UP
    if not eligible:
        flags &= ~Flags.BS
    return hashlib.sha256(RP_ID.encode()).digest() + bytes([flags]) + bytes(4)


def _attestation_object(name: str, auth_data: bytes, signature: bytes) -> bytes:
    kind, statement = "none", {}
    if name.startswith("packed-self"):
        kind, statement = "packed", {"alg": -7, "sig": signature}
    return cbor2.dumps({"fmt": kind, "attStmt": statement, "authData": auth_data})


def _skip_attestation(name: str, draw: _Draw) -> None:
    """Pass over what the statements are made of: a key, unless it is the credential's, and a number."""
    if name.startswith(("packed.", "tpm.", "fido-u2f.")):
        draw(32)
    if not name.startswith(("none.", "packed-self.")):
        draw(16)


def _mersenne_key() -> rsa.RSAPrivateKey:
    p, q, e = 2**1279 - 1, 2**2203 - 1, 65537
    d = rsa.rsa_recover_private_exponent(e, p, q)
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(e, p * q),
    )
    return numbers.private_key()
