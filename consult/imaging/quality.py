"""Advice about a photo: is it sharp, well lit, and large enough? Never a reason to refuse.

Measured on the small picture that verification decodes anyway (the longer side 320 pixels or
a little more), so it sees the blur of a missed focus or a moved hand, not fine noise.
"""

import numpy as np
from numpy.typing import NDArray

from consult.imaging.photo import Quality

SOFT = 0.12  # sharp photos measured 0.2 to 1.3; blurred over 1 % of their width, 0.1 and less
DARK, BRIGHT = 0.18, 0.85
CLIPPED = 0.35
SMALL = 600  # pixels of the shorter side; a hand's breadth at about 6 pixels per millimetre

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, as JPEG has it


def measure(pixels: NDArray[np.uint8], *, width: int, height: int) -> Quality:
    """Measure a small RGB picture of shape (rows, columns, 3); `width`, `height` are the photo's."""
    luma = (pixels @ _LUMA) / np.float32(255)
    sharpness, brightness = _sharpness(luma), float(luma.mean())
    clipped = float(((luma < 0.01) | (luma > 0.99)).mean())
    return Quality(
        sharpness=round(sharpness, 3),
        brightness=round(brightness, 3),
        clipped=round(clipped, 3),
        advice=_advice(sharpness, brightness, clipped, min(width, height)),
    )


def _sharpness(luma: NDArray[np.float32]) -> float:
    """The strongest fine detail against the contrast of the whole.

    The 99.5th percentile of the Laplacian, so that a sharp wound before a blurred room counts
    as sharp; divided by the range of light, so that a dim photo does not count as blurred.
    """
    if min(luma.shape) < 3:
        return 0.0
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    laplacian = np.abs(around - 4 * luma[1:-1, 1:-1])
    low, high = np.percentile(luma, (1, 99))
    return float(np.percentile(laplacian, 99.5)) / max(float(high - low), 0.05)


def _advice(sharpness: float, brightness: float, clipped: float, side: int) -> str | None:
    if brightness < DARK:
        return "The photo is very dark: please take it again with more light."
    if brightness > BRIGHT or clipped > CLIPPED:
        return "Part of the photo is too bright or too dark to judge: please try softer light."
    if sharpness < SOFT:
        return "The photo looks blurred: please hold still, wait for the focus, and try again."
    if side < SMALL:
        return "The photo is small: please send the original from the camera if you can."
    return None
