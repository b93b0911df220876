"""What a fuzz target is, and what it holds to be true of every input."""

from collections.abc import Callable
from dataclasses import dataclass

MAX_INPUT = 16 * 1024  # bytes: the readers care about structure, not about picture data


@dataclass(frozen=True)
class Target:
    run: Callable[[bytes], None]
    """Returns, or raises InvalidPhoto; anything else is a crash."""
    seeds: Callable[[], list[bytes]]
