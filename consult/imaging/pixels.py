"""JPEG to pixels and back through libjpeg-turbo, strict about damage."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from consult.imaging.coding import QUALITY
from consult.imaging.refusals import refused

PREVIEW_SIDE = 320

Pixels = NDArray[np.uint8]


def decoded_strictly(
    jpeg: bytes | memoryview, *, scaled: bool = False, grey: bool = False, cmyk: bool = False
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


def reduced(pixels: Pixels) -> Pixels:
    """The means of blocks, so that the longer side is below twice PREVIEW_SIDE.

    Mostly the pixels as they are: `decoded_strictly` chose the scale for that.
    """
    factor = max(pixels.shape[:2]) // PREVIEW_SIDE
    if factor < 2:
        return pixels
    from PIL import Image  # noqa: PLC0415 - takes a while to load, and is seldom needed

    return np.asarray(Image.fromarray(pixels).reduce(factor))


def encoded(pixels: Pixels, *, quality: int = QUALITY, sampling: str = "444") -> bytes:
    pixels = np.ascontiguousarray(pixels)
    if pixels.ndim == 2:
        return simplejpeg.encode_jpeg(pixels[:, :, np.newaxis], quality, "GRAY", "Gray")
    return simplejpeg.encode_jpeg(pixels, quality, "RGB", sampling)
