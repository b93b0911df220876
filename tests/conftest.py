"""Shared by all tests: a real database, real files, a real application. Nothing of ours is faked."""

import os
import shutil
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import pytest
from asgi_lifespan import LifespanManager
from httpx2 import ASGITransport, AsyncClient

from api.app import create_app
from consult.backends.database import upgrade
from consult.bootstrap import Backends, open_backends
from consult.config import Settings, read_settings
from consult.tasks import NAMES
from tests.factories import Cast, People
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


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> tuple[Path, Cast]:
    """A service in which one of each role is at home, keys and all; who wants them gets a copy."""
    folder = tmp_path_factory.mktemp("peopled")
    settings = settings_in(folder / "data")
    shutil.copy(migrated, settings.database_path)
    return folder, anyio.run(_settle, settings)


async def _settle(settings: Settings) -> Cast:
    async with open_backends(settings, task_names=NAMES) as opened:
        return await Cast.make(opened)


def settings_in(data_dir: Path) -> Settings:
    data_dir.mkdir(mode=0o700)
    return read_settings(
        data_dir=data_dir, public_url=ORIGIN, decode_workers=0, log_level="warning", **PLENTY
    )


@pytest.fixture
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    settings = settings_in(tmp_path / "data")
    if "people" in request.fixturenames:
        folder, _ = request.getfixturevalue("peopled")
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    else:
        shutil.copy(request.getfixturevalue("migrated"), settings.database_path)
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
def people(client: AsyncClient, peopled: tuple[Path, Cast]) -> People:
    """One of each role, each with a client of their own that carries their bearer token."""
    _, cast = peopled
    return People.of(cast, client)
