"""What the advice about a photo rests on, measured on a small picture of it.

Whole numbers as narrow as they can be, and few passes over them: this takes a thirtieth of the
time of the decode that the picture comes from.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from consult.imaging.advice import Measures
from consult.imaging.pixels import Pixels, reduced

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, as JPEG has it
_WHITE = 240  # from here on a sample tells nothing apart
_EDGES = 200  # one pixel in so many is on one of the strongest edges
_CRISP = 75  # percentile among those, so that a sharp wound before a blurred room counts
_LEAST_SIDE = 16

# What the gradient of the coarse picture keeps of white noise, times four: of pure noise one
# pixel in 200 passes 2.8 times, and the edges of a sharp photo with much noise pass 5 times.
_ABOVE_NOISE = 4 * 0.171
_ONE_WAY = 0.1  # edges so much weaker than those across them are shading

_FINE, _COARSE = 16, 16**4  # how much brighter adding makes the smoothed pictures

Whole = NDArray[np.int32]
Picture = TypeVar("Picture", NDArray[np.uint16], Whole)


def measure(pixels: Pixels) -> Measures:
    """Measure a small RGB picture of shape (rows, columns, 3)."""
    pixels = reduced(pixels)
    luma = (pixels @ _LUMA + np.float32(0.5)).astype(np.uint8)
    brightness, highlights = _light(luma)
    return Measures(
        sharpness=_sharpness(luma),
        brightness=brightness,
        highlights=highlights,
        clipped=_clipped(pixels),
    )


def _light(luma: Pixels) -> tuple[float, float]:
    """Return the mean and the 99th percentile, both 0 to 1.

    The highlights tell a dark photo from one of dark things, dark skin among them.
    """
    mean = float(luma.sum(dtype=np.uint32)) / luma.size
    return mean / 255, _largest(luma.astype(np.int32), 1 + luma.size // 100) / 255


def _clipped(pixels: Pixels) -> float:
    """Return how much is lost to white, weighted as the eye does.

    By channel, because a wound that burnt out in red alone has lost its colour.
    """
    rows, columns, _ = pixels.shape
    lost = (pixels >= _WHITE).reshape(rows, -1).sum(axis=0, dtype=np.uint32)
    return float(lost.reshape(-1, 3).sum(axis=0) @ _LUMA) / (rows * columns)


def _sharpness(luma: Pixels) -> float:
    """Return how much steeper the strongest edges are before some smoothing than after it.

    The ratio tells the width of an edge, whatever its contrast (Zhuo and Sim, "Defocus map
    estimation from a single image", 2011). Both pictures are smooth enough for noise not to
    look like detail. Up and sideways, the worse counts, because a moved hand blurs only one;
    but not where all the edges run one way. 0 where none stands out of the noise.
    """
    if min(luma.shape) < _LEAST_SIDE:
        return 0.0
    fine = _smoothed(luma.astype(np.uint16))
    # 16 bits hold white smoothed twice, 32 all that follows.
    coarse = _smoothed(_smoothed(_smoothed(fine).astype(np.int32)))
    fine = fine[3:-3, 3:-3].astype(np.int32)
    ways = list(zip(_slopes(fine), _slopes(coarse), strict=True))
    strong = [_largest(after, 1 + after.size // _EDGES) for _, after in ways]
    least = max(_COARSE * _ABOVE_NOISE * _noise(luma), _ONE_WAY * max(strong))
    found = [(*way, limit) for way, limit in zip(ways, strong, strict=True) if limit > least]
    return min((_steepness(*edges) for edges in found), default=0.0)


def _smoothed(luma: Picture) -> Picture:
    """Smooth by 1-2-1 both ways, and make 16 times brighter; takes a pixel off every border."""
    for _ in range(2):  # 1-2-1 is 1-1 twice, which only adds
        luma = luma[:-1] + luma[1:]
        luma = luma[:, :-1] + luma[:, 1:]
    return luma


def _noise(luma: Pixels) -> float:
    """Return the standard deviation of the noise, from the median of the finest diagonal detail.

    Edges are too few to move the median (Immerkaer's kernel, whose gain is 6; Donoho's 0.6745).
    """
    whole = luma.astype(np.int32)
    rows = whole[:-2:2] - 2 * whole[1:-1:2] + whole[2::2]
    detail = np.abs(rows[:, :-2:2] - 2 * rows[:, 1:-1:2] + rows[:, 2::2])
    return _largest(detail, 1 + detail.size // 2) / 0.6745 / 6


def _slopes(luma: Whole) -> tuple[Whole, Whole]:
    return np.abs(luma[2:] - luma[:-2]), np.abs(luma[:, 2:] - luma[:, :-2])


def _largest(values: Whole, count: int) -> int:
    """Return the last of the `count` largest. A percentile takes ten times as long."""
    return int(np.partition(values, -count, axis=None)[-count])


def _steepness(before: Whole, after: Whole, limit: float) -> float:
    edges = np.flatnonzero(after >= limit)
    ratios = before.ravel()[edges] / after.ravel()[edges]
    return float(np.percentile(ratios, _CRISP)) * _COARSE / _FINE
