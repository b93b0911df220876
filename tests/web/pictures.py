"""Photos as phones write them: a real JPEG with EXIF, GPS among it."""

from datetime import datetime
from pathlib import Path

import piexif
from PIL import Image, ImageDraw, ImageFilter

from tests.imaging.photos import make_exif

SKIN = (206, 158, 132)
BURN = (171, 62, 54)


def make_photo(
    path: Path,
    *,
    taken: datetime = datetime(2026, 11, 24, 2, 14, 5),  # noqa: DTZ001 - phones write wall time
    size: tuple[int, int] = (1200, 1600),
    blurred: bool = False,
) -> Path:
    """Write a drawn forearm with a burn on it; `blurred` draws what draws advice."""
    picture = _forearm(size)
    if blurred:
        picture = picture.filter(ImageFilter.GaussianBlur(24))
    picture.save(path, quality=90, exif=_exif(taken))
    return path


def _forearm(size: tuple[int, int]) -> Image.Image:
    width, height = size
    picture = Image.new("RGB", size, (74, 92, 104))
    draw = ImageDraw.Draw(picture)
    draw.polygon(
        [
            (width * 0.24, 0),
            (width * 0.78, 0),
            (width * 0.68, height),
            (width * 0.36, height),
        ],
        fill=SKIN,
    )
    draw.ellipse((width * 0.36, height * 0.3, width * 0.66, height * 0.56), fill=(196, 104, 88))
    draw.ellipse((width * 0.41, height * 0.35, width * 0.61, height * 0.5), fill=BURN)
    grain = Image.effect_noise(size, 26).convert("RGB")
    return Image.blend(picture.filter(ImageFilter.GaussianBlur(4)), grain, 0.12)


def _exif(taken: datetime) -> bytes:
    return make_exif(
        taken=taken.strftime("%Y:%m:%d %H:%M:%S"),
        main={piexif.ImageIFD.Make: "Fairphone", piexif.ImageIFD.Model: "FP5"},
        gps={
            piexif.GPSIFD.GPSLatitudeRef: "N",
            piexif.GPSIFD.GPSLatitude: ((47, 1), (36, 1), (2232, 100)),
            piexif.GPSIFD.GPSLongitudeRef: "W",
            piexif.GPSIFD.GPSLongitude: ((122, 1), (19, 1), (5544, 100)),
        },
    )
