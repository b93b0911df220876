import pytest

from consult import accounts
from consult.bootstrap import Backends
from consult.models import Role, User


@pytest.fixture
async def ana(backends: Backends) -> User:
    return await make_user(backends)


async def make_user(
    backends: Backends, *, email: str = "ana@example.org", role: Role = Role.PATIENT
) -> User:
    async with backends.database.writes.begin() as session:
        return await accounts.add_user(session, email=email, name="Ana Ortiz", role=role)


async def deactivate(backends: Backends, user: User) -> None:
    async with backends.database.writes.begin() as session:
        (await session.get_one(User, user.id)).active = False
