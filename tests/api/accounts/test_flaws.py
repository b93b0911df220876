import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from httpx2 import Response

from tests.authenticator import SYNCED, Authenticator, Flags, Flaws, cose_key, encode

from .people import (
    ORIGIN,
    Person,
    Service,
    a_person,
    authenticate,
    deactivate,
    options_of,
    register,
)

P384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
ES384 = {1: 2, 3: -35, -1: 2, -2: P384.x.to_bytes(48, "big"), -3: P384.y.to_bytes(48, "big")}
P256 = cose_key(ec.generate_private_key(ec.SECP256R1()))
SMALL_RSA, RSA = (rsa.generate_private_key(65537, bits) for bits in (1024, 2048))

FLAWS: dict[str, Flaws] = {
    "the user was not verified": {"flags": SYNCED & ~Flags.UV},
    "nobody was there": {"flags": SYNCED & ~Flags.UP},
    "backed up, but not to be backed up": {"flags": SYNCED & ~Flags.BE},
    "another host": {"origin": "https://consult.test.evil.example"},
    "another port": {"origin": f"{ORIGIN}:8443"},
    "without TLS": {"origin": "http://consult.test"},
    "a subdomain": {"origin": "https://www.consult.test"},
    "another RP ID": {"rp_id": "evil.example"},
    "a made-up challenge": {"challenge": encode(bytes(32))},
    "no challenge": {"challenge": ""},
    "in a frame of another site": {"client_data": {"crossOrigin": True}},
    "under another site": {"client_data": {"topOrigin": "https://evil.example"}},
    "under our own site": {"client_data": {"topOrigin": ORIGIN}},
    "crossOrigin that is not a boolean": {"client_data": {"crossOrigin": "no"}},
}
WHEN_SIGNING_IN: dict[str, Flaws] = {
    "a registration's type": {"type": "webauthn.create"},
    "a bogus signature": {"bogus_signature": True},
    "somebody else's handle": {"user_handle": bytes(32)},
    "no handle": {"user_handle": None},
    "no longer to be backed up": {"flags": Flags.UP | Flags.UV},
}
WHEN_ENROLLING: dict[str, Flaws] = {
    "a sign-in's type": {"type": "webauthn.get"},
    "a small RSA key": {"public_key": cose_key(SMALL_RSA)},
    "a point that is not on the curve": {"public_key": {**P256, -3: bytes(31) + b"\1"}},
    "an algorithm that was not offered": {"public_key": ES384},
    "a good key for a hash that was not offered": {"public_key": {**cose_key(RSA), 3: -259}},
    "a curve that does not fit": {"public_key": {**ES384, 3: -7}},
    "a key without its algorithm": {"public_key": {1: 2, -1: 1}},
    "a key of no known kind": {"public_key": {1: 99, 3: -7}},
}


class TestEveryFlawIsRefusedAlike:
    """ID-2: nothing tells a prober which check it ran into."""

    @pytest.mark.parametrize("flaw", [*FLAWS, *WHEN_SIGNING_IN])
    async def test_when_signing_in(self, enrolled: Person, flaw: str) -> None:
        options = await options_of(enrolled.client)
        flaws = FLAWS.get(flaw) or WHEN_SIGNING_IN[flaw]

        response = await authenticate(enrolled.client, enrolled.authenticator.get(options, **flaws))

        assert_refused(response)
        await enrolled.sign_in()

    @pytest.mark.parametrize("flaw", [*FLAWS, *WHEN_ENROLLING])
    async def test_when_enrolling_and_the_link_still_works(self, ana: Person, flaw: str) -> None:
        token = await ana.invite()
        options = await options_of(ana.client, token)
        flaws = FLAWS.get(flaw) or WHEN_ENROLLING[flaw]

        response = await register(ana.client, token, ana.authenticator.create(options, **flaws))

        assert_refused(response)
        await assert_link_works(ana, token)

    async def test_an_id_that_is_longer_than_the_standard_allows(self, ana: Person) -> None:
        token = await ana.invite()
        for length, status in ((1024, 401), (1023, 201)):
            long = Authenticator(ORIGIN, credential_id=secrets.token_bytes(length))
            options = await options_of(ana.client, token)

            response = await register(ana.client, token, long.create(options))

            assert response.status_code == status

    async def test_an_id_outside_that_is_not_the_one_inside(self, ana: Person) -> None:
        token = await ana.invite()
        credential = ana.authenticator.create(await options_of(ana.client, token))
        credential["id"] = credential["rawId"] = encode(bytes(32))

        assert_refused(await register(ana.client, token, credential))
        await assert_link_works(ana, token)

    async def test_a_passkey_that_somebody_else_has_bound(
        self, service: Service, enrolled: Person
    ) -> None:
        async with a_person(service) as eve:
            token = await eve.invite()
            options = await options_of(eve.client, token)

            assert_refused(
                await register(eve.client, token, enrolled.authenticator.create(options))
            )

    async def test_a_challenge_that_was_answered_before(self, enrolled: Person) -> None:
        credential = enrolled.authenticator.get(await options_of(enrolled.client))
        await authenticate(enrolled.client, credential)

        assert_refused(await authenticate(enrolled.client, credential))

    async def test_a_challenge_of_the_other_ceremony(self, enrolled: Person) -> None:
        token = await enrolled.invite()
        registration, authentication = (
            await options_of(enrolled.client, token),
            await options_of(enrolled.client),
        )

        swapped = authentication | {"challenge": registration["challenge"]}
        assert_refused(await authenticate(enrolled.client, enrolled.authenticator.get(swapped)))

        swapped = registration | {"challenge": authentication["challenge"]}
        fresh = Authenticator(ORIGIN)
        assert_refused(await register(enrolled.client, token, fresh.create(swapped)))

    async def test_a_challenge_of_another_invitation(self, service: Service, ana: Person) -> None:
        async with a_person(service) as eve:
            hers = await options_of(eve.client, await eve.invite())

            assert_refused(
                await register(ana.client, await ana.invite(), ana.authenticator.create(hers))
            )

    @pytest.mark.parametrize(
        "credential",
        [
            {},
            {"response": []},
            {"response": {"clientDataJSON": 7}},
            {"response": {"clientDataJSON": "ÿ"}},
            {"response": {"clientDataJSON": encode(b"[]")}},
            {"response": {"clientDataJSON": encode(b"[" * 100_000)}},
            {"response": {"clientDataJSON": encode(b'{"challenge": 7}')}},
        ],
        ids=lambda credential: repr(credential)[:48],
    )
    async def test_a_credential_that_is_none(self, ana: Person, credential: dict[str, Any]) -> None:
        assert_refused(await authenticate(ana.client, credential))
        assert_refused(await register(ana.client, await ana.invite(), credential))

    async def test_somebody_inactive(self, enrolled: Person) -> None:
        await deactivate(enrolled)

        assert_refused(
            await authenticate(
                enrolled.client, enrolled.authenticator.get(await options_of(enrolled.client))
            )
        )


def assert_refused(response: Response) -> None:
    assert (response.status_code, response.json()) == (
        401,
        {
            "type": "about:blank",
            "title": "Unauthorized",
            "status": 401,
            "code": "passkey_refused",
            "detail": "This passkey could not be used. Start again, on this same page.",
        },
    )
    assert "set-cookie" not in response.headers


async def assert_link_works(person: Person, token: str) -> None:
    options = await options_of(person.client, token)
    response = await register(person.client, token, Authenticator(ORIGIN).create(options))
    assert response.status_code == 201
