import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from sqlmodel import select

from consult import accounts, audit
from consult.accounts.invitations import use_invitation
from consult.accounts.secret import hash_of
from consult.bootstrap import Backends
from consult.errors import InvalidRequest, NotSignedIn
from consult.models import Credential, Invitation, User
from tests.authenticator import SYNCED, Flags, decode, encode

from .ceremonies import (
    all_challenges,
    answer,
    answer_sign_in,
    audit_row,
    authentication_options,
    authenticator_of,
    bind,
    credential_of,
    enrolled,
    expire,
    invite,
    make_eve,
    registration_options,
    revoke,
    sign_in,
)
from .conftest import deactivate

KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}


class TestOptions:
    async def test_a_new_passkey_must_verify_its_user_and_be_found_without_a_name(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-2."""
        options = await registration_options(backends, await invite(backends, ana))

        assert options["authenticatorSelection"] == {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        }
        assert options["attestation"] == "none"
        assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8, -257]
        assert options["rp"] == {"id": "consult.test", "name": "Consult"}
        assert (options["user"]["name"], options["user"]["displayName"]) == (ana.email, ana.name)

    async def test_the_user_handle_is_random_and_says_nothing(
        self, backends: Backends, ana: User
    ) -> None:
        options = await registration_options(backends, await invite(backends, ana))

        assert decode(options["user"]["id"]) == ana.handle
        assert len(ana.handle) == 32

    async def test_an_authenticator_that_holds_a_passkey_is_not_asked_for_a_second(
        self, backends: Backends, ana: User
    ) -> None:
        bound, revoked = await enrolled(backends, ana), await enrolled(backends, ana)
        await revoke(backends, revoked)

        options = await registration_options(backends, await invite(backends, ana))

        excluded = [each["id"] for each in options["excludeCredentials"]]
        assert excluded == [encode(bound.credential_id)]

    async def test_signing_in_names_nobody(self, backends: Backends, ana: User) -> None:
        await enrolled(backends, ana)

        options = await authentication_options(backends)

        assert options["allowCredentials"] == []
        assert options["userVerification"] == "required"

    async def test_challenges_are_long_unlike_and_kept_only_as_hashes(
        self, backends: Backends
    ) -> None:
        """ID-3."""
        first, second = [await authentication_options(backends) for _ in range(2)]

        rows = await all_challenges(backends)
        challenges = [decode(options["challenge"]) for options in (first, second)]
        assert [len(challenge) for challenge in challenges] == [32, 32]
        assert {row.challenge_hash for row in rows} == {hash_of(each) for each in challenges}

    async def test_old_challenges_are_cleared_away_when_a_new_one_is_made(
        self, backends: Backends
    ) -> None:
        old = await authentication_options(backends)
        await expire(backends, old)

        new = await authentication_options(backends)

        (row,) = await all_challenges(backends)
        assert row.challenge_hash == hash_of(decode(new["challenge"]))


class TestRegister:
    @pytest.mark.parametrize("algorithm", list(KEYS))
    async def test_every_algorithm_that_is_offered_works(
        self, backends: Backends, ana: User, algorithm: str
    ) -> None:
        authenticator = await enrolled(backends, ana, key=KEYS[algorithm])

        user = await sign_in(backends, authenticator)

        assert user.id == ana.id

    async def test_it_uses_the_invitation_up(self, backends: Backends, ana: User) -> None:
        """ID-5."""
        secret = await invite(backends, ana)
        await bind(backends, secret, authenticator_of(backends))

        with pytest.raises(InvalidRequest) as refused:
            await registration_options(backends, secret)
        assert refused.value.code == "invitation_not_valid"

    async def test_a_failed_attempt_leaves_the_invitation_as_it_was(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-5."""
        secret, authenticator = await invite(backends, ana), authenticator_of(backends)
        with pytest.raises(NotSignedIn):
            await bind(backends, secret, authenticator, flags=Flags.UP)

        await bind(backends, secret, authenticator)

        assert (await sign_in(backends, authenticator)).id == ana.id

    async def test_a_challenge_of_one_invitation_does_not_serve_another(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-2."""
        mine, hers = await invite(backends, ana), await invite(backends, await make_eve(backends))
        options = await registration_options(backends, hers)

        with pytest.raises(NotSignedIn):
            await answer(backends, mine, authenticator_of(backends).create(options))

    async def test_a_passkey_belongs_to_the_first_who_binds_it(
        self, backends: Backends, ana: User
    ) -> None:
        authenticator, eve = await enrolled(backends, ana), await make_eve(backends)

        with pytest.raises(NotSignedIn) as refused:
            await bind(backends, await invite(backends, eve), authenticator)
        assert refused.value.code == "passkey_refused"

    async def test_an_invitation_is_used_up_once_even_by_two_who_found_it_alive(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-5."""
        await invite(backends, ana)
        async with backends.database.writes.begin() as session:
            invitation = (await session.exec(select(Invitation))).one()
            await use_invitation(session, invitation.id)
            with pytest.raises(InvalidRequest):
                await use_invitation(session, invitation.id)

    async def test_it_is_on_record_and_the_record_holds(
        self, backends: Backends, ana: User
    ) -> None:
        await enrolled(backends, ana)

        row = await audit_row(backends, "passkey.registered")
        async with backends.database.reads() as session:
            credential = (await session.exec(select(Credential))).one()
            report = await audit.verify(session)
        assert (row.actor_id, row.object_id) == (str(ana.id), str(credential.id))
        assert report.first_bad_seq is None


class TestAuthenticate:
    async def test_an_answer_that_comes_too_late_is_refused(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-2, ID-3."""
        authenticator = await enrolled(backends, ana)
        options = await authentication_options(backends)
        await expire(backends, options)

        with pytest.raises(NotSignedIn) as refused:
            await answer_sign_in(backends, authenticator.get(options))
        assert refused.value.code == "passkey_refused"

    async def test_a_challenge_is_burnt_by_a_wrong_answer_too(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-3."""
        authenticator = await enrolled(backends, ana)
        options = await authentication_options(backends)
        with pytest.raises(NotSignedIn):
            await answer_sign_in(backends, authenticator.get(options, bogus_signature=True))

        with pytest.raises(NotSignedIn):
            await answer_sign_in(backends, authenticator.get(options))
        assert await all_challenges(backends) == []

    async def test_an_unknown_passkey_is_named_as_such_so_that_it_can_be_forgotten(
        self, backends: Backends, ana: User
    ) -> None:
        known, stranger = await enrolled(backends, ana), authenticator_of(backends)
        stranger.user_handle = known.user_handle

        with pytest.raises(NotSignedIn) as refused:
            await sign_in(backends, stranger)
        assert refused.value.code == "unknown_passkey"

    async def test_a_revoked_passkey_is_unknown_and_stays_on_record(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-7."""
        authenticator = await enrolled(backends, ana)
        await revoke(backends, authenticator)

        with pytest.raises(NotSignedIn) as refused:
            await sign_in(backends, authenticator)
        assert refused.value.code == "unknown_passkey"

    async def test_it_is_worth_nothing_once_its_user_is_inactive(
        self, backends: Backends, ana: User
    ) -> None:
        authenticator = await enrolled(backends, ana)
        await deactivate(backends, ana)

        with pytest.raises(NotSignedIn):
            await sign_in(backends, authenticator)

    async def test_a_counter_that_grows_is_remembered(self, backends: Backends, ana: User) -> None:
        authenticator = await enrolled(backends, ana)

        for counter in (1, 2, 7):
            await sign_in(backends, authenticator, counter=counter)

        assert (await credential_of(backends, authenticator)).sign_count == 7

    @pytest.mark.parametrize("counter", [6, 7, 0])
    async def test_a_counter_that_does_not_grow_is_refused_and_not_a_lock_out(
        self, backends: Backends, ana: User, counter: int
    ) -> None:
        authenticator = await enrolled(backends, ana)
        await sign_in(backends, authenticator, counter=7)

        with pytest.raises(accounts.CounterWentBack) as refused:
            await sign_in(backends, authenticator, counter=counter)

        credential = await credential_of(backends, authenticator)
        assert (refused.value.credential, refused.value.code) == (credential.id, "passkey_refused")
        assert credential.sign_count == 7
        await sign_in(backends, authenticator, counter=8)

    async def test_nobody_without_the_key_can_raise_a_counter_alarm(
        self, backends: Backends, ana: User
    ) -> None:
        authenticator = await enrolled(backends, ana)
        await sign_in(backends, authenticator, counter=7)

        with pytest.raises(NotSignedIn) as refused:
            await sign_in(backends, authenticator, counter=1, bogus_signature=True)
        assert type(refused.value) is NotSignedIn

    async def test_a_counter_alarm_is_on_record(self, backends: Backends, ana: User) -> None:
        credential = await credential_of(backends, await enrolled(backends, ana))

        async with backends.database.writes.begin() as session:
            await accounts.record_counter(session, accounts.CounterWentBack(credential.id))

        row = await audit_row(backends, "passkey.counter_went_back")
        assert (row.actor_id, row.object_id) == (None, str(credential.id))

    async def test_that_a_passkey_is_backed_up_by_now_is_noted(
        self, backends: Backends, ana: User
    ) -> None:
        authenticator = authenticator_of(backends)
        secret = await invite(backends, ana)
        await bind(backends, secret, authenticator, flags=SYNCED & ~Flags.BS)
        assert not (await credential_of(backends, authenticator)).backed_up

        await sign_in(backends, authenticator, flags=SYNCED)

        credential = await credential_of(backends, authenticator)
        assert credential.backed_up
        assert credential.last_used_at
