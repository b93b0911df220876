"""Advice about a photo: is it well lit, sharp, and large enough? Never a reason to refuse.

The limits were set by `python -m tests.imaging.calibrate_quality`, which prints how well they
tell good photos from spoilt ones. What they are limits of is measured by `quality`.
"""

from dataclasses import dataclass

from consult.imaging.photo import Quality

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


@dataclass(frozen=True)
class Measures:
    """Of the small picture that verification decodes. All but the first are 0 to 1."""

    sharpness: float
    brightness: float
    highlights: float
    """The light that one pixel in a hundred passes."""
    clipped: float


def judged(measures: Measures, *, width: int, height: int) -> Quality:
    """`width` and `height` are those of the photo."""
    return Quality(
        sharpness=round(measures.sharpness, 3),
        brightness=round(measures.brightness, 3),
        clipped=round(measures.clipped, 3),
        advice=_advice(measures, min(width, height)),
    )


def _advice(seen: Measures, side: int) -> str | None:
    if seen.brightness < DARK or (seen.brightness < DIM and seen.highlights < SHINES):
        return ADVICE["dark"]
    if seen.clipped > GLARE and seen.brightness + seen.clipped > WASHED:
        return ADVICE["bright"]
    if seen.sharpness < SOFT:
        return ADVICE["blurred"]
    if side < SMALL:
        return ADVICE["small"]
    return None
