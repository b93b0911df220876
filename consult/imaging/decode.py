"""The jobs of the decode workers, but `verify`: what needs more than a look at the segments.

Runs inside `workers` only. A job takes the upload, or what a container walk left of it, and
returns a JPEG; the caller walks that JPEG like any other. Quality 98 without colour
subsampling is the default of every re-encode: about 50 dB, where 95 with 4:2:0 is 43 to 46.
"""

import io
import math
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import numpy as np
from PIL import AvifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin

from consult.imaging import icc, upright
from consult.imaging.coding import QUALITY
from consult.imaging.framing import Body, Job, Notes, parted
from consult.imaging.pixels import Pixels, decoded_strictly, encoded
from consult.imaging.refusals import refused

Tables = dict[int, list[int]]

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,  # Pillow counts anticlockwise
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = {5, 6, 7, 8}

ImageFile.LOAD_TRUNCATED_IMAGES = False
PngImagePlugin.MAX_TEXT_CHUNK = 1024
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each would count against the memory


def hello(_: Body, __: Notes) -> tuple[bytes, Notes]:
    """Answer, which proves that the decoders could be loaded under the limits."""
    _libheif()
    return b"", {}


def turn(jpeg: Body, notes: Notes) -> tuple[bytes, Notes]:
    """Without loss: see `upright.turn`."""
    return upright.turn(bytes(jpeg), _orientation(notes)), {}


def profile(content: Body, _: Notes) -> tuple[bytes, Notes]:
    """Say whether littleCMS, which browsers and viewers share, can show colours by it."""
    return b"", {"usable": icc.rebuild(bytes(content)) is not None}


def reencode(jpeg: Body, notes: Notes) -> tuple[bytes, Notes]:
    """Decode, turn, and encode with the finer of the photo's own tables and ours, at 4:4:4."""
    orientation = _orientation(notes)
    with _opened(jpeg, "JPEG", notes) as image:
        tables = _tables(image)
        if notes["strict"]:
            image = Image.fromarray(decoded_strictly(jpeg, grey=image.mode == "L"))  # noqa: PLW2901
        else:
            _check_filled(image)
        image = _turned(image, orientation)  # noqa: PLW2901
    if orientation in _SWAPS_SIDES:
        tables = {number: _transposed(table) for number, table in tables.items()}
    if _is_finer(tables):
        return _encoded(image, qtables=tables), {"own_tables": True}
    return _encoded(image), {"own_tables": False}


def cmyk(content: Body, notes: Notes) -> tuple[bytes, Notes]:
    """Convert printing inks to sRGB, by their profile if there is one."""
    jpeg, profile = parted(content, notes)
    if notes["strict"]:
        decoded_strictly(jpeg, scaled=True, cmyk=True)
    with _opened(jpeg, "JPEG", notes) as image:
        _check_filled(image)
        colours = _from_inks(image, bytes(profile))
    return _encoded(_turned(colours, _orientation(notes))), {}


def png(content: Body, notes: Notes) -> tuple[bytes, Notes]:
    with _opened(content, "PNG", notes) as image:
        flat = _flattened(image)
    gamma = notes["gamma"]
    if isinstance(gamma, int):
        flat = flat.point(_gamma_table(gamma) * len(flat.getbands()))
    return _encoded(_turned(flat, _orientation(notes))), {}


def webp(content: Body, notes: Notes) -> tuple[bytes, Notes]:
    with _opened(content, "WEBP", notes) as image:
        flat = _flattened(image)
    return _encoded(_turned(flat, _orientation(notes))), {}


def heic(content: Body, notes: Notes) -> tuple[bytes, Notes]:
    """The primary picture; libheif applies irot, imir and clap itself."""
    try:
        container = _libheif().open_heif(bytes(content))
        if math.prod(container.size) > _max_pixels(notes):
            raise refused("too_many_pixels")
        primary = container[container.primary_index]
        pixels: Pixels = np.asarray(primary, dtype=np.uint8)
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, IndexError):
        raise refused("damaged_photo") from None
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return encoded(pixels), {}
    return _encoded(_flattened(Image.fromarray(pixels))), {}


def avif(content: Body, notes: Notes) -> tuple[bytes, Notes]:
    """The primary picture; Pillow leaves clap, irot and imir undone."""
    with _opened(content, "AVIF", notes) as image:
        flat = _flattened(image)
    crop = notes["crop"]
    if isinstance(crop, list):
        flat = flat.crop((crop[0], crop[1], crop[2], crop[3]))
    return _encoded(_turned(flat, _orientation(notes))), {}


JOBS: dict[str, Job] = {
    "hello": hello,
    "turn": turn,
    "profile": profile,
    "reencode": reencode,
    "cmyk": cmyk,
    "png": png,
    "webp": webp,
    "heic": heic,
    "avif": avif,
}


@cache
def _libheif() -> Any:
    """Loaded when it is first needed: it takes as long to load as a small JPEG to verify."""
    import pi_heif  # noqa: PLC0415 - see above

    pi_heif.options.THUMBNAILS = False
    pi_heif.options.DEPTH_IMAGES = False
    pi_heif.options.AUX_IMAGES = False
    return pi_heif


def _encoded(image: Image.Image, qtables: Tables | None = None) -> bytes:
    """Pillow's encoder works row by row: no second copy of a large picture."""
    out = io.BytesIO()
    image.info.clear()  # Pillow would write some of it
    if qtables:
        image.save(out, "JPEG", qtables=qtables, subsampling=0)
    else:
        image.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()


def _is_finer(tables: Tables) -> bool:
    """Whether the tables divide by less than ours do, so that nothing gets coarser."""
    ours = _tables_of(QUALITY)
    # One table may serve all colours: then it is the only one listed.
    return all(sum(tables[min(n, max(tables))]) <= sum(ours[n]) for n in ours)


@cache
def _tables_of(quality: int) -> Tables:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", quality=quality)
    with Image.open(out, formats=["JPEG"]) as image:
        return _tables(image)


def _tables(image: Image.Image) -> Tables:
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    return {number: list(table) for number, table in image.quantization.items()}


def _transposed(table: list[int]) -> list[int]:
    return [table[8 * column + row] for row in range(8) for column in range(8)]


@contextmanager
def _opened(content: Body, kind: str, notes: Notes) -> Generator[Image.Image]:
    """Open one kind of picture with Pillow, under our caps; its complaints become refusals."""
    Image.MAX_IMAGE_PIXELS = _max_pixels(notes)
    try:
        with (
            warnings.catch_warnings(action="error"),
            Image.open(io.BytesIO(content), formats=[kind]) as image,
        ):
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise refused("too_many_pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError, Warning):
        raise refused("damaged_photo") from None


def _orientation(notes: Notes) -> int:
    value = notes.get("orientation", 1)
    assert isinstance(value, int)
    return value


def _max_pixels(notes: Notes) -> int:
    value = notes["max_pixels"]
    assert isinstance(value, int)
    return value


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image if orientation == 1 else image.transpose(_TRANSPOSE[orientation])


def _check_filled(image: Image.Image) -> None:
    """Refuse what Pillow filled up: where coded data end early, libjpeg paints middle grey.

    Only for the rare samplings that no strict decoder takes.
    """
    image.load()
    width, height = image.size
    corner = np.asarray(image.crop((max(0, width - 8), max(0, height - 8), width, height)))
    if np.isin(corner, (127, 128)).all():
        raise refused("damaged_photo")


def _from_inks(image: Image.Image, profile: bytes) -> Image.Image:
    if profile:
        with suppress(ValueError):
            return icc.to_srgb(image, profile)
    return image.convert("RGB")


def _flattened(image: Image.Image) -> Image.Image:
    """8 bit grey or RGB, transparent parts on white."""
    image.load()
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    if image.mode in {"RGB", "L"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _gamma_table(gamma: int) -> list[int]:
    """From samples made for `gamma` (PNG 11.3.2.2: times 100,000) to those for 1/2.2."""
    exponent = 100_000 / gamma / 2.2
    return [round(255 * (value / 255) ** exponent) for value in range(256)]
