"""The job that every photo goes through: prove it whole, look at it, make it small.

Runs inside `workers` only. Apart from `decode`, and whatever is seldom needed loaded late:
`consult scrub` waits for a worker to start.
"""

from dataclasses import asdict

import numpy as np

from consult.imaging import quality
from consult.imaging.framing import Body, Notes, parted
from consult.imaging.pixels import Pixels, decoded_strictly, encoded, reduced

_PREVIEW_QUALITY = 85


def verify(content: Body, notes: Notes) -> tuple[bytes, Notes]:
    """Decode all coded data at a small scale; answer with a preview, and what `quality` saw."""
    jpeg, profile = parted(content, notes)
    pixels = reduced(decoded_strictly(jpeg, scaled=True))
    return _preview(pixels, bytes(profile)), {**asdict(quality.measure(pixels))}


def _preview(pixels: Pixels, profile: bytes) -> bytes:
    """Make a small sRGB JPEG, its longer side below 640 pixels."""
    return encoded(_in_srgb(pixels, profile), quality=_PREVIEW_QUALITY, sampling="420")


def _in_srgb(pixels: Pixels, profile: bytes) -> Pixels:
    if not profile:
        return pixels
    from PIL import Image  # noqa: PLC0415 - see above

    from consult.imaging import icc  # noqa: PLC0415 - see above

    return np.asarray(icc.to_srgb(Image.fromarray(pixels), profile))
