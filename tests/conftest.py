"""Shared by all tests: a real database, real files, a real application. Nothing of ours is faked."""

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from consult.backends.database import upgrade
from consult.bootstrap import Backends, open_backends
from consult.config import Settings, read_settings
from consult.tasks import NAMES
from tests.factories import People
from tests.service import PLENTY

ORIGIN = "https://consult.test"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where the tools are promised (CI), a test skipped for a missing one has failed."""
    report = yield
    if report.skipped and os.environ.get("CONSULT_REQUIRE_TOOLS") == "1":
        reason = str(report.longrepr[-1]) if isinstance(report.longrepr, tuple) else ""
        allowed = "corpus" in reason or "namespace" in reason  # no program, a place
        if "needs " in reason and not allowed:
            report.outcome, report.longrepr = "failed", reason
    return report


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that the migrations made, once; each test gets a copy.

    Whoever starts the tests a thousand times, as the mutants do, brings one along.
    """
    if brought := os.environ.get("CONSULT_MIGRATED"):
        return Path(brought)
    settings = read_settings(data_dir=tmp_path_factory.mktemp("migrated"))
    upgrade(settings)
    return settings.database_path


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Settings:
    settings = read_settings(
        data_dir=tmp_path / "data",
        public_url=ORIGIN,
        decode_workers=0,
        log_level="warning",
        **PLENTY,
    )
    settings.data_dir.mkdir(mode=0o700)
    shutil.copy(migrated, settings.database_path)
    return settings


@pytest.fixture
async def backends(settings: Settings) -> AsyncGenerator[Backends]:
    async with open_backends(settings, task_names=NAMES) as opened:
        yield opened


@pytest.fixture
async def client(settings: Settings) -> AsyncGenerator[AsyncClient]:
    """The application in this process, over https, signed in as nobody."""
    async with LifespanManager(
        create_app(settings, with_worker=False), startup_timeout=60
    ) as manager:
        transport = ASGITransport(manager.app)
        async with AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield client


@pytest.fixture
async def people(backends: Backends, client: AsyncClient) -> People:
    """One of each role, each with a client of their own that carries their bearer token."""
    return await People.make(backends, client)
