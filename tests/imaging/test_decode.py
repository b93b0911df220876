import io
import itertools
import subprocess

import numpy as np
import pytest
import simplejpeg
from PIL import Image, ImageOps

from consult.errors import InvalidPhoto
from consult.imaging import jpeg
from consult.imaging.coding import has_known_sampling
from consult.imaging.scrub import scrub
from tests.imaging.photos import (
    EOI,
    XMP_NAME,
    kinds_of,
    make_jpeg,
    picture,
    pixels_of,
    psnr,
    real,
    refusal_of,
    saved,
)
from tests.needs import needs


class TestPrintingInks:
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_inks_become_srgb(self, orientation: int) -> None:
        upload = make_jpeg(80, 60, mode="CMYK", orientation=orientation)
        photo = scrub(upload)
        with Image.open(io.BytesIO(upload)) as image:
            shown = np.asarray(ImageOps.exif_transpose(image.convert("RGB")))
        assert photo.photometric == "YBR_FULL_422"
        assert photo.derivation
        assert "converted from CMYK to sRGB" in photo.certificate.steps
        assert pixels_of(photo.jpeg).shape[:2] == shown.shape[:2]
        assert not photo.icc_profile

    def test_half_a_photo_is_damage(self) -> None:
        upload = make_jpeg(200, 152, mode="CMYK", quality=95)
        assert refusal_of(upload[: len(upload) // 2] + EOI) == "damaged_photo"


class TestUnusualSampling:
    @pytest.fixture
    def upload(self) -> bytes:
        """One colour sampled as only cjpeg does it: TurboJPEG has no name for that."""
        return subprocess.run(
            [needs("cjpeg"), "-quality", "92", "-sample", "2x2,2x1,1x1"],
            input=saved(picture(160, 120), "PPM"),
            check=True,
            capture_output=True,
        ).stdout

    def test_a_photo_that_only_pillow_decodes_is_encoded_anew(self, upload: bytes) -> None:
        photo = scrub(upload)
        assert "unusual colour sampling" in photo.certificate.steps[-1]
        assert not photo.lossless
        assert psnr(pixels_of(photo.jpeg), pixels_of(upload)) > 44

    @pytest.mark.parametrize("mode", ["RGB", "CMYK"])
    def test_the_samplings_with_a_name_are_those_that_turbojpeg_takes(self, mode: str) -> None:
        photo = bytearray(make_jpeg(64, 48, mode=mode))
        at = photo.index(b"\xff\xc0") + 11
        factors = [16 * h + v for h in range(1, 5) for v in range(1, 5)]
        for luma, blue, red in itertools.product(factors, repeat=3):
            photo[at], photo[at + 3], photo[at + 6] = luma, blue, red
            if mode == "CMYK":
                photo[at + 9] = luma
            frame = jpeg.walk(bytes(photo)).frame
            assert has_known_sampling(frame) is turbojpeg_takes(bytes(photo)), frame

    def test_missing_data_that_pillow_paints_grey_are_damage(self, upload: bytes) -> None:
        assert refusal_of(upload[: len(upload) * 2 // 3] + EOI) == "damaged_photo"


class TestHeic:
    def test_a_phone_photo_is_upright_once_and_keeps_its_colours(self) -> None:
        photo = scrub(real("e760c8"))
        assert (photo.width, photo.height, photo.orientation_applied) == (3024, 4032, 6)
        assert photo.certificate.kept["colour_profile"] == "Display P3"
        assert [step.method for step in photo.lossy_steps] == ["ISO_23008_2", "ISO_10918_1"]
        assert not photo.orientation_uncertain
        assert kinds_of(photo) >= {"exif", "makernote", "xmp", "gain_map", "thumbnail", "icc"}

    def test_the_colours_of_a_grid_may_stand_with_its_tiles(self) -> None:
        assert scrub(real("73f604")).certificate.kept["colour_profile"] == "Display P3"

    def test_a_video_in_the_file_is_found(self) -> None:
        photo = scrub(real("9a0d28"))
        assert "motion_video" in kinds_of(photo)

    def test_exif_that_nothing_else_confirms_leaves_the_side_uncertain(self) -> None:
        upload = real("73f604")
        silent = upload.replace(b"\x00\x00\x00\x09irot\x03", b"\x00\x00\x00\x09free\x03")
        photo = scrub(silent)
        assert photo.orientation_uncertain
        assert (photo.width, photo.height, photo.orientation_applied) == (4032, 3024, 1)

    @pytest.mark.parametrize("axis", [0, 1])
    def test_a_mirror_is_named_as_libheif_applies_it(self, axis: int) -> None:
        upload = real("73f604")
        plain = upload.replace(b"\x00\x00\x00\x09irot\x03", b"\x00\x00\x00\x09irot\x00")
        mirrored = upload.replace(
            b"\x00\x00\x00\x09irot\x03", b"\x00\x00\x00\x09imir" + bytes([axis])
        )
        before, after = pixels_of(scrub(plain).preview), scrub(mirrored)
        expected = before[:, ::-1] if axis else before[::-1]
        assert after.orientation_applied == (2 if axis else 4)
        assert psnr(pixels_of(after.preview), expected) > 35

    @pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
    def test_a_cut_file_is_unreadable(self, share: float) -> None:
        upload = real("73f604")
        assert refusal_of(upload[: int(len(upload) * share)]) == "incomplete_photo"

    def test_damaged_picture_data_are_no_photo_or_a_photo_never_a_crash(self) -> None:
        upload = real("008364")
        for at in range(600, len(upload) - 400, 997):
            broken = upload[:at] + bytes(400) + upload[at + 400 :]
            try:
                assert scrub(broken).width == 64
            except InvalidPhoto as refusal:
                assert refusal.code  # noqa: PT017 - either is right

    def test_the_size_in_the_index_counts(self) -> None:
        assert refusal_of(real("73f604"), max_pixels=12_000_000) == "too_many_pixels"

    def test_an_extended_xmp_name_is_no_exif(self) -> None:
        assert XMP_NAME not in scrub(real("008364")).jpeg


def turbojpeg_takes(photo: bytes) -> bool:
    try:
        simplejpeg.decode_jpeg_header(photo)
    except (ValueError, KeyError):  # KeyError for 4:4:1, which simplejpeg itself does not know
        return False
    return True
