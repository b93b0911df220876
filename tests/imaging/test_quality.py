import numpy as np
import pytest
from PIL import Image, ImageFilter

from consult.imaging import quality
from consult.imaging.photo import Quality
from tests.imaging.photos import picture

SIZE = (504, 378)


def measure(image: Image.Image, *, width: int = 4032, height: int = 3024) -> Quality:
    return quality.measure(np.asarray(image), width=width, height=height)


def darker(image: Image.Image, share: float) -> Image.Image:
    return image.point(lambda value: value * share)


def test_a_sharp_well_lit_large_photo_needs_no_advice() -> None:
    assert measure(picture(*SIZE)).advice is None


@pytest.mark.parametrize("radius", [3, 6])
def test_a_blurred_photo_is_called_blurred(radius: int) -> None:
    result = measure(picture(*SIZE).filter(ImageFilter.GaussianBlur(radius)))
    assert result.sharpness < quality.SOFT
    assert result.advice
    assert "blurred" in result.advice


def test_less_focus_is_less_sharp() -> None:
    blurred = [picture(*SIZE).filter(ImageFilter.GaussianBlur(r)) for r in (0, 1, 2, 4)]
    values = [measure(image).sharpness for image in blurred]
    assert values == sorted(values, reverse=True)


def test_dim_light_alone_does_not_make_a_photo_less_sharp() -> None:
    dim = measure(darker(picture(*SIZE), 0.5))
    assert dim.sharpness == pytest.approx(measure(picture(*SIZE)).sharpness, rel=0.1)


def test_a_sharp_wound_before_a_blurred_room_is_sharp() -> None:
    room = picture(*SIZE).filter(ImageFilter.GaussianBlur(8))
    room.paste(Image.effect_noise((120, 90), 60), (200, 140))
    assert measure(room).sharpness > quality.SOFT


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (darker(picture(*SIZE), 0.2), "dark"),
        (Image.new("RGB", SIZE, "white"), "bright"),
        (Image.new("RGB", SIZE, "black"), "dark"),
    ],
    ids=["dim", "white", "black"],
)
def test_bad_light_is_named(image: Image.Image, word: str) -> None:
    advice = measure(image).advice
    assert advice
    assert word in advice


def test_a_small_photo_is_called_small() -> None:
    advice = measure(picture(320, 240), width=320, height=240).advice
    assert advice
    assert "small" in advice


def test_the_smallest_photo_can_be_measured() -> None:
    result = measure(Image.new("RGB", (1, 1), "grey"), width=1, height=1)
    assert (result.sharpness, result.clipped) == (0, 0)
