"""JPEG to pixels and back through libjpeg-turbo, strict about damage."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from consult.imaging.jpeg import Frame
from consult.imaging.refusals import refused

QUALITY = 98
PREVIEW_SIDE = 320

Pixels = NDArray[np.uint8]

# Of the colours, by that of the luma, as (horizontal, vertical) factors: 4:4:4, 4:2:2, 4:4:0,
# 4:2:0, 4:1:1, and the same written in unusual numbers.
_NAMED: dict[tuple[int, int], set[tuple[int, int]]] = {
    (1, 1): {(1, 1)},
    (1, 2): {(1, 1), (1, 2)},
    (1, 3): {(1, 3)},
    (2, 1): {(1, 1), (2, 1)},
    (2, 2): {(1, 1), (1, 2), (2, 1)},
    (3, 1): {(3, 1)},
    (4, 1): {(1, 1)},
}


def decoded_strictly(
    jpeg: bytes, *, scaled: bool = False, grey: bool = False, cmyk: bool = False
) -> Pixels:
    """Decode ALL coded data and refuse a photo at the first complaint of libjpeg-turbo.

    Returns (height, width, 3) pixels, or (height, width) when `grey`. `scaled` is the
    smallest scale, from 1/8 up, whose longer side still has PREVIEW_SIDE pixels.
    """
    space = "GRAY" if grey else "CMYK" if cmyk else "RGB"
    try:
        height, width = map(int, simplejpeg.decode_jpeg_header(jpeg)[:2])
        side = PREVIEW_SIDE if scaled else 0
        least_width, least_height = (side, 0) if width >= height else (0, side)
        pixels: Pixels = simplejpeg.decode_jpeg(
            jpeg, space, min_height=least_height, min_width=least_width
        )
    except ValueError:
        raise refused("damaged_photo") from None
    return pixels[:, :, 0] if grey else pixels


def encoded(pixels: Pixels, *, quality: int = QUALITY, sampling: str = "444") -> bytes:
    pixels = np.ascontiguousarray(pixels)
    if pixels.ndim == 2:
        return simplejpeg.encode_jpeg(pixels[:, :, np.newaxis], quality, "GRAY", "Gray")
    return simplejpeg.encode_jpeg(pixels, quality, "RGB", sampling)


def has_known_sampling(frame: Frame) -> bool:
    """Whether libjpeg-turbo's TurboJPEG API has a name for how the colours are sampled.

    It refuses to work on the others, about one photo in a hundred.
    """
    if len(frame.components) == 1:
        return True
    luma, blue, red, *black = frame.sampling
    return blue == red and blue in _NAMED.get(luma, ()) and all(ink == luma for ink in black)
