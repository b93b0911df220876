import io
import struct
import time

import pytest
from PIL import Image

from consult.errors import InvalidPhoto
from consult.imaging import jpeg
from consult.imaging.rebuild import JFIF, check_clean, rebuild
from tests.imaging.photos import (
    EOI,
    SECRET,
    before_first_scan,
    canaries,
    make_jpeg,
    pixels_of,
    segment,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)


def clean(upload: bytes) -> bytes:
    return rebuild(upload, jpeg.walk(upload))


def coded(upload: bytes) -> list[bytes]:
    return [upload[start:end] for start, end in jpeg.walk(upload).coded]


def refusal_of(upload: bytes) -> str:
    with pytest.raises(InvalidPhoto) as refusal:
        jpeg.walk(upload)
    return refusal.value.code


def patched_frame(upload: bytes, *, marker: int | None = None, **fields: int) -> bytes:
    """Change the SOF segment: `precision`, `height`, `width`, `sampling` of the first colour."""
    at = upload.index(b"\xff\xc0")
    frame = bytearray(upload[at : at + 19])
    frame[1] = marker or frame[1]
    frame[4] = fields.get("precision", frame[4])
    frame[5:7] = struct.pack(">H", fields.get("height", int.from_bytes(frame[5:7], "big")))
    frame[7:9] = struct.pack(">H", fields.get("width", int.from_bytes(frame[7:9], "big")))
    frame[11] = fields.get("sampling", frame[11])
    return upload[:at] + bytes(frame) + upload[at + 19 :]


class TestRebuild:
    def test_nothing_but_the_picture_comes_out(self) -> None:
        upload = with_segments(make_jpeg(exif=tell_all_exif()), *tell_all_segments()) + SECRET

        result = clean(upload)

        assert not [canary for canary in canaries(SECRET) if canary in result]
        markers = [s.marker for s in check_clean(result).segments]
        assert markers[0] == jpeg.APP0
        assert set(markers[1:]) <= {jpeg.DQT, jpeg.DHT, jpeg.BASELINE, jpeg.SOS, jpeg.EOI}

    def test_the_coded_picture_stays_the_same_to_the_byte(self) -> None:
        upload = with_segments(make_jpeg(), *tell_all_segments())
        assert coded(clean(upload)) == coded(upload)

    def test_cleaning_twice_is_cleaning_once(self) -> None:
        once = clean(with_segments(make_jpeg(), *tell_all_segments()))
        assert clean(once) == once

    def test_a_comment_between_the_scans_is_left_behind(self) -> None:
        upload = make_jpeg(progressive=True)
        second = upload.index(b"\xff\xda", upload.index(b"\xff\xda") + 2)
        hidden = upload[:second] + segment(jpeg.COM, SECRET) + upload[second:]
        assert clean(hidden) == clean(upload)

    def test_whatever_follows_the_picture_is_cut(self) -> None:
        upload = make_jpeg()
        for trailer in (b"\x00", make_jpeg(), b"PK\x03\x04" + SECRET, b"\x00\x00\x00\x10ftypmp42"):
            assert clean(upload + trailer) == clean(upload)

    def test_fill_and_junk_between_segments_are_normalised_away(self) -> None:
        upload = make_jpeg()
        odd = before_first_scan(upload, SECRET + b"\xff" * 300 + b"\xff\xd3\x00")
        odd = odd[:-2] + b"\xff" * 500 + EOI
        assert clean(odd) == clean(upload)
        assert jpeg.walk(odd).junk == 300 + len(SECRET) + 3 + 500

    def test_a_ycbcr_photo_gets_jfif_and_never_adobe(self) -> None:
        adobe = segment(jpeg.APP14, b"Adobe\x00\x64\x00\x00\x00\x00\x01")
        without_jfif = b"\xff\xd8" + adobe + make_jpeg()[20:]
        assert clean(without_jfif) == clean(make_jpeg())
        assert clean(without_jfif)[2:20] == JFIF

    def test_an_rgb_photo_gets_adobe_of_transform_0_and_no_jfif(self) -> None:
        upload = make_jpeg(keep_rgb=True)
        result = clean(with_segments(upload, segment(jpeg.COM, SECRET)))
        assert result[2:18] == b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
        assert b"JFIF" not in result
        assert (pixels_of(result) == pixels_of(upload)).all()

    def test_ids_alone_make_a_photo_rgb(self) -> None:
        upload = make_jpeg(keep_rgb=True)
        adobe = segment(jpeg.APP14, b"Adobe\x00\x64\x00\x00\x00\x00\x00")
        assert adobe in upload
        assert jpeg.walk(upload.replace(adobe, b"")).colour == "RGB"

    def test_a_grey_photo_stays_grey(self) -> None:
        assert jpeg.walk(clean(make_jpeg(mode="L"))).colour == "grey"

    def test_a_large_profile_travels_in_several_pieces(self) -> None:
        upload, profile = make_jpeg(), bytes(range(256)) * 700
        result = rebuild(upload, jpeg.walk(upload), profile=profile)
        walked = check_clean(result)
        assert jpeg.icc_of(result, walked) == profile
        assert [s.marker for s in walked.segments].count(jpeg.APP2) == 3


class TestCheckClean:
    @pytest.mark.parametrize(
        "dirt",
        [segment(jpeg.COM, b"x"), segment(jpeg.APP1, b"Exif\x00\x00"), b"\x00", b"\xff", JFIF],
        ids=["comment", "exif", "junk", "fill", "second JFIF"],
    )
    def test_dirt_in_front_of_the_scan_is_seen(self, dirt: bytes) -> None:
        with pytest.raises(RuntimeError):
            check_clean(before_first_scan(clean(make_jpeg()), dirt))

    def test_a_longer_jfif_is_seen(self) -> None:
        result = clean(make_jpeg())
        padded = result.replace(JFIF, segment(jpeg.APP0, JFIF[4:] + b"x"))
        with pytest.raises(RuntimeError):
            check_clean(padded)

    def test_a_trailer_is_seen(self) -> None:
        with pytest.raises(RuntimeError):
            check_clean(clean(make_jpeg()) + b"\x00")

    def test_a_progressive_photo_is_seen(self) -> None:
        with pytest.raises(RuntimeError):
            check_clean(clean(make_jpeg(progressive=True)))


class TestRefusals:
    @pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xC7, 0xCB, 0xCF, 0xF7])
    def test_lossless_and_hierarchical_coding_is_unsupported(self, marker: int) -> None:
        assert refusal_of(patched_frame(make_jpeg(), marker=marker)) == "unsupported_coding"

    def test_twelve_bits_are_unsupported(self) -> None:
        upload = patched_frame(make_jpeg(), marker=0xC1, precision=12)
        assert refusal_of(upload) == "unsupported_coding"

    def test_the_size_is_checked_before_anything_is_decoded(self) -> None:
        upload = patched_frame(make_jpeg(), width=65_500, height=65_500)
        assert refusal_of(upload) == "too_many_pixels"

    def test_a_photo_without_height_is_refused(self) -> None:
        assert refusal_of(patched_frame(make_jpeg(), height=0)) == "impossible_size"
        dnl = segment(0xDC, b"\x00\x30")
        assert refusal_of(make_jpeg()[:-2] + dnl + EOI) == "impossible_size"

    def test_a_size_that_the_coded_data_cannot_fill_is_incomplete(self) -> None:
        assert refusal_of(patched_frame(make_jpeg(), width=6000, height=4000)) == "incomplete_photo"

    def test_a_flat_picture_has_enough_coded_data(self) -> None:
        """The bound is the least that Huffman codes can be, so it refuses no sound photo."""
        out = io.BytesIO()
        Image.new("L", (4000, 3000), 128).save(out, "JPEG", optimize=True)
        assert jpeg.walk(out.getvalue()).frame.width == 4000

    @pytest.mark.parametrize("sampling", [0x00, 0x50, 0x15])
    def test_impossible_sampling_is_damage(self, sampling: int) -> None:
        assert refusal_of(patched_frame(make_jpeg(), sampling=sampling)) == "damaged_photo"

    def test_a_photo_inside_the_header_is_damage(self) -> None:
        assert refusal_of(before_first_scan(make_jpeg(), b"\xff\xd8")) == "damaged_photo"

    def test_two_frames_are_damage(self) -> None:
        upload = make_jpeg()
        at = upload.index(b"\xff\xc0")
        assert refusal_of(before_first_scan(upload, upload[at : at + 19])) == "damaged_photo"

    def test_a_scan_before_the_frame_is_damage(self) -> None:
        upload = make_jpeg()
        at, scan = upload.index(b"\xff\xc0"), upload.index(b"\xff\xda")
        assert refusal_of(upload[:at] + upload[scan:-2] + upload[at:]) == "damaged_photo"

    def test_an_unknown_marker_is_damage(self) -> None:
        assert refusal_of(before_first_scan(make_jpeg(), segment(0x55, b"x"))) == "damaged_photo"

    def test_half_a_photo_is_incomplete(self) -> None:
        upload = make_jpeg(400, 300)
        assert refusal_of(upload[: len(upload) // 2]) == "incomplete_photo"

    def test_a_segment_that_ends_behind_the_file_is_incomplete(self) -> None:
        assert refusal_of(b"\xff\xd8\xff\xe1\xff\xff" + bytes(100)) == "incomplete_photo"

    def test_a_length_of_one_is_damage(self) -> None:
        assert refusal_of(before_first_scan(make_jpeg(), b"\xff\xfe\x00\x01")) == "damaged_photo"

    def test_hundreds_of_scans_are_refused_inside_the_walk(self) -> None:
        upload = make_jpeg(progressive=True)
        last = upload.rindex(b"\xff\xda")
        bomb = upload[:last] + upload[last:-2] * 600 + EOI
        assert refusal_of(bomb) == "too_many_scans"

    def test_hundreds_of_segments_are_refused_inside_the_walk(self) -> None:
        bomb = with_segments(make_jpeg(), *[segment(jpeg.COM, b"")] * 600)
        assert refusal_of(bomb) == "too_many_segments"

    def test_much_junk_is_damage(self) -> None:
        assert refusal_of(before_first_scan(make_jpeg(), bytes(70_000))) == "damaged_photo"


class TestSearch:
    """Coded data are searched for markers in two ways; both must see what `re` alone sees."""

    @pytest.mark.parametrize(
        "between",
        [b"", b"\xff", b"\xff\xff\xff", b"\xff\xd3abc", b"\xff\xd0" * 9, b"\xff\x00\xff"],
        ids=["nothing", "fill byte", "fill bytes", "restart", "restarts", "stuffing and fill"],
    )
    @pytest.mark.parametrize("size", [1 << 20, (1 << 20) + (1 << 17) - 1, 3 << 20])
    def test_large_coded_data_end_where_small_ones_would(self, between: bytes, size: int) -> None:
        """One marker after data without any, at and around the borders of the blocks."""
        for shift in range(4):
            data = (b"ab\xff\x00" * (size // 4 + 1))[shift : shift + size] + between
            content = data + b"\xff\xd9" + bytes(9)

            end = jpeg._coded_end(content, 0, None)

            found = jpeg._MARKER_AFTER_CODED.search(content)
            assert found
            assert end == len(content[: found.start()].rstrip(b"\xff"))

    @pytest.mark.parametrize("tail", [b"", b"\xff", b"\xff\x00", b"\xff\xd7"])
    def test_large_coded_data_without_an_end_are_incomplete(self, tail: bytes) -> None:
        with pytest.raises(InvalidPhoto) as refusal:
            jpeg._coded_end(bytes(2 << 20) + tail, 0, None)
        assert refusal.value.code == "incomplete_photo"

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_walk_that_only_compares_finds_what_a_walk_that_searches_finds(
        self, progressive: bool
    ) -> None:
        upload = make_jpeg(progressive=progressive, comment=b"in front")
        walked = jpeg.walk(upload)
        output = rebuild(upload, walked)

        compared = jpeg.walk(output, searched=walked.coded_in(upload))

        assert compared == jpeg.walk(output)

    @pytest.mark.parametrize(
        ("kept", "more"),
        [
            (50, b"\xff\xfe"),
            (None, b"more"),
            (None, b"\xff\x00"),
            (None, b"\xff\xff"),
            (-9, b""),
            (0, b""),
        ],
        ids=["marker inside", "longer", "stuffing behind", "fill behind", "shorter", "none"],
    )
    def test_what_was_not_searched_before_is_searched(self, kept: int | None, more: bytes) -> None:
        upload = make_jpeg()
        walked = jpeg.walk(upload)
        ((start, end),) = walked.coded
        rest = upload[start:end][50 + len(more) :] if kept == 50 else b""
        output = upload[:start] + upload[start:end][:kept] + more + rest + upload[end:]

        assert outcome(output, walked.coded_in(upload)) == outcome(output, ())

    def test_coded_data_that_end_in_a_fill_byte_are_searched(self) -> None:
        searched = [memoryview(b"abc\xff")]
        assert jpeg._coded_end(b"abc\xff\xff\xd9", 0, searched[0]) == 3


def outcome(output: bytes, searched: jpeg.Coded) -> jpeg.Walk | str:
    try:
        return jpeg.walk(output, searched=searched)
    except InvalidPhoto as refusal:
        return refusal.code


@pytest.mark.parametrize(
    "filler",
    [b"\xff\x00", b"\x00", b"\xff", b"\xff\xd0", b"\xff\xfe\x00\x02", b"\xff\xc4\x00\x02"],
    ids=["stuffing", "zeros", "fill", "restarts", "comments", "tables"],
)
def test_the_time_for_a_walk_grows_no_faster_than_the_file(filler: bytes) -> None:
    head = before_first_scan(make_jpeg(), b"")[:-2]
    hostile = head + filler * (25_000_000 // len(filler))

    start = time.process_time()
    refusal_of(hostile)

    assert time.process_time() - start < 1.0
