"""What a calibrated screen shows of a finished photo is what it showed of the original.

In CIEDE2000, where 1 is what a trained eye can just tell apart. Burn depth is judged by colour.
"""

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom import dcmread  # pyright: ignore[reportUnknownVariableType]  PathLike lacks its argument
from pydicom.dataset import FileDataset
from pydicom.encaps import get_frame

from consult.imaging import dicom, icc
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from tests.imaging.colours import (
    adobe_rgb,
    ciede2000,
    decoded,
    in_srgb,
    opened,
    patches,
    sampled,
    shown,
)
from tests.imaging.instances import make_context
from tests.imaging.photos import SECRET, canaries, make_icc, make_jpeg, picture, real, saved

PROFILES = {"P3": make_icc(name="P3"), "Adobe RGB": adobe_rgb(), "sRGB": make_icc(name="sRGB")}
NAMES = {"P3": "Display P3", "Adobe RGB": "Adobe RGB", "sRGB": "sRGB"}
COLOUR_SPACES = {"P3": None, "Adobe RGB": "ADOBERGB", "sRGB": "SRGB"}
MADE = {
    f"{kind} in {name}": saved(picture(320, 240), kind, icc_profile=profile, quality=95)
    for name, profile in PROFILES.items()
    for kind in ("JPEG", "PNG", "WEBP")
} | {
    "no profile": make_jpeg(320, 240),
    "progressive": make_jpeg(320, 240, icc_profile=PROFILES["P3"], progressive=True),
    "RGB inside": make_jpeg(320, 240, icc_profile=PROFILES["P3"], keep_rgb=True),
}
REAL = [
    *("d094e7", "2e4310", "fd0faf", "52e735", "724e74", "ea19fc", "e760c8", "73f604"),
    *("7a7086", "e882a6", "6e886d", "e8402f", "be7fe8", "769bf3"),
]
PHOTOS = [*MADE, *REAL]
# ICC.1:2022 8.3.3 and 8.4.3, and what only colours are said with.
NEEDED = {"desc", "cprt", "wtpt", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"}
ALLOWED = NEEDED | {"bkpt", "chad"}


@dataclass(frozen=True)
class Finished:
    original: Image.Image
    profile: bytes | None
    photo: ScrubbedPhoto
    ds: FileDataset

    @property
    def fragment(self) -> bytes:
        return get_frame(self.ds.PixelData, 0, number_of_frames=1)


@cache
def finished(name: str) -> Finished:
    upload = MADE[name] if name in MADE else real(name)
    photo = scrub(upload)
    instance = dicom.wrap(photo, make_context())
    return Finished(*decoded(upload), photo, dcmread(io.BytesIO(instance.data)))


def apart(photo: Finished, image: Image.Image, profile: bytes | None) -> NDArray[np.float64]:
    """Return how far each sampled pixel of `image` is from what the original showed there."""
    original = shown(sampled(photo.original), photo.profile)
    return ciede2000(original, shown(sampled(image), profile))


class TestMeasure:
    PAIRS = (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0012), 7.2195),
        ((50, -0.001, 2.49), (50, 0.0010, -2.49), 4.8045),
        ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((50, 2.5, 0), (56, -27, -3), 31.9030),
        ((50, 2.5, 0), (50, 3.2972, 0), 1.0000),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    )

    @pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
    def test_it_agrees_with_the_published_pairs(
        self, one: tuple[float, ...], other: tuple[float, ...], expected: float
    ) -> None:
        """Of Sharma, Wu and Dalal, who chose them to find mistakes."""
        found = ciede2000(np.array([one], float), np.array([other], float))
        assert found == pytest.approx([expected], abs=0.0001)

    def test_a_lost_profile_would_be_seen(self) -> None:
        photo = finished("JPEG in P3")
        naked, _ = decoded(photo.photo.jpeg)
        assert apart(photo, naked, None).mean() > 2


@pytest.mark.parametrize("name", PHOTOS)
def test_the_image_shows_the_colours_of_the_original(name: str) -> None:
    photo = finished(name)
    image, profile = decoded(photo.photo.jpeg)

    differences = apart(photo, image, profile)

    assert differences.mean() <= 1
    if photo.photo.lossless:
        assert differences.max() <= (0 if "progressive" not in name else 1)


@pytest.mark.parametrize("name", PHOTOS)
def test_the_dicom_instance_shows_the_colours_of_the_original(name: str) -> None:
    photo = finished(name)
    image, _ = decoded(photo.fragment)

    differences = apart(photo, image, photo.ds.get("ICCProfile"))

    assert differences.mean() <= 1


@pytest.mark.parametrize("name", PHOTOS)
def test_the_preview_shows_what_an_srgb_screen_can_show_of_it(name: str) -> None:
    """By the mean colours of its blocks: detail is what a preview leaves out."""
    photo = finished(name)
    preview, profile = decoded(photo.photo.preview)
    assert profile is None
    original = patches(photo.original, preview.size)
    possible = in_srgb(original, photo.profile)

    differences = ciede2000(
        shown(original, photo.profile), shown(patches(preview, preview.size), None)
    )[possible]

    assert possible.mean() > 0.5
    assert differences.mean() <= 2
    assert np.percentile(differences, 95) <= 4


@pytest.mark.parametrize("name", PHOTOS)
def test_the_profiles_are_of_their_class_and_say_nothing_but_colours(name: str) -> None:
    photo = finished(name)
    _, in_image = decoded(photo.photo.jpeg)
    in_dicom = photo.ds.get("ICCProfile")
    if in_image is None:
        assert in_dicom is None
        assert "ColorSpace" not in photo.ds
        return

    # PS3.3 C.11.15.1.1: an input device, RGB, to XYZ or Lab.
    assert (in_dicom[12:16], in_dicom[16:20], in_dicom[36:40]) == (b"scnr", b"RGB ", b"acsp")
    assert in_dicom[20:24] in {b"XYZ ", b"Lab "}
    assert in_image[12:16] == b"mntr"
    assert in_image[:12] + in_image[16:] == in_dicom[:12] + in_dicom[16 : len(in_image)]
    for profile in (in_image, in_dicom):
        assert NEEDED <= tags(profile) <= ALLOWED
        # CMM, platform, flags, maker, model, creator, ID.
        assert not any(
            [*profile[4:8], *profile[40:64], *profile[80:84], *profile[84:128]],
        )
        assert ImageCms.getProfileDescription(opened(profile)).strip() in {
            *NAMES.values(),
            "RGB profile",
        }


@pytest.mark.parametrize("name", NAMES)
def test_names_of_monitors_and_private_tags_are_in_neither(name: str) -> None:
    photo = finished(f"PNG in {name}")
    hidden = canaries(SECRET, b"J. Doe's monitor")
    for place in (photo.photo.jpeg, photo.photo.preview, bytes(photo.ds["ICCProfile"].value)):
        assert not [canary for canary in hidden if canary in place]


@pytest.mark.parametrize("name", NAMES)
def test_a_colour_space_is_named_only_where_dicom_has_a_term_for_it(name: str) -> None:
    photo = finished(f"JPEG in {name}")
    assert photo.photo.certificate.kept["colour_profile"] == NAMES[name]
    assert photo.ds.get("ColorSpace") == COLOUR_SPACES[name]
    assert "ICCProfile" in photo.ds


def test_a_photo_in_grey_has_no_profile_at_all() -> None:
    photo = scrub(saved(picture(64, 48, "L"), "JPEG", icc_profile=PROFILES["P3"]))
    ds = dcmread(io.BytesIO(dicom.wrap(photo, make_context()).data))
    assert photo.icc_profile is None
    assert not {"ICCProfile", "ColorSpace"} & {element.keyword for element in ds}


def test_colours_named_by_number_alone_show_as_those_of_a_phone() -> None:
    """HEIC and PNG may say Display P3 by a number of ITU-T H.273."""
    image = picture(320, 240)
    assert ciede2000(
        shown(image, icc.display_p3().content), shown(image, PROFILES["P3"])
    ).mean() == pytest.approx(0, abs=0.1)


def tags(profile: bytes) -> set[str]:
    count = int.from_bytes(profile[128:132], "big")
    return {profile[at : at + 4].decode("ascii") for at in range(132, 132 + 12 * count, 12)}
