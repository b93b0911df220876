"""The one strict decode that proves a photo whole, and the small picture made of it."""

import numpy as np
from PIL import Image

from consult.imaging import icc, workers
from consult.imaging.jpeg import Walk
from consult.imaging.pixels import PREVIEW_SIDE, Pixels, decoded_strictly, encoded

_QUALITY = 85


def verified(jpeg: bytes, walked: Walk) -> Pixels:
    """Decode all coded data at a small scale; returns (rows, columns, 3) RGB pixels.

    Raises UnreadablePhoto when any of them are damaged.
    """
    if walked.scans == 1:
        return decoded_strictly(jpeg, scaled=True)
    # Several scans mean that all coefficients are held at once: not in this process.
    content, notes = workers.run("verify", jpeg)
    height, width = notes["height"], notes["width"]
    assert isinstance(height, int)
    assert isinstance(width, int)
    return np.frombuffer(content, np.uint8).reshape(height, width, 3)


def render(pixels: Pixels, *, profile: bytes | None) -> bytes:
    """Return a small sRGB JPEG without any metadata, its longer side below 640 pixels.

    Mostly the decoded pixels as they are: the scale was chosen for that, and resampling them
    again would cost as much as hashing the photo.
    """
    image = Image.fromarray(pixels)
    image = image.reduce(max(1, max(image.size) // PREVIEW_SIDE))
    if profile:
        image = icc.to_srgb(image, profile)
    return encoded(np.asarray(image), quality=_QUALITY, sampling="420")
