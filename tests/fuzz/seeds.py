"""Real files to start from."""

from tests.fuzz.target import MAX_INPUT
from tests.imaging.photos import CORPUS


def real_seeds(*patterns: str) -> list[bytes]:
    """Return the small files of the photo corpus, or none where it does not lie."""
    files = [file for pattern in patterns for file in sorted(CORPUS.glob(pattern))]
    return [file.read_bytes() for file in files if file.stat().st_size <= MAX_INPUT]
