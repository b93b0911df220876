from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from consult.imaging import advice, quality
from consult.imaging.photo import Quality
from tests.imaging import calibrate_quality
from tests.imaging.calibrate_quality import blurred, noisy, over, shaken, under
from tests.imaging.photos import picture

SIZE = (504, 378)


def measure(image: Image.Image, *, width: int = 4032, height: int = 3024) -> Quality:
    return advice.judged(quality.measure(np.asarray(image)), width=width, height=height)


def darker(image: Image.Image, share: float) -> Image.Image:
    return image.point(lambda value: value * share)


def out_of_focus(radius: float) -> Image.Image:
    return picture(*SIZE).filter(ImageFilter.GaussianBlur(radius))


def grainy(pixels: NDArray[Any], sigma: float) -> Image.Image:
    grain = np.random.default_rng(7).normal(0, sigma, pixels.shape)
    return Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8))


def skin(mean: int) -> Image.Image:
    """Bare skin from close by: one tone, hardly lighter here than there, and a crease."""
    tones = np.linspace(0.92, 1.08, SIZE[0])[np.newaxis, :, np.newaxis]
    pixels = np.full((SIZE[1], SIZE[0], 3), mean) * tones * np.array([1.25, 0.95, 0.8])
    pixels[200:203] *= 0.7
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def one_way() -> Image.Image:
    """Return broad stripes that lie, with soft shades that stand."""
    stripes = np.where(np.arange(SIZE[1]) // 40 % 2, 180, 90)[:, np.newaxis, np.newaxis]
    shades = 1 + 0.3 * np.sin(np.arange(SIZE[0]) / 32)[np.newaxis, :, np.newaxis]
    return grainy(stripes * shades * np.ones(3), 0.5)


def test_a_sharp_well_lit_large_photo_needs_no_advice() -> None:
    assert measure(picture(*SIZE)).advice is None


@pytest.mark.parametrize("radius", [1, 1.5, 3, 6, 12])
@pytest.mark.parametrize("noise", [0, 4, 10])
def test_a_blurred_photo_is_called_blurred_with_noise_or_without(radius: float, noise: int) -> None:
    result = measure(grainy(np.asarray(out_of_focus(radius)), noise))
    assert result.sharpness < advice.SOFT
    assert result.advice == advice.ADVICE["blurred"]


def test_noise_does_not_make_a_sharp_photo_blurred() -> None:
    assert measure(noisy(picture(*SIZE))).advice is None


@pytest.mark.parametrize("turned", [False, True], ids=["sideways", "up and down"])
def test_a_hand_that_moved_one_way_is_called_blurred(turned: bool) -> None:
    image = shaken(picture(*SIZE))
    image = image.transpose(Image.Transpose.ROTATE_90) if turned else image
    assert measure(image).advice == advice.ADVICE["blurred"]


@pytest.mark.parametrize("turned", [False, True], ids=["lying", "standing"])
def test_edges_that_all_run_one_way_tell_focus_too(turned: bool) -> None:
    stripes, soft = one_way(), one_way().filter(ImageFilter.GaussianBlur(2))
    if turned:
        stripes, soft = (i.transpose(Image.Transpose.ROTATE_90) for i in (stripes, soft))
    assert measure(stripes).advice is None
    assert measure(soft).advice == advice.ADVICE["blurred"]


def test_less_focus_is_less_sharp() -> None:
    values = [measure(out_of_focus(radius)).sharpness for radius in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_dim_light_alone_does_not_make_a_photo_less_sharp() -> None:
    dim = measure(darker(picture(*SIZE), 0.5))
    assert dim.sharpness == pytest.approx(measure(picture(*SIZE)).sharpness, rel=0.05)


def test_a_sharp_wound_before_a_blurred_room_is_sharp() -> None:
    room = out_of_focus(8)
    room.paste(picture(*SIZE).crop((60, 60, 240, 200)), (200, 140))
    assert measure(room).sharpness > advice.SOFT


@pytest.mark.parametrize("noise", [0, 10])
def test_a_picture_of_nothing_is_called_blurred(noise: int) -> None:
    result = measure(grainy(np.full((SIZE[1], SIZE[0], 3), 128), noise))
    assert (result.sharpness, result.advice) == (0, advice.ADVICE["blurred"])


def test_two_stops_less_light_are_called_dark() -> None:
    assert measure(under(picture(*SIZE))).advice == advice.ADVICE["dark"]


def test_two_stops_more_light_are_called_bright() -> None:
    result = measure(over(picture(*SIZE)))
    assert result.advice == advice.ADVICE["bright"]
    assert result.clipped > measure(picture(*SIZE)).clipped


def test_a_lamp_in_the_picture_does_not_make_a_dark_room_bright() -> None:
    room = darker(picture(*SIZE), 0.2)
    room.paste("white", (20, 20, 100, 100))
    assert measure(room).advice == advice.ADVICE["dark"]


def test_a_white_sheet_beside_the_wound_does_not_make_a_photo_bright() -> None:
    photo = darker(picture(*SIZE), 0.8)
    photo.paste("white", (300, 200, 440, 370))
    result = measure(photo)
    assert result.clipped > advice.GLARE
    assert result.advice is None


@pytest.mark.parametrize("mean", [92, 110, 130, 165, 185])
def test_dark_and_light_skin_are_both_well_lit(mean: int) -> None:
    assert measure(skin(mean)).advice is None


def test_a_wound_burnt_out_in_red_alone_counts_as_clipped() -> None:
    red = Image.new("RGB", SIZE, (255, 120, 110))
    assert measure(red).clipped == pytest.approx(0.299)


@pytest.mark.parametrize(
    ("colour", "flaw"), [("white", "bright"), ("black", "dark")], ids=["white", "black"]
)
def test_a_picture_all_white_or_all_black_is_called_so(colour: str, flaw: str) -> None:
    assert measure(Image.new("RGB", SIZE, colour)).advice == advice.ADVICE[flaw]


def test_a_small_photo_is_called_small() -> None:
    small = measure(picture(320, 240), width=320, height=240)
    enough = measure(picture(320, 240), width=800, height=600)
    assert (small.advice, enough.advice) == (advice.ADVICE["small"], None)


def test_light_comes_before_focus_and_focus_before_size() -> None:
    soft = blurred(blurred(picture(*SIZE)))
    assert measure(under(soft)).advice == advice.ADVICE["dark"]
    assert measure(soft, width=320, height=240).advice == advice.ADVICE["blurred"]


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (15, 15), (16, 16), (17, 400)])
def test_the_smallest_pictures_can_be_measured(size: tuple[int, int]) -> None:
    result = measure(Image.new("RGB", size, "grey"), width=size[0], height=size[1])
    assert (result.sharpness, result.clipped) == (0, 0)


def test_a_larger_decode_of_the_same_photo_gives_the_same_advice() -> None:
    """The smallest scale of a very large photo still has more pixels than a preview needs."""
    large = picture(*SIZE).resize((1512, 1134), Image.Resampling.LANCZOS)
    assert measure(large).advice is None
    assert measure(large.filter(ImageFilter.GaussianBlur(6))).advice == advice.ADVICE["blurred"]


@pytest.fixture(scope="module")
def confusion() -> dict[str, Counter[str]]:
    return calibrate_quality.confusion()


@pytest.mark.parametrize("row", [row for row in calibrate_quality.WAYS if row != "noise"])
def test_of_twenty_spoilt_photos_nineteen_are_called_so(
    row: str, confusion: dict[str, Counter[str]]
) -> None:
    told = confusion[row][calibrate_quality.EXPECTED.get(row, "blurred")]
    assert told >= 0.95 * confusion[row].total()


@pytest.mark.parametrize("row", ["untouched", "noise"])
def test_of_twenty_good_photos_one_at_most_is_called_spoilt(
    row: str, confusion: dict[str, Counter[str]]
) -> None:
    called_spoilt = sum(confusion[row][flaw] for flaw in calibrate_quality.FAULTS)
    assert called_spoilt <= 0.05 * confusion[row].total()


def test_the_corpus_has_enough_good_photos_to_tell(confusion: dict[str, Counter[str]]) -> None:
    assert {counts.total() for counts in confusion.values()} == {len(calibrate_quality.GOOD)}
    assert len(set(calibrate_quality.GOOD)) == len(calibrate_quality.GOOD) >= 20
