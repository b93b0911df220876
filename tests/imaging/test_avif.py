"""AVIF stills: decoded as Pillow does it, cropped, mirrored and turned by us."""

import struct
import time
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from consult.errors import InvalidPhoto
from consult.imaging import avif
from consult.imaging.scrub import scrub
from tests.imaging.boxes import (
    AVIF_10_BITS,
    box,
    clap,
    coded,
    full,
    located,
    make_heic,
    make_still,
    nclx,
)
from tests.imaging.boxes import item as boxed
from tests.imaging.photos import (
    SECRET,
    canaries,
    kinds_of,
    make_animation,
    make_exif,
    make_icc,
    picture,
    pixels_of,
    psnr,
    refusal_of,
    saved,
    tell_all_exif,
)

Photo = NDArray[np.int16]
FINE: dict[str, Any] = {"quality": 100, "subsampling": "4:4:4"}
PICTURE = np.asarray(picture(128, 64)).astype(np.int16)


def make_avif(*properties: bytes, exif: bytes = b"", auxiliary: bytes = b"") -> bytes:
    """`photos.picture(128, 64)`, coded with 10 bits."""
    return make_still(AVIF_10_BITS, *properties, brand=b"avif", exif=exif, auxiliary=auxiliary)


class TestPicture:
    def test_the_picture_is_kept_at_high_quality(self) -> None:
        photo = scrub(saved(picture(120, 90), "AVIF", **FINE))
        assert (photo.source_format, photo.width, photo.height) == ("AVIF", 120, 90)
        assert photo.certificate.steps == ("decoded from AVIF", "encoded q98 4:4:4")
        assert psnr(pixels_of(photo.jpeg), np.asarray(picture(120, 90))) > 40

    def test_ten_bits_become_eight_faithfully(self) -> None:
        photo = scrub(AVIF_10_BITS)
        assert psnr(pixels_of(photo.jpeg), PICTURE) > 45

    def test_a_grey_picture_looks_the_same(self) -> None:
        photo = scrub(saved(picture(64, 48, "L"), "AVIF", **FINE))
        grey = np.asarray(picture(64, 48, "L").convert("RGB"))
        assert psnr(pixels_of(photo.jpeg), grey) > 40

    def test_transparent_parts_lie_on_white_and_are_nothing_hidden(self) -> None:
        clear = picture(64, 48, "RGBA").copy()
        clear.putalpha(0)
        photo = scrub(saved(clear, "AVIF"))
        assert (pixels_of(photo.jpeg) >= 254).all()
        assert not kinds_of(photo)

    def test_the_loss_of_av1_has_no_name_in_dicom_but_is_told(self) -> None:
        photo = scrub(AVIF_10_BITS)
        assert [step.method for step in photo.lossy_steps] == ["ISO_10918_1"]
        assert photo.derivation == "Converted from AVIF to JPEG 4:4:4"
        assert not photo.lossless


class TestWayUp:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_what_an_encoder_writes_is_shown_upright(self, orientation: int) -> None:
        """Pillow writes the orientation of EXIF as irot and imir."""
        exif = make_exif(orientation=orientation)
        photo = scrub(saved(picture(128, 64), "AVIF", exif=exif, **FINE))
        assert photo.orientation_applied == orientation
        assert not photo.orientation_uncertain
        shown = pixels_of(photo.jpeg)
        assert psnr(shown, upright(PICTURE, orientation)) > 35

    def test_both_words_for_the_same_turn_turn_once(self) -> None:
        photo = scrub(make_avif(box(b"irot", b"\x03"), exif=make_exif(orientation=6)))
        assert (photo.width, photo.height, photo.orientation_applied) == (64, 128, 6)
        assert not photo.orientation_uncertain

    def test_exif_that_nothing_else_confirms_leaves_the_side_uncertain(self) -> None:
        photo = scrub(make_avif(exif=make_exif(orientation=6)))
        assert (photo.width, photo.height, photo.orientation_applied) == (128, 64, 1)
        assert photo.orientation_uncertain

    def test_what_was_cropped_away_stays_away(self) -> None:
        photo = scrub(make_avif(clap(32, 24, -96, -40)))
        assert (photo.width, photo.height) == (32, 24)
        assert psnr(pixels_of(photo.jpeg), PICTURE[:24, :32]) > 35

    def test_the_crop_comes_before_the_turn(self) -> None:
        photo = scrub(make_avif(clap(32, 24, 96, 40), box(b"irot", b"\x03")))
        assert (photo.width, photo.height) == (24, 32)
        assert psnr(pixels_of(photo.jpeg), np.rot90(PICTURE[-24:, -32:], -1)) > 35

    @pytest.mark.parametrize(
        "crop",
        [clap(32, 24, 100), clap(0, 24), clap(140, 64), box(b"clap", bytes(32))],
        ids=["beside the picture", "nothing", "more than the picture", "zero over zero"],
    )
    def test_a_crop_that_cannot_be_is_damage(self, crop: bytes) -> None:
        assert refusal_of(make_avif(crop)) == "damaged_photo"


class TestColours:
    def test_the_profile_is_rebuilt_and_kept(self) -> None:
        photo = scrub(saved(picture(64, 48), "AVIF", icc_profile=make_icc(name="P3")))
        assert photo.certificate.kept["colour_profile"] == "Display P3"
        assert b"Doe" not in photo.jpeg

    def test_colours_named_by_number_get_their_profile(self) -> None:
        photo = scrub(make_avif(nclx(12, 13)))
        assert photo.certificate.kept["colour_profile"] == "Display P3"

    @pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
    def test_hdr_is_refused_rather_than_shown_wrong(self, transfer: int) -> None:
        assert refusal_of(make_avif(nclx(9, transfer))) == "unsupported_coding"


class TestCompany:
    def test_exif_is_read_found_and_gone(self) -> None:
        photo = scrub(make_avif(exif=tell_all_exif()))
        assert photo.device_make == "Acme"
        assert kinds_of(photo) == {"exif", "gps", "makernote", "owner_text", "serial", "thumbnail"}
        assert not [canary for canary in canaries(SECRET) if canary in photo.jpeg + photo.preview]

    def test_xmp_is_found(self) -> None:
        upload = saved(picture(64, 48), "AVIF", xmp=b"<x:xmpmeta exif:GPSLatitude='51'/>")
        assert kinds_of(scrub(upload)) == {"xmp", "gps"}

    def test_broken_exif_costs_nothing(self) -> None:
        assert kinds_of(scrub(make_avif(exif=SECRET))) == {"exif"}

    def test_a_second_picture_inside_is_found_and_gone(self) -> None:
        depth = b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth"
        assert kinds_of(scrub(make_avif(auxiliary=depth))) == {"auxiliary_image"}


class TestRefusals:
    def test_a_sequence_is_animated(self) -> None:
        assert refusal_of(make_animation("AVIF")) == "animated"

    def test_a_still_that_may_also_move_is_animated(self) -> None:
        assert refusal_of(AVIF_10_BITS.replace(b"miaf", b"avis", 1)) == "animated"

    @pytest.mark.parametrize("share", [0.3, 0.8, 0.97])
    def test_a_cut_file_is_incomplete(self, share: float) -> None:
        assert refusal_of(AVIF_10_BITS[: int(len(AVIF_10_BITS) * share)]) == "incomplete_photo"

    def test_missing_picture_data_are_damage(self) -> None:
        source = coded(AVIF_10_BITS)
        half = source.payload[: len(source.payload) // 2]
        upload = make_heic(
            items=(boxed(1, b"av01"),), properties=source.properties,
            iloc=located((1, 0, len(half))), idat=half, brand=b"avif",
        )  # fmt: skip
        assert refusal_of(upload) == "damaged_photo"

    def test_damaged_picture_data_are_no_photo_or_a_photo_never_a_crash(self) -> None:
        for at in range(300, len(AVIF_10_BITS) - 20, 23):
            broken = AVIF_10_BITS[:at] + bytes(20) + AVIF_10_BITS[at + 20 :]
            try:
                assert scrub(broken).width == 128
            except InvalidPhoto as refusal:
                assert refusal.code == "damaged_photo"  # noqa: PT017 - either is right

    def test_the_size_is_refused_before_any_decoder_runs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never(*_: object, **__: object) -> None:
            raise AssertionError("a decoder ran")

        monkeypatch.setattr("consult.imaging.workers.run", never)
        assert refusal_of(AVIF_10_BITS, max_pixels=8000) == "too_many_pixels"

    def test_a_coded_picture_larger_than_it_says_stays_within_the_caps(self) -> None:
        large = saved(picture(1600, 1200), "AVIF", quality=50, speed=10)
        size = next(p for p in coded(large).properties if p[4:8] == b"ispe")
        lie = full(b"ispe", struct.pack(">II", 64, 48))
        start = time.monotonic()
        photo = scrub(large.replace(size, lie))
        assert (photo.width, photo.height) == (64, 48)
        assert time.monotonic() - start < 2

    def test_the_decoder_sees_no_metadata(self) -> None:
        container = avif.read(make_avif(exif=tell_all_exif()), max_pixels=10_000)
        assert b"infe\x02\x00\x00\x00\x00\x03\x00\x00free" in container.picture


def upright(pixels: Photo, orientation: int) -> Photo:
    """Turn the stored pixels as EXIF asks, by numpy and not by the code under test."""
    mirrored = pixels[:, ::-1] if orientation in {2, 4, 5, 7} else pixels
    turns = {1: 0, 2: 0, 3: 2, 4: 2, 5: 1, 6: -1, 7: -1, 8: 1}[orientation]
    return np.rot90(mirrored, turns)
