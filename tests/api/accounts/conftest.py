from collections.abc import AsyncGenerator

import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport

from api.app import create_app
from consult.bootstrap import open_backends
from consult.config import read_settings
from consult.models import Role
from consult.tasks import NAMES
from tests.service import PLENTY

from .people import (
    ORIGIN,
    Person,
    Service,
    a_person,
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Service]:
    settings = read_settings(data_dir=tmp_path_factory.mktemp("data"), public_url=ORIGIN, **PLENTY)
    app = create_app(settings, with_worker=False)
    async with (
        LifespanManager(app, startup_timeout=60) as manager,
        open_backends(settings, task_names=NAMES) as backends,
    ):
        yield Service(ASGITransport(manager.app), backends)


@pytest.fixture
async def ana(service: Service) -> AsyncGenerator[Person]:
    """Has nothing but an account."""
    async with a_person(service) as person:
        yield person


@pytest.fixture
async def enrolled(ana: Person) -> Person:
    """Has a passkey, and is signed in."""
    await ana.enrol()
    return ana


@pytest.fixture
async def coordinator(service: Service) -> AsyncGenerator[Person]:
    async with a_person(service, role=Role.COORDINATOR) as person:
        await person.enrol()
        yield person


@pytest.fixture
async def admin(service: Service) -> AsyncGenerator[Person]:
    async with a_person(service, role=Role.ADMIN) as person:
        await person.enrol()
        yield person
