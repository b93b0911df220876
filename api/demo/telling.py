"""How a story is told on a terminal."""

import sys


def tell(line: str) -> None:
    """Begin a step."""
    print(f"\n\033[1m{line}\033[0m" if sys.stdout.isatty() else f"\n{line}", flush=True)


def say(line: str) -> None:
    """One more line of the step."""
    print(f"   {line}", flush=True)
