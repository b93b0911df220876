from collections.abc import AsyncGenerator

import pytest

from consult.backends.database import Database, open_database
from consult.config import Settings


@pytest.fixture
async def database(settings: Settings) -> AsyncGenerator[Database]:
    async with open_database(settings) as database:
        yield database
