"""A software authenticator: makes and uses one passkey, as told or with one flaw.

Written from W3C Web Authentication Level 3, 6.1 (authenticator data), 6.5 (attestation) and
5.8.1 (client data); it shares no code with the library that checks it.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from enum import IntFlag
from typing import Any, TypedDict, Unpack

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
COSEKey = Mapping[int, int | bytes]


class Flags(IntFlag):
    UP = 0x01
    UV = 0x04
    BE = 0x08
    BS = 0x10
    AT = 0x40


SYNCED = Flags.UP | Flags.UV | Flags.BE | Flags.BS


class Flaws(TypedDict, total=False):
    """What to do otherwise than the options and the standard say."""

    type: str
    challenge: str
    origin: str
    rp_id: str
    flags: Flags
    counter: int
    client_data: Mapping[str, object]
    """More members of the client data: crossOrigin, topOrigin."""
    user_handle: bytes | None
    public_key: COSEKey
    bogus_signature: bool


class Authenticator:
    def __init__(
        self, origin: str, *, key: PrivateKey | None = None, credential_id: bytes | None = None
    ) -> None:
        self.origin = origin
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.credential_id = credential_id or secrets.token_bytes(32)
        self.user_handle: bytes | None = None

    def create(self, options: Mapping[str, Any], **flaws: Unpack[Flaws]) -> dict[str, Any]:
        """Answer PublicKeyCredentialCreationOptionsJSON with a RegistrationResponseJSON."""
        self.user_handle = decode(options["user"]["id"])
        public_key = cbor2.dumps(flaws.get("public_key", cose_key(self.key)))
        length = len(self.credential_id).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential_id + public_key
        auth_data = _auth_data(options["rp"]["id"], attested, flaws)
        attestation: dict[str, object] = {"fmt": "none", "attStmt": {}, "authData": auth_data}
        return self._credential(
            clientDataJSON=self._client_data("webauthn.create", options, flaws),
            attestationObject=cbor2.dumps(attestation),
        )

    def get(self, options: Mapping[str, Any], **flaws: Unpack[Flaws]) -> dict[str, Any]:
        """Answer PublicKeyCredentialRequestOptionsJSON with an AuthenticationResponseJSON."""
        auth_data = _auth_data(options["rpId"], b"", flaws)
        client_data = self._client_data("webauthn.get", options, flaws)
        signature = _sign(self.key, auth_data + hashlib.sha256(client_data).digest())
        if flaws.get("bogus_signature"):
            signature = _sign(self.key, b"something else")
        return self._credential(
            clientDataJSON=client_data,
            authenticatorData=auth_data,
            signature=signature,
            userHandle=flaws.get("user_handle", self.user_handle),
        )

    def _client_data(self, kind: str, options: Mapping[str, Any], flaws: Flaws) -> bytes:
        client_data = {
            "type": flaws.get("type", kind),
            "challenge": flaws.get("challenge", options["challenge"]),
            "origin": flaws.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(client_data | dict(flaws.get("client_data", {}))).encode()

    def _credential(self, **response: bytes | None) -> dict[str, Any]:
        name = encode(self.credential_id)
        encoded = {key: encode(value) for key, value in response.items() if value is not None}
        return {"id": name, "rawId": name, "type": "public-key", "response": encoded}


def cose_key(key: PrivateKey) -> COSEKey:
    """Return the public half as a COSE_Key (RFC 9053 7.1, 7.2; RFC 8230 4)."""
    match key:
        case ec.EllipticCurvePrivateKey():
            point = key.public_key().public_numbers()
            x, y = (part.to_bytes(32, "big") for part in (point.x, point.y))
            return {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        case ed25519.Ed25519PrivateKey():
            return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
        case rsa.RSAPrivateKey():
            modulus = key.public_key().public_numbers().n
            return {1: 3, 3: -257, -1: modulus.to_bytes(key.key_size // 8, "big"), -2: b"\1\0\1"}


def encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def _auth_data(rp_id: str, attested: bytes, flaws: Flaws) -> bytes:
    flags = flaws.get("flags", SYNCED) | (Flags.AT if attested else Flags(0))
    rp_id_hash = hashlib.sha256(flaws.get("rp_id", rp_id).encode()).digest()
    counter = flaws.get("counter", 0)
    return rp_id_hash + bytes([flags]) + counter.to_bytes(4, "big") + attested


def _sign(key: PrivateKey, message: bytes) -> bytes:
    match key:
        case ec.EllipticCurvePrivateKey():
            return key.sign(message, ec.ECDSA(SHA256()))
        case ed25519.Ed25519PrivateKey():
            return key.sign(message)
        case rsa.RSAPrivateKey():
            return key.sign(message, padding.PKCS1v15(), SHA256())
