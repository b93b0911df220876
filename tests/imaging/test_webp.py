import pytest
from PIL import Image

from consult.imaging.scrub import scrub
from tests.imaging.photos import (
    SECRET,
    canaries,
    kinds_of,
    make_animation,
    make_icc,
    make_webp,
    pixels_of,
    psnr,
    refusal_of,
    riff_chunk,
    saved,
    tell_all_exif,
)


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
            riff_chunk(b"PSAI", SECRET), riff_chunk(b"C2PA", SECRET), riff_chunk(b"ICCP", make_icc()),
        )  # fmt: skip
        photo = scrub(upload + SECRET)
        assert not [canary for canary in canaries(SECRET) if canary in photo.jpeg + photo.preview]
        assert kinds_of(photo) >= {
            "exif",
            "gps",
            "serial",
            "xmp",
            "icc",
            "app_other",
            "c2pa",
            "trailer",
        }
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

    def test_far_too_many_chunks_are_refused(self) -> None:
        assert (
            refusal_of(make_webp(40, 30, *[riff_chunk(b"PSAI", b"")] * 600)) == "too_many_segments"
        )

    def test_a_picture_without_its_own_start_code_is_damage(self) -> None:
        upload = make_webp()
        assert refusal_of(upload.replace(b"\x9d\x01\x2a", b"\x00\x00\x00", 1)) == "damaged_photo"

    def test_a_container_without_a_picture_is_none(self) -> None:
        upload = b"WEBP" + riff_chunk(b"XMP ", SECRET)
        assert refusal_of(b"RIFF" + len(upload).to_bytes(4, "little") + upload) == "not_a_photo"
