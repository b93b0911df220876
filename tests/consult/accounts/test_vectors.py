"""ID-4. The fifteen pairs of W3C Web Authentication Level 3, section 16."""

import hashlib
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.hashes import SHA384
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers.cose import COSEAlgorithmIdentifier

from consult.accounts.ceremony import KnownPasskey, check_assertion, check_registration
from consult.config import Settings
from consult.errors import NotSignedIn
from tests.authenticator import Flags

from .vectors import NAMES, ORIGIN, RP_ID, USER_HANDLE, Ceremony, Pair, make_pair

SETTINGS = Settings(public_url=ORIGIN)
PAIRS = {name: make_pair(name) for name in NAMES}

SIGNATURES = {
    "none.ES256": "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221"
    "008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87",
    "packed-self.ES256": "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf840"
    "02204e94dd00047b316061b3b99772b7efd95994a83ef584b3b6b825ea3550251b66",
    "none.ES256.crossOrigin": "3046022100eb12fcf23b12764c0f122e22371fab92e283879fd798f38ee1841c951b"
    "6e40e7022100c76237ff9db77b3c56f30837cda6a09acfa2e915544e609c0733b1184036d1cf",
    "none.ES256.topOrigin": "3045022100b5a70c81780d5fcc9a4f2ae9caae99058f8accaf58b91fb59329646c28ac"
    "6ffc022012e101c165db3c8e9957f0c54dd6ca9b56bc3bd2f280bd2faa6c1d02c6e5c171",
    "none.ES256.long-credential-id": "304502203ecef83fb12a0cae7841055f9f87103a99fd14b424194bbf06c46"
    "23d3ee6e3fd022100d2ace346db262b1374a6b70faa51f518a42ddca13a4125ce6f5052a75bac9fb6",
    "packed.ES256": "30450220694969d3ee928de6f02ef23a9c644d7d779916451734a94b432542f498a1ebe9022100"
    "8b0819c824218a97152cd099c55bfb1477b29d900a49a64018314f9bfccda163",
    "packed.EdDSA": "f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f85393bc0"
    "d40b011f0d6fecb097d6607525713223a0dc0d453993dae00b",
    "apple.ES256": "3046022100ee35db795ce28044e1f8231d68b3d79a9882f7415aa35c1b5ac74d24251073c802210"
    "0dcc65691650a412d0ceef843710c09827acf26c7845bddac07eec95863e7fc4c",
    "fido-u2f.ES256": "304402206172459958fea907b7292b92f555034bfd884895f287a76200c1ba2872391370022"
    "04727b166147e26a21bbc2921d192ebfed569b79438538e5c128b5e28e6926dd7",
}
"""As published. They sign the authenticator data and the client data, to the last byte."""

NONE_ES256 = (
    "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4"
    "735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2"
    "fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86"
    "ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed7"
    "3290af2e2664796b9220"
)
SELF_SIGNATURE = (
    "30440220067a20754ab925005dbf378097c92120031581c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0e"
    "ba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d"
)
RS256_SIGNATURE_ENDS = ("01063d52d7c39b4d432fc7063c5d93e5", "776de930756612cdc6dd398160ff02a6")
ES384_KEY = (
    "a5010203382220022158304866bd8b01da789e9eb806e5eab05ae5a638542296ab057a2f1bbce9b58f8a08b91713"
    "90b58a37ac7fffc2c5f45857da2258302a0b024c7f4b72072a1f96bd30a7261aae9571dd39870eb29e55c0941c6b"
    "08e89629a1ea1216aa64ce57c2807bf3901a"
)
ANDROID_KEY = (
    "a501020326200121582099169657036d089a2a9821a7d0063d341f1a4613389359636efab5f3cbf1accf225820dd"
    "91c55543176ea99b644406dd1dd63774b6af65ac759e06ff40b1c8ab02df6b"
)

UNKNOWN_TO_THE_LIBRARY = {"packed.ES384", "packed.Ed448"}
FRAMED = {"none.ES256.crossOrigin", "none.ES256.topOrigin"}
NOT_OFFERED = UNKNOWN_TO_THE_LIBRARY | {"packed.ES512"}


class TestTheVectorsThemselves:
    @pytest.mark.parametrize("name", SIGNATURES)
    def test_a_pair_computed_anew_is_the_published_one(self, name: str) -> None:
        assert PAIRS[name].authentication.signature.hex() == SIGNATURES[name]

    def test_and_so_is_what_the_other_pairs_show(self) -> None:
        rs256 = PAIRS["packed.RS256"].authentication.signature.hex()

        assert PAIRS["none.ES256"].attestation_object.hex() == NONE_ES256
        assert SELF_SIGNATURE in PAIRS["packed-self.ES256"].attestation_object.hex()
        assert (rs256[:32], rs256[-32:]) == RS256_SIGNATURE_ENDS
        assert PAIRS["packed.ES384"].cose_key.hex() == ES384_KEY
        assert PAIRS["android-key.ES256"].cose_key.hex() == ANDROID_KEY


class TestTheLibrary:
    @pytest.mark.parametrize("name", sorted(set(NAMES) - UNKNOWN_TO_THE_LIBRARY))
    def test_it_verifies_both_ceremonies(self, name: str) -> None:
        pair = PAIRS[name]

        registered = verify_registration_response(
            credential=pair.registration_json,
            supported_pub_key_algs=list(COSEAlgorithmIdentifier),
            **expected(pair.registration),
        )
        verify_authentication_response(
            credential=pair.authentication_json,
            credential_public_key=registered.credential_public_key,
            credential_current_sign_count=0,
            **expected(pair.authentication),
        )

        assert registered.credential_id == pair.credential_id

    @pytest.mark.parametrize("name", sorted(UNKNOWN_TO_THE_LIBRARY))
    def test_two_use_algorithms_that_it_does_not_know_and_are_sound_all_the_same(
        self, name: str
    ) -> None:
        signed = PAIRS[name].authentication
        message = signed.auth_data + hashlib.sha256(signed.client_data).digest()

        check_signature(PAIRS[name], message)
        with pytest.raises(InvalidSignature):
            check_signature(PAIRS[name], message + b"!")


class TestOurPolicy:
    """What this service takes of them: only what was verified by its user, in no frame."""

    @pytest.mark.parametrize("name", NAMES)
    def test_a_registration(self, name: str) -> None:
        pair = PAIRS[name]
        good = bool(pair.registration.flags & Flags.UV) and name not in FRAMED | NOT_OFFERED

        if good:
            passkey = check_registration(
                SETTINGS, pair.registration_json, pair.registration.challenge
            )
            assert passkey.public_key == pair.cose_key
        else:
            with pytest.raises(NotSignedIn) as refused:
                check_registration(SETTINGS, pair.registration_json, pair.registration.challenge)
            assert refused.value.code == "passkey_refused"

    @pytest.mark.parametrize("name", NAMES)
    def test_an_authentication(self, name: str) -> None:
        pair = PAIRS[name]
        good = bool(pair.authentication.flags & Flags.UV) and name not in FRAMED | {
            *UNKNOWN_TO_THE_LIBRARY
        }

        if good:
            assert check(pair) == 0
        else:
            with pytest.raises(NotSignedIn) as refused:
                check(pair)
            assert refused.value.code == "passkey_refused"

    def test_both_kinds_of_answer_are_among_them(self) -> None:
        verified = {
            name
            for name, pair in PAIRS.items()
            if pair.registration.flags & pair.authentication.flags & Flags.UV
        }

        assert verified - FRAMED - NOT_OFFERED == {"packed.ES256", "tpm.ES256"}
        assert "none.ES256.crossOrigin" in verified


def check(pair: Pair) -> int:
    eligible = bool(pair.registration.flags & Flags.BE)
    known = KnownPasskey(pair.cose_key, eligible, USER_HANDLE)
    shown, challenge = pair.authentication_json, pair.authentication.challenge
    return check_assertion(SETTINGS, shown, challenge, known).sign_count


def expected(ceremony: Ceremony) -> dict[str, Any]:
    return {
        "expected_challenge": ceremony.challenge,
        "expected_rp_id": RP_ID,
        "expected_origin": [ORIGIN],
        "require_user_verification": False,
    }


def check_signature(pair: Pair, message: bytes) -> None:
    """Verify with the key alone, read from the end of the COSE_Key by its known shape."""
    raw, signature = pair.cose_key, pair.authentication.signature
    if pair.name == "packed.Ed448":
        ed448.Ed448PublicKey.from_public_bytes(raw[-57:]).verify(signature, message)
        return
    x, y = raw[-48 - 51 : -51], raw[-48:]
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), b"\4" + x + y)
    point.verify(signature, message, ec.ECDSA(SHA384()))
