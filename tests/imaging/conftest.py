from collections.abc import Generator

import pytest

from consult.imaging import workers


@pytest.fixture(scope="package", autouse=True)
def decode_workers() -> Generator[None]:
    """Let the tests share the warm workers, and leave no process behind."""
    yield
    workers.close()
