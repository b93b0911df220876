import io
import struct
import subprocess
import time
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from consult.errors import InvalidPhoto
from consult.imaging import workers
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from tests.imaging.photos import (
    EOI,
    SECRET,
    XMP_NAME,
    canaries,
    chunk,
    make_animation,
    make_exif,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    needs,
    picture,
    pixels_of,
    psnr,
    real,
    riff_chunk,
    tell_all_exif,
)


def refusal_of(upload: bytes, *, max_pixels: int = 50_000_000) -> str:
    with pytest.raises(InvalidPhoto) as refusal:
        scrub(upload, max_pixels=max_pixels)
    return refusal.value.code


def kinds(photo: ScrubbedPhoto) -> set[str]:
    return {finding.kind for finding in photo.certificate.found}


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


class TestPng:
    def test_the_picture_is_kept_at_high_quality(self) -> None:
        photo = scrub(make_png(120, 90))
        assert (photo.source_format, photo.lossless) == ("PNG", False)
        assert photo.certificate.steps == ("decoded from PNG", "encoded q98 4:4:4")
        assert [step.method for step in photo.lossy_steps] == ["ISO_10918_1"]
        assert psnr(pixels_of(photo.jpeg), np.asarray(picture(120, 90))) > 44

    def test_text_time_exif_and_unknown_chunks_are_found_and_gone(self) -> None:
        upload = make_png(
            40,
            30,
            chunk(b"tEXt", b"Comment\x00" + SECRET),
            chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00<exif:GPSLatitude>" + SECRET),
            chunk(b"zTXt", b"Author\x00\x00" + zlib.compress(SECRET)),
            chunk(b"eXIf", tell_all_exif()[6:]),
            chunk(b"prVt", SECRET),
            chunk(b"tIME", b"\x07\xea\x03\x04\x05\x06\x07"),
        )

        photo = scrub(upload + SECRET)

        assert not [canary for canary in canaries(SECRET) if canary in photo.jpeg + photo.preview]
        assert kinds(photo) >= {"png_text", "xmp", "exif", "gps", "app_other", "trailer"}
        assert photo.device_model == "Phone 9"

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_the_orientation_in_exif_is_applied(self, orientation: int) -> None:
        upload = make_png(40, 30, chunk(b"eXIf", make_exif(orientation=orientation)[6:]))
        with Image.open(io.BytesIO(upload)) as image:
            shown = np.asarray(ImageOps.exif_transpose(image))
        photo = scrub(upload)
        assert photo.orientation_applied == orientation
        assert psnr(pixels_of(photo.jpeg), shown) > 40

    @pytest.mark.parametrize("packed", [False, True], ids=["tEXt", "zTXt"])
    def test_the_orientation_in_a_raw_profile_is_applied(self, packed: bool) -> None:
        block = make_exif(orientation=3)
        lines = f"\nexif\n{len(block):8}\n{block.hex()}\n".encode()
        name = b"Raw profile type exif\x00"
        packed_lines = name + b"\x00" + zlib.compress(lines)
        text = chunk(b"zTXt", packed_lines) if packed else chunk(b"tEXt", name + lines)
        assert scrub(make_png(40, 30, text)).orientation_applied == 3

    def test_transparent_parts_lie_on_white(self) -> None:
        image = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
        assert pixels_of(scrub(saved(image, "PNG")).jpeg).min() >= 254

    def test_a_transparent_colour_of_a_palette_lies_on_white(self) -> None:
        image = Image.new("P", (16, 16), 0)
        image.putpalette([0, 0, 0, 255, 255, 255])
        assert pixels_of(scrub(saved(image, "PNG", transparency=0)).jpeg).min() >= 254

    def test_sixteen_bits_become_eight(self) -> None:
        grey = Image.fromarray(np.full((16, 16), 0x8000, np.uint16))
        photo = scrub(saved(grey, "PNG"))
        assert photo.photometric == "MONOCHROME2"
        assert abs(int(pixels_of(photo.jpeg).mean()) - 128) <= 1

    @pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
    def test_every_kind_of_png_shows_its_picture(self, mode: str) -> None:
        photo = scrub(make_png(40, 30, mode=mode))
        expected = np.asarray(picture(40, 30, mode).convert("RGB"))
        assert psnr(np.asarray(Image.fromarray(expected).convert("L")), _grey(photo.jpeg)) > 35

    def test_a_colour_profile_is_rebuilt_and_kept(self) -> None:
        packed = b"J. Doe's monitor\x00\x00" + zlib.compress(make_icc(name="P3"))
        photo = scrub(make_png(40, 30, chunk(b"iCCP", packed)))
        assert photo.certificate.kept["colour_profile"] == "Display P3"
        assert b"J. Doe" not in photo.jpeg

    def test_colours_named_by_number_get_their_profile(self) -> None:
        photo = scrub(make_png(40, 30, chunk(b"cICP", b"\x0c\x0d\x00\x01")))
        assert photo.certificate.kept["colour_profile"] == "Display P3"

    def test_hdr_colours_are_refused_rather_than_shown_wrong(self) -> None:
        upload = make_png(40, 30, chunk(b"cICP", b"\x09\x10\x00\x01"))
        assert refusal_of(upload) == "unsupported_coding"

    def test_a_linear_picture_is_shown_as_it_was_meant(self) -> None:
        half_light = saved(Image.new("L", (16, 16), 128), "PNG")
        linear = half_light[:33] + chunk(b"gAMA", struct.pack(">I", 100_000)) + half_light[33:]
        assert abs(int(pixels_of(scrub(linear).jpeg).mean()) - 186) <= 2

    def test_a_packed_text_of_200_mb_is_dropped_unread(self) -> None:
        packer = zlib.compressobj(9)
        block = bytes(1 << 20)
        packed = b"".join(packer.compress(block) for _ in range(200)) + packer.flush()
        bombs = chunk(b"zTXt", b"a\x00\x00" + packed), chunk(b"iCCP", b"a\x00\x00" + packed)
        photo = scrub(make_png(40, 30, *bombs))
        assert photo.icc_profile is None

    def test_only_the_first_packed_chunk_of_a_kind_is_unpacked(self) -> None:
        packed = zlib.compress(bytes(1 << 20), 9)
        chunks = [
            chunk(b"iCCP", b"a\x00\x00" + packed),
            chunk(b"zTXt", b"Raw profile type exif\x00\x00" + packed),
        ]
        start = time.process_time()
        scrub(make_png(40, 30, *chunks * 2000))
        assert time.process_time() - start < 2

    @pytest.mark.parametrize("cut", [8, 20, 40, 200, -12, -4])
    def test_a_cut_file_is_incomplete(self, cut: int) -> None:
        assert refusal_of(make_png(40, 30)[:cut]) in {"incomplete_photo", "not_a_photo"}

    def test_too_little_picture_data_is_damage(self) -> None:
        upload = make_png(64, 64)
        start = upload.index(b"IDAT")
        header = upload[: start - 4]
        half = chunk(b"IDAT", upload[start + 4 : start + 60])
        assert refusal_of(header + half + chunk(b"IEND", b"")) == "damaged_photo"

    def test_a_wrong_checksum_is_damage(self) -> None:
        upload = bytearray(make_png())
        upload[upload.index(b"IDAT") + 12] ^= 1
        assert refusal_of(bytes(upload)) == "damaged_photo"

    def test_an_animation_is_refused(self) -> None:
        assert refusal_of(make_animation("PNG")) == "animated"

    def test_an_unknown_critical_chunk_is_unsupported(self) -> None:
        assert refusal_of(make_png(40, 30, chunk(b"CgBI", bytes(4)))) == "unsupported_coding"

    def test_a_png_that_is_none_is_damage(self) -> None:
        assert refusal_of(b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", bytes(20))) == "damaged_photo"

    def test_the_size_is_refused_before_any_decoder_runs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started: list[str] = []
        monkeypatch.setattr(workers, "run", lambda job, *_, **__: started.append(job))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - a spy
        huge = b"\x89PNG\r\n\x1a\n" + chunk(
            b"IHDR", struct.pack(">2I5B", 13_000, 13_000, 8, 2, 0, 0, 0)
        )
        assert refusal_of(huge + chunk(b"IDAT", b"") + chunk(b"IEND", b"")) == "too_many_pixels"
        assert not started


def _grey(jpeg: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(jpeg)) as image:
        return np.asarray(image.convert("L"))


class TestWebp:
    @pytest.mark.parametrize("lossless", [False, True], ids=["VP8", "VP8L"])
    def test_the_picture_is_kept_at_high_quality(self, lossless: bool) -> None:
        upload = make_webp(120, 90, lossless=lossless)
        photo = scrub(upload)
        assert (photo.source_format, photo.width, photo.height) == ("WEBP", 120, 90)
        assert psnr(pixels_of(photo.jpeg), pixels_of(upload)) > 44

    def test_company_is_found_and_gone(self) -> None:
        upload = make_webp(
            40, 30, riff_chunk(b"XMP ", SECRET), riff_chunk(b"EXIF", tell_all_exif(orientation=6)),
            riff_chunk(b"PSAI", SECRET), riff_chunk(b"ICCP", make_icc()),
        )  # fmt: skip
        photo = scrub(upload + SECRET)
        assert not [canary for canary in canaries(SECRET) if canary in photo.jpeg + photo.preview]
        assert kinds(photo) >= {"exif", "gps", "serial", "xmp", "icc", "app_other", "trailer"}
        assert (photo.width, photo.height, photo.orientation_applied) == (30, 40, 6)
        assert photo.certificate.kept["colour_profile"] == "sRGB"

    def test_transparent_parts_lie_on_white(self) -> None:
        image = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
        assert pixels_of(scrub(saved(image, "WEBP")).jpeg).min() >= 250

    def test_an_animation_is_refused(self) -> None:
        assert refusal_of(make_animation("WEBP")) == "animated"

    @pytest.mark.parametrize("cut", [16, 30, 100, -1])
    def test_a_cut_file_is_incomplete(self, cut: int) -> None:
        assert refusal_of(make_webp()[:cut]) == "incomplete_photo"

    def test_a_cut_file_with_its_length_put_right_is_damage(self) -> None:
        upload = make_webp(200, 150)
        content = upload[12:20] + upload[20 : len(upload) // 2]
        half = b"VP8 " + (len(content) - 8).to_bytes(4, "little") + content[8:]
        assert refusal_of(b"RIFF" + (len(half) + 4).to_bytes(4, "little") + b"WEBP" + half) in {
            "damaged_photo",
            "incomplete_photo",
        }

    def test_the_size_in_the_header_counts(self) -> None:
        assert refusal_of(make_webp(200, 150), max_pixels=29_999) == "too_many_pixels"

    def test_a_container_without_a_picture_is_none(self) -> None:
        upload = b"WEBP" + riff_chunk(b"XMP ", SECRET)
        assert refusal_of(b"RIFF" + len(upload).to_bytes(4, "little") + upload) == "not_a_photo"


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

    def test_missing_data_that_pillow_paints_grey_are_damage(self, upload: bytes) -> None:
        assert refusal_of(upload[: len(upload) * 2 // 3] + EOI) == "damaged_photo"


class TestHeic:
    def test_a_phone_photo_is_upright_once_and_keeps_its_colours(self) -> None:
        photo = scrub(real("e760c8"))
        assert (photo.width, photo.height, photo.orientation_applied) == (3024, 4032, 6)
        assert photo.certificate.kept["colour_profile"] == "Display P3"
        assert [step.method for step in photo.lossy_steps] == ["ISO_23008_2", "ISO_10918_1"]
        assert not photo.orientation_uncertain
        assert kinds(photo) >= {"exif", "makernote", "xmp", "gain_map", "thumbnail", "icc"}

    def test_the_colours_of_a_grid_may_stand_with_its_tiles(self) -> None:
        assert scrub(real("73f604")).certificate.kept["colour_profile"] == "Display P3"

    def test_a_video_in_the_file_is_found(self) -> None:
        photo = scrub(real("9a0d28"))
        assert "motion_video" in kinds(photo)

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
