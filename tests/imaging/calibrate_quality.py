"""How well the advice tells good photos from spoilt ones: `python -m tests.imaging.calibrate_quality`.

Each good photo of the corpus goes through the scrubber untouched, and once for each way to spoil
it. Real people's photos: read in place, never copied here.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from consult.imaging import advice, workers
from consult.imaging.pixels import decoded_strictly, encoded
from consult.imaging.scrub import scrub
from tests.imaging.photos import real

# Chosen by eye, before any limit was set: taken by a camera, in focus, the subject well
# visible, the longer side 480 pixels or more, one of each scene. Some carry a lettering (3647ba,
# 4294fb, 323ce0, a05082, ea19fc). Six hard ones stay in: night (33516b), dusk (c64686,
# 16d293), a soft early phone (54d5da), sunlit snow (e21649), a sign before a white sky (12c59a).
#
# Left out: graphics, screens, renderings, mosaics and test patterns (a2d147, d45980, 848683,
# 0a986e, a016a3, 0e26b4, a6ac5c, 9e906c, ac02e2, 10d5c5, ac5568, fee262, 54fe88, 907e1f, 70ceb2,
# e8402f); out of focus as they came (0291b9, def727, 9a0d28); smaller (b2d686 and all below);
# the same scene again (be7fe8, 74e91f, a67306, 468714, 269166, 66b38a, ca9fb9, e4ca46, 50fc16,
# de5acd, f0b06c).
GOOD = [
    "33516b", "fd0faf", "2e4310", "e21649", "fea670", "941b9c", "724e74", "faa46d", "74401c",
    "16d293", "689b0d", "4294fb", "3647ba", "d094e7", "ea19fc", "54d5da", "606769", "c64686",
    "54ecae", "12c59a", "3ad8b0", "cf0be8", "7c9164", "323ce0", "a05082", "50af7a", "e760c8",
    "73f604", "4e8ab1", "4a5afe",
]  # fmt: skip

SIDE = 1024  # pixels of the longer side while a photo is being spoilt
SEED = 7
NONE = "none"
COLUMNS = [*advice.ADVICE, NONE]
FAULTS = ["dark", "bright", "blurred"]  # what a good photo does not have; small it may well be

Spoil = Callable[[Image.Image], Image.Image]


def blurred(image: Image.Image) -> Image.Image:
    """As a missed focus: Gaussian, sigma 3 pixels at 1024, and less for a smaller picture."""
    return image.filter(ImageFilter.GaussianBlur(3 * max(image.size) / SIDE))


def blurred_and_noisy(image: Image.Image) -> Image.Image:
    return noisy(blurred(image))


def noisy(image: Image.Image) -> Image.Image:
    """Add noise of sigma 10 of 255 to each sample, the same each time."""
    pixels = np.asarray(image, dtype=np.float32)
    dice = np.random.default_rng(SEED)
    return _image(pixels + 10 * dice.standard_normal(pixels.shape, dtype=np.float32))


def shaken(image: Image.Image) -> Image.Image:
    """As a hand that moved sideways: the mean of 12 pixels in a row at 1024."""
    steps = max(2, round(12 * max(image.size) / SIDE))
    pixels = np.asarray(image, dtype=np.float32)
    width = pixels.shape[1] - steps
    moved = np.zeros((pixels.shape[0], width, 3), dtype=np.float32)
    for step in range(steps):
        moved += pixels[:, step : step + width]
    return _image(moved / np.float32(steps))


def under(image: Image.Image) -> Image.Image:
    """Two stops less light."""
    return _exposed(image, 1 / 4)


def over(image: Image.Image) -> Image.Image:
    """Two stops more light."""
    return _exposed(image, 4)


WAYS: dict[str, Spoil] = {
    "blurred": blurred,
    "blurred, noise": blurred_and_noisy,
    "shaken": shaken,
    "under": under,
    "over": over,
    "noise": noisy,
}
EXPECTED = {"under": "dark", "over": "bright"}  # of the other spoilt ones: blurred


def confusion() -> dict[str, Counter[str]]:
    """Return how often each advice was given to the good photos, untouched and spoilt."""
    table = {row: Counter[str]() for row in ("untouched", *WAYS)}
    for six_digits in GOOD:
        photo = scrub(real(six_digits))
        table["untouched"][_named(photo.quality.advice)] += 1
        image = Image.fromarray(decoded_strictly(photo.jpeg))
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        for row, spoil in WAYS.items():
            table[row][advice_on(spoil(image))] += 1
    return table


def advice_on(image: Image.Image) -> str:
    """Return the name of the advice that a picture gets when it is uploaded as a JPEG."""
    upload = encoded(np.asarray(image), quality=92, sampling="420")
    return _named(scrub(upload).quality.advice)


def main() -> None:
    try:
        table = confusion()
    finally:
        workers.close()
    print(f"{'':16}" + "".join(f"{column:>9}" for column in COLUMNS))
    for row, counts in table.items():
        print(f"{row:16}" + "".join(f"{counts[column]:9}" for column in COLUMNS))


def _named(told: str | None) -> str:
    return next((name for name, text in advice.ADVICE.items() if text == told), NONE)


def _exposed(image: Image.Image, factor: float) -> Image.Image:
    """Multiply the light itself: sRGB (IEC 61966-2-1) to linear, clip, and back."""
    values = np.arange(256) / 255
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    light = np.clip(light * factor, 0, 1)
    values = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return image.point([round(255 * value) for value in values] * 3)


def _image(pixels: NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
