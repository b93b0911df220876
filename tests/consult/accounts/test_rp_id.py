import pytest

from consult import accounts
from consult.bootstrap import Backends
from consult.config import Settings
from consult.errors import Conflict
from consult.models import User

from .ceremonies import enrolled, revoke


class TestCheckRpId:
    async def test_the_same_rp_id_is_fine(self, backends: Backends, ana: User) -> None:
        await enrolled(backends, ana)

        async with backends.database.reads() as session:
            await accounts.check_rp_id(session, backends.settings)

    async def test_another_one_would_strand_every_passkey(
        self, backends: Backends, ana: User
    ) -> None:
        """ID-9."""
        await enrolled(backends, ana)
        moved = Settings(public_url="https://consult.example.org")

        async with backends.database.reads() as session:
            with pytest.raises(Conflict) as refused:
                await accounts.check_rp_id(session, moved)
        assert refused.value.code == "rp_id_changed"

    async def test_revoked_passkeys_strand_nobody(self, backends: Backends, ana: User) -> None:
        await revoke(backends, await enrolled(backends, ana))
        moved = Settings(public_url="https://consult.example.org")

        async with backends.database.reads() as session:
            await accounts.check_rp_id(session, moved)
