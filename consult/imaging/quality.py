"""Advice about a photo: is it well lit, sharp, and large enough? Never a reason to refuse.

Measured on the small picture that verification decodes anyway. The limits were set by
`python -m tests.imaging.calibrate_quality`, which prints how well they tell good photos from
spoilt ones.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from consult.imaging.photo import Quality
from consult.imaging.pixels import PREVIEW_SIDE, Pixels

SOFT = 1.42  # in focus: 1.46 to 1.7; out of focus by 0.3 % of the longer side: 1.25 to 1.4
DARK = 0.18  # a mean below this is night, whatever shines in it
DIM, SHINES = 0.35, 0.58  # means and highlights of photos two stops under: below 0.35 and 0.54
GLARE, WASHED = 0.08, 0.67  # clipped; clipped and mean together. Two stops over: 0.69 and more
SMALL = 600  # pixels of the shorter side: 800 x 600 is the least for teledermatology (ATA guide)

ADVICE = {
    "dark": "The photo is too dark: please turn on a light or go near a window, and try again.",
    "bright": "Part of the photo is too bright: please move out of the glare, and try again.",
    "blurred": "The photo looks blurred: please hold still, tap it to focus, and try again.",
    "small": "The photo is small: please send the original from the camera if you can.",
}

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as JPEG and Pillow have it
_WHITE = 240  # from here on a sample tells nothing apart
_EDGES = 200  # one pixel in so many is on one of the strongest edges
_CRISP = 75  # percentile among those, so that a sharp wound before a blurred room counts
_LEAST_SIDE = 16

# What the gradient of the coarse picture keeps of white noise, times four: of pure noise one
# pixel in 200 passes 2.8 times, and the edges of a sharp photo with much noise pass 5 times.
_ABOVE_NOISE = 4 * 0.171
_ONE_WAY = 0.1  # edges so much weaker than those across them are shading

Luma = NDArray[np.float32]


def measure(pixels: Pixels, *, width: int, height: int) -> Quality:
    """Measure a small RGB picture of shape (rows, columns, 3); `width`, `height` are the photo's."""
    image = Image.fromarray(pixels)
    image = image.reduce(max(1, max(image.size) // PREVIEW_SIDE))
    grey = image.convert("L")
    brightness, highlights = _light(np.array(grey.histogram()))
    clipped = _clipped(np.array(image.histogram()).reshape(3, 256))
    sharpness = _sharpness(np.asarray(grey, dtype=np.float32))
    return Quality(
        sharpness=round(sharpness, 3),
        brightness=round(brightness, 3),
        clipped=round(clipped, 3),
        advice=_advice(sharpness, brightness, highlights, clipped, min(width, height)),
    )


def _advice(
    sharpness: float, brightness: float, highlights: float, clipped: float, side: int
) -> str | None:
    if brightness < DARK or (brightness < DIM and highlights < SHINES):
        return ADVICE["dark"]
    if clipped > GLARE and brightness + clipped > WASHED:
        return ADVICE["bright"]
    if sharpness < SOFT:
        return ADVICE["blurred"]
    if side < SMALL:
        return ADVICE["small"]
    return None


def _light(counts: NDArray[np.int_]) -> tuple[float, float]:
    """Return the mean and the 99th percentile of 256 counts, both 0 to 1.

    The highlights tell a dark photo from one of dark things, dark skin among them.
    """
    total = int(counts.sum())
    mean = float(counts @ np.arange(256)) / total
    highlights = int(np.searchsorted(counts.cumsum(), 0.99 * total))
    return mean / 255, highlights / 255


def _clipped(counts: NDArray[np.int_]) -> float:
    """Return how much is lost to white in counts of shape (3, 256), weighted as the eye does.

    By channel, because a wound that burnt out in red alone has lost its colour.
    """
    shares = counts[:, _WHITE:].sum(axis=1) / counts.sum(axis=1)
    return float(shares @ _LUMA)


def _sharpness(luma: Luma) -> float:
    """Return how much steeper the strongest edges are before some smoothing than after it.

    The ratio tells the width of an edge, whatever its contrast (Zhuo and Sim, "Defocus map
    estimation from a single image", 2011). Both pictures are smooth enough for noise not to
    look like detail. Up and sideways, the worse counts, because a moved hand blurs only one;
    but not where all the edges run one way. 0 where none stands out of the noise.
    """
    if min(luma.shape) < _LEAST_SIDE:
        return 0.0
    fine = _smoothed(luma, 1)
    coarse = _smoothed(fine, 3)
    fine = fine[3:-3, 3:-3]
    ways = [(_slopes(fine), _slopes(coarse)), (_slopes(fine.T), _slopes(coarse.T))]
    strong = [_strong(after) for _, after in ways]
    least = max(_ABOVE_NOISE * _noise(luma), _ONE_WAY * max(strong))
    found = [(*way, limit) for way, limit in zip(ways, strong, strict=True) if limit > least]
    return min((_steepness(*edges) for edges in found), default=0.0)


def _smoothed(luma: Luma, times: int) -> Luma:
    """Smooth by 1-2-1 both ways; each time takes one pixel off every border."""
    for _ in range(2 * times):  # 1-2-1 is 1-1 twice, which only adds
        luma = luma[:-1] + luma[1:]
        luma = luma[:, :-1] + luma[:, 1:]
    return luma / np.float32(16**times)


def _noise(luma: Luma) -> float:
    """Return the standard deviation of the noise, from the median of the finest diagonal detail.

    Edges are too few to move the median (Immerkaer's kernel, whose gain is 6; Donoho's 0.6745).
    """
    rows = luma[:-2:2] - 2 * luma[1:-1:2] + luma[2::2]
    detail = rows[:, :-2:2] - 2 * rows[:, 1:-1:2] + rows[:, 2::2]
    return float(np.median(np.abs(detail))) / 0.6745 / 6


def _slopes(luma: Luma) -> Luma:
    return np.abs(luma[2:] - luma[:-2])


def _strong(slopes: Luma) -> float:
    count = 1 + slopes.size // _EDGES
    return float(np.partition(slopes, -count, axis=None)[-count])  # faster than a percentile


def _steepness(before: Luma, after: Luma, limit: float) -> float:
    edges = after >= limit
    return float(np.percentile(before[edges] / after[edges], _CRISP))
