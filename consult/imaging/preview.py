"""The one strict decode that proves a photo whole, and the small picture made of it."""

import numpy as np

from consult.imaging import workers
from consult.imaging.pixels import Pixels
from consult.imaging.rebuild import rebuilt


def verified(jpeg: bytes, *, profile: bytes | None) -> tuple[Pixels, bytes]:
    """Decode all coded data at a small scale.

    Returns (rows, columns, 3) RGB pixels, and the preview: a small sRGB JPEG without any
    metadata, its longer side below 640 pixels. Raises UnreadablePhoto when any data are damaged.
    """
    profile = profile or b""
    content, notes = workers.run("verify", jpeg, profile, profile_size=len(profile))
    height, width = notes["height"], notes["width"]
    assert isinstance(height, int)
    assert isinstance(width, int)
    size = 3 * height * width
    pixels = np.frombuffer(content, np.uint8, count=size).reshape(height, width, 3)
    return pixels, rebuilt(content[size:])
