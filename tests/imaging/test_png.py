import io
import struct
import time
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from consult.imaging import workers
from consult.imaging.scrub import scrub
from tests.imaging.photos import (
    SECRET,
    canaries,
    chunk,
    kinds_of,
    make_animation,
    make_exif,
    make_icc,
    make_png,
    picture,
    pixels_of,
    psnr,
    refusal_of,
    saved,
    tell_all_exif,
)


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
            chunk(b"caBX", SECRET),
            chunk(b"tIME", b"\x07\xea\x03\x04\x05\x06\x07"),
        )

        photo = scrub(upload + SECRET)

        assert not [canary for canary in canaries(SECRET) if canary in photo.jpeg + photo.preview]
        assert kinds_of(photo) >= {"png_text", "xmp", "exif", "gps", "app_other", "c2pa", "trailer"}
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

    @pytest.mark.parametrize(
        "broken",
        [
            chunk(b"iCCP", b"name\x00\x00nonsense"),
            chunk(b"zTXt", b"Raw profile type exif\x00\x00nonsense"),
            chunk(b"tEXt", b"Raw profile type exif\x00\nexif\n 3\nxyz\n"),
            chunk(b"tEXt", b"Raw profile type 8bim\x00" + SECRET),
        ],
    )
    def test_a_broken_block_beside_the_picture_costs_nothing(self, broken: bytes) -> None:
        photo = scrub(make_png(40, 30, broken))
        assert (photo.orientation_applied, photo.icc_profile) == (1, None)

    def test_far_too_many_chunks_are_refused(self) -> None:
        assert refusal_of(make_png(40, 30, *[chunk(b"prVt", b"")] * 50_000)) == "too_many_segments"

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
