import hashlib
import io
import random
import struct
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from consult.errors import InvalidPhoto, UnreadablePhoto
from consult.imaging import jpeg
from consult.imaging.certificate import certificate_json, summary
from consult.imaging.photo import Certificate, Finding
from consult.imaging.scrub import scrub
from tests.imaging.photos import (
    EOI,
    SECRET,
    canaries,
    make_icc,
    make_jpeg,
    pixels_of,
    psnr,
    segment,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)
from tests.needs import needs

TRAILER = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00\x00\x00\x00\x08mdat" + SECRET


def tell_all() -> bytes:
    """A photo with everything in it that phones and programs hide."""
    photo = make_jpeg(exif=tell_all_exif(), icc_profile=make_icc(name="P3"))
    return with_segments(photo, *tell_all_segments()) + make_jpeg(exif=tell_all_exif()) + TRAILER


class TestCleanliness:
    def test_nothing_that_was_hidden_comes_out_anywhere(self) -> None:
        photo = scrub(tell_all())

        everything = (
            photo.jpeg + photo.preview + repr(replace(photo, jpeg=b"", preview=b"")).encode()
        )
        hidden = canaries(SECRET, b"J. Doe's monitor", TRAILER)
        assert not [canary for canary in hidden if canary in everything]

    def test_the_coded_picture_stays_the_same_to_the_byte(self) -> None:
        upload = tell_all()
        photo = scrub(upload)
        before, after = jpeg.walk(upload).coded, jpeg.walk(photo.jpeg).coded
        assert [upload[a:b] for a, b in before] == [photo.jpeg[a:b] for a, b in after]

    def test_a_baseline_photo_of_several_scans_keeps_them_all(self, tmp_path: Path) -> None:
        source, script = tmp_path / "photo.jpg", tmp_path / "scans"
        source.write_bytes(make_jpeg(640, 480))
        script.write_text("0;\n1;\n2;\n")
        upload = subprocess.run(
            [needs("jpegtran"), "-scans", script, source], check=True, capture_output=True
        ).stdout

        photo = scrub(upload)

        assert jpeg.walk(photo.jpeg).scans == 3
        assert photo.certificate.steps == ("rebuilt",)
        assert (pixels_of(photo.jpeg) == pixels_of(upload)).all()
        assert max(pixels_of(photo.preview).shape) == 320

    def test_the_preview_is_small_srgb_and_holds_no_metadata(self) -> None:
        preview = scrub(make_jpeg(1200, 900, icc_profile=make_icc(name="P3"))).preview
        walked = jpeg.walk(preview)
        assert 320 <= max(walked.frame.width, walked.frame.height) < 640
        assert {s.marker for s in walked.segments} <= {
            *(jpeg.APP0, jpeg.DQT, jpeg.DHT, jpeg.BASELINE, jpeg.SOS, jpeg.EOI)
        }

    def test_a_small_photo_is_its_own_preview_size(self) -> None:
        walked = jpeg.walk(scrub(make_jpeg(40, 30)).preview)
        assert (walked.frame.width, walked.frame.height) == (40, 30)

    @pytest.mark.parametrize("mode", ["RGB", "L"])
    @pytest.mark.parametrize("orientation", [1, 6])
    def test_scrubbing_twice_is_scrubbing_once(self, mode: str, orientation: int) -> None:
        once = scrub(make_jpeg(mode=mode, orientation=orientation)).jpeg
        again = scrub(once)
        assert again.jpeg == once
        assert again.certificate.found == ()

    def test_colours_of_a_wide_gamut_stay_the_same(self) -> None:
        upload = make_jpeg(icc_profile=make_icc(name="P3"))
        photo = scrub(upload)
        assert photo.icc_profile
        with Image.open(io.BytesIO(photo.jpeg)) as image:
            assert image.info["icc_profile"] == photo.icc_profile
        assert (pixels_of(photo.jpeg) == pixels_of(upload)).all()

    def test_a_profile_for_colours_is_ignored_in_a_grey_photo(self) -> None:
        assert scrub(make_jpeg(mode="L", icc_profile=make_icc())).icc_profile is None

    def test_two_profiles_contradict_each_other_and_are_ignored(self) -> None:
        piece = segment(jpeg.APP2, jpeg.ICC + b"\x01\x01" + make_icc())
        assert scrub(with_segments(make_jpeg(), piece)).icc_profile
        assert scrub(with_segments(make_jpeg(), piece, piece)).icc_profile is None
        assert scrub(with_segments(make_jpeg(), segment(jpeg.APP2, jpeg.ICC))).icc_profile is None

    def test_a_profile_in_255_pieces_of_which_one_is_missing_is_ignored(self) -> None:
        pieces = [
            segment(jpeg.APP2, jpeg.ICC + bytes([n, 255]) + bytes(200)) for n in range(1, 255)
        ]
        photo = scrub(with_segments(make_jpeg(), *pieces))
        assert photo.icc_profile is None


class TestFacts:
    def test_the_facts_worth_keeping_are_kept(self) -> None:
        photo = scrub(tell_all())
        assert photo.certificate.kept == {
            "captured_at": "2026-03-04T05:06:07.250000",
            "captured_offset": "+02:00",
            "device_make": "Acme",
            "device_model": "Phone 9",
            "colour_profile": "Display P3",
            "orientation_applied": 1,
        }
        assert photo.captured_at == datetime(2026, 3, 4, 5, 6, 7, 250_000)  # noqa: DTZ001

    def test_a_capture_time_after_the_upload_is_not_believed(self) -> None:
        received_at = datetime(2026, 1, 1, tzinfo=UTC)
        assert scrub(tell_all(), received_at=received_at).captured_at is None

    @pytest.mark.parametrize(
        ("options", "photometric"),
        [({}, "YBR_FULL_422"), ({"mode": "L"}, "MONOCHROME2"), ({"keep_rgb": True}, "RGB")],
        ids=["YCbCr", "grey", "RGB"],
    )
    def test_the_colour_model_is_named_as_dicom_does(
        self, options: dict[str, str], photometric: str
    ) -> None:
        photo = scrub(make_jpeg(**options))  # pyright: ignore[reportArgumentType] - Pillow's options
        assert (photo.photometric, photo.lossless) == (photometric, True)

    def test_a_lossy_step_is_the_size_of_the_pixels_over_that_of_the_photo(self) -> None:
        photo = scrub(make_jpeg(64, 48))
        (step,) = photo.lossy_steps
        assert step.method == "ISO_10918_1"
        assert step.ratio == round(64 * 48 * 3 / len(photo.jpeg), 2)

    def test_more_pixels_than_allowed_are_refused(self) -> None:
        with pytest.raises(InvalidPhoto) as refusal:
            scrub(make_jpeg(64, 48), max_pixels=64 * 48 - 1)
        assert refusal.value.code == "too_many_pixels"
        assert scrub(make_jpeg(64, 48), max_pixels=64 * 48).width == 64


class TestCertificate:
    def test_everything_hidden_is_found_and_counted(self) -> None:
        upload = tell_all()
        photo = scrub(upload)
        found = {f.kind: f for f in photo.certificate.found}
        assert found.keys() == {
            *("exif", "gps", "makernote", "serial", "owner_text", "thumbnail", "xmp", "iptc"),
            *("photoshop", "icc", "c2pa", "mpf", "gain_map", "comment", "app_other"),
            *("adobe_extra", "trailer", "motion_video", "second_image"),
        }
        assert found["gps"].count == 3  # in EXIF, in XMP, and in the second picture
        assert found["comment"].bytes == len(SECRET) + 4
        assert found["trailer"].bytes == len(upload) - jpeg.walk(upload).end

    def test_removed_bytes_are_all_that_is_gone(self) -> None:
        plain = make_jpeg()
        photo = scrub(with_segments(plain, *tell_all_segments()) + SECRET)
        assert photo.certificate.removed_bytes == len(b"".join(tell_all_segments())) + len(SECRET)
        assert photo.jpeg == scrub(plain).jpeg

    def test_the_hashes_are_of_what_came_and_what_is_kept(self) -> None:
        upload = tell_all()
        photo = scrub(upload)
        assert photo.certificate.sha256_before == hashlib.sha256(upload).hexdigest()
        assert photo.certificate.sha256_after == hashlib.sha256(photo.jpeg).hexdigest()

    def test_a_thumbnail_in_the_jfif_header_is_found(self) -> None:
        jfif = segment(jpeg.APP0, b"JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x04\x04" + bytes(48))
        other = segment(jpeg.APP0, b"AVI1" + SECRET)
        photo = scrub(b"\xff\xd8" + jfif + other + make_jpeg()[20:])
        assert {f.kind for f in photo.certificate.found} == {"thumbnail", "app_other"}

    def test_an_empty_location_block_counts_as_a_location(self) -> None:
        block = b"Exif\x00\x00II*\x00" + struct.pack("<IHHHIIIH", 8, 1, 0x8825, 4, 1, 26, 0, 0)
        assert {f.kind for f in scrub(make_jpeg(exif=block)).certificate.found} == {"exif", "gps"}

    def test_as_json_it_is_plain_data(self) -> None:
        certificate = scrub(tell_all()).certificate
        plain = certificate_json(certificate)
        assert list(plain) == [
            *("found", "removed_bytes", "kept", "lossless", "steps"),
            *("sha256_before", "sha256_after"),
        ]
        assert {"kind": "comment", "count": 1, "bytes": len(SECRET) + 4} in plain["found"]  # type: ignore[operator]


class TestSummary:
    def certificate(self, *found: Finding, lossless: bool = True, turned: int = 1) -> Certificate:
        kept: dict[str, str | int] = {"orientation_applied": turned}
        return Certificate(found, 0, kept, lossless, ("rebuilt",), "", "")

    def test_location_and_the_number_of_other_things_are_told(self) -> None:
        certificate = self.certificate(
            Finding("gps", 2, 0), Finding("exif", 1, 9), Finding("xmp", 6, 9)
        )
        assert summary(certificate) == (
            "Location and 7 other hidden items were removed. The picture itself is unchanged."
        )

    @pytest.mark.parametrize(
        ("found", "sentence"),
        [
            ((), "Nothing hidden was found."),
            ((Finding("icc", 1, 9),), "Nothing hidden was found."),
            ((Finding("gps", 1, 0),), "The location was removed."),
            ((Finding("exif", 1, 9),), "1 hidden item was removed."),
            ((Finding("exif", 1, 9), Finding("xmp", 1, 9)), "2 hidden items were removed."),
            (
                (Finding("exif", 1, 9), Finding("gps", 1, 0)),
                "Location and 1 other hidden item were removed.",
            ),
        ],
    )
    def test_what_was_removed_is_told(self, found: tuple[Finding, ...], sentence: str) -> None:
        assert summary(self.certificate(*found)).startswith(sentence)

    def test_what_happened_to_the_picture_is_told(self) -> None:
        assert "turned upright" in summary(self.certificate(turned=6))
        assert "saved anew" in summary(self.certificate(lossless=False, turned=6))


class TestDamage:
    @pytest.fixture
    def upload(self) -> bytes:
        """With the grain of a sensor: a picture too smooth has few bits to damage."""
        grain = np.random.default_rng(7).integers(0, 10, (240, 320, 3))
        out = io.BytesIO()
        pixels = pixels_of(make_jpeg(320, 240)) // 2 + grain
        Image.fromarray(pixels.astype(np.uint8)).save(out, "JPEG", quality=85)
        return out.getvalue()

    def test_a_cut_tail_with_a_new_end_is_refused_every_time(self, upload: bytes) -> None:
        random_ = random.Random(1)
        start = jpeg.walk(upload).coded[0][0]
        for _ in range(40):
            cut = random_.randrange(start + 1, len(upload) - 40)
            with pytest.raises(UnreadablePhoto):
                scrub(upload[:cut].rstrip(b"\xff") + EOI)

    def test_most_dropped_or_zeroed_pieces_are_refused(self, upload: bytes) -> None:
        """Strict decoding is no checksum: what it must catch of 40 is what it was measured to."""
        random_ = random.Random(2)
        start, end = jpeg.walk(upload).coded[0]
        dropped = zeroed = 0
        for _ in range(40):
            at = random_.randrange(start, end - 64)
            dropped += not self.is_accepted(upload[:at] + upload[at + 64 :])
            zeroed += not self.is_accepted(upload[:at] + bytes(64) + upload[at + 64 :])
        assert dropped >= 25
        assert zeroed >= 15

    def is_accepted(self, upload: bytes) -> bool:
        try:
            return bool(scrub(upload))
        except InvalidPhoto:
            return False

    def test_bytes_hidden_behind_the_last_block_are_refused(self, upload: bytes) -> None:
        with pytest.raises(UnreadablePhoto):
            scrub(upload[:-2] + SECRET + EOI)

    def test_a_sound_photo_is_accepted(self, upload: bytes) -> None:
        assert psnr(pixels_of(scrub(upload).jpeg), pixels_of(upload)) == float("inf")
