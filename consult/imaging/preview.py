"""The one strict decode that proves a photo whole, and what comes of it."""

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import fields

from consult.imaging import workers
from consult.imaging.advice import Measures
from consult.imaging.framing import Notes
from consult.imaging.rebuild import rebuilt
from consult.imaging.refusals import refused

Verified = Callable[[], tuple[bytes, Measures]]


@contextmanager
def verifying(jpeg: bytes, *, profile: bytes | None) -> Generator[Verified]:
    """Decode all coded data at a small scale; meanwhile, the caller may do something else.

    What it gets waits for the end and returns the preview, a small sRGB JPEG without any
    metadata, its longer side below 640 pixels, and what is to be judged. Raises
    UnreadablePhoto when any data are damaged.
    """
    profile = profile or b""
    with workers.running("verify", jpeg, profile, profile_size=len(profile)) as answer:
        yield lambda: _verified(*answer())


def _verified(small: bytes, notes: Notes) -> tuple[bytes, Measures]:
    return rebuilt(small), Measures(**{f.name: _number(notes, f.name) for f in fields(Measures)})


def _number(notes: Notes, name: str) -> float:
    value = notes.get(name)
    if not isinstance(value, float | int) or not math.isfinite(value):
        raise refused("damaged_photo")  # its worker was taken over
    return value
