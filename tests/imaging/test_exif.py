import struct
from datetime import UTC, datetime
from typing import Any

import piexif
import pytest

from consult.imaging import exif
from tests.imaging.photos import SECRET, make_exif, tell_all_exif

TAKEN = "2026:03:04 05:06:07"


def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\x00")


def tiff(*entries: bytes, count: int | None = None, rest: bytes = b"") -> bytes:
    """A little-endian block with one directory, of which `count` can lie."""
    head = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries) if count is None else count)
    return head + b"".join(entries) + bytes(4) + rest


class TestFacts:
    def test_the_few_facts_are_read(self) -> None:
        facts = exif.read(tell_all_exif(orientation=6))

        assert facts.orientation == 6
        assert facts.captured_at == datetime(2026, 3, 4, 5, 6, 7, 250_000)  # noqa: DTZ001
        assert facts.captured_offset == "+02:00"
        assert (facts.device_make, facts.device_model) == ("Acme", "Phone 9")

    def test_what_is_hidden_is_named_and_never_repeated(self) -> None:
        facts = exif.read(tell_all_exif())

        assert facts.hidden == {"gps", "makernote", "serial", "owner_text", "thumbnail"}
        assert SECRET.decode() not in repr(facts)

    def test_a_plain_block_hides_nothing(self) -> None:
        assert exif.read(make_exif(orientation=6)).hidden == frozenset()

    def test_the_name_in_front_of_the_block_may_be_missing(self) -> None:
        block = tell_all_exif(orientation=3)
        assert exif.read(block[6:]) == exif.read(block)

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_both_byte_orders_are_read(self, order: str) -> None:
        name = b"II*\x00" if order == "<" else b"MM\x00*"
        block = name + struct.pack(f"{order}IHHHIHH", 8, 1, 0x0112, 3, 1, 8, 0)
        assert exif.read(block).orientation == 8

    @pytest.mark.parametrize("value", [0, 1, 9, 65_535])
    def test_any_other_orientation_is_upright(self, value: int) -> None:
        assert exif.read(make_exif(orientation=value)).orientation == 1

    def test_the_first_of_two_orientations_wins(self) -> None:
        block = tiff(entry(0x0112, 3, 1, b"\x06\x00"), entry(0x0112, 3, 1, b"\x08\x00"))
        assert exif.read(block).orientation == 6

    def test_an_orientation_in_words_is_no_orientation(self) -> None:
        assert exif.read(tiff(entry(0x0112, 2, 2, b"6\x00"))).orientation == 1


class TestCaptureTime:
    def test_the_time_of_digitizing_stands_in(self) -> None:
        block = make_exif(camera={piexif.ExifIFD.DateTimeDigitized: TAKEN})
        assert exif.read(block).captured_at == datetime(2026, 3, 4, 5, 6, 7)  # noqa: DTZ001

    def test_the_time_of_the_last_change_never_does(self) -> None:
        block = make_exif(main={piexif.ImageIFD.DateTime: TAKEN})
        assert exif.read(block).captured_at is None

    @pytest.mark.parametrize(
        "text",
        [
            "    :  :     :  :  ",
            "0000:00:00 00:00:00",
            "2026:02:30 10:00:00",
            "1919:03:04 05:06:07",
            "2101:03:04 05:06:07",
            "2026-03-04 05:06:07",
            "2026:03:04 05:06:07Z",
            "2026:03:04 25:06:07",
        ],
    )
    def test_a_time_that_cannot_be_is_unknown(self, text: str) -> None:
        facts = exif.read(make_exif(taken=text, camera={0x9011: "+02:00"}))
        assert (facts.captured_at, facts.captured_offset) == (None, None)

    def test_a_time_after_the_upload_is_a_clock_never_set(self) -> None:
        block = make_exif(taken=TAKEN)
        assert exif.read(block, received_at=datetime(2026, 3, 3, 6, tzinfo=UTC)).captured_at
        assert not exif.read(block, received_at=datetime(2026, 3, 3, 5, tzinfo=UTC)).captured_at

    @pytest.mark.parametrize("text", ["+15:00", "0200", "+2:00", "Z", "+02:60"])
    def test_a_strange_offset_is_unknown(self, text: str) -> None:
        assert exif.read(make_exif(taken=TAKEN, camera={0x9011: text})).captured_offset is None

    def test_the_offset_of_the_last_change_stands_in(self) -> None:
        facts = exif.read(make_exif(taken=TAKEN, camera={0x9010: "-03:30"}))
        assert facts.captured_offset == "-03:30"

    def test_fractions_are_cut_at_microseconds(self) -> None:
        camera = {piexif.ExifIFD.SubSecTimeOriginal: "12345678"}
        taken = exif.read(make_exif(taken=TAKEN, camera=camera)).captured_at
        assert taken
        assert taken.microsecond == 123_456


class TestDevice:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (b"NIKON CORPORATION\x00", "NIKON CORPORATION"),
            (b"E5000 \x00\x00Secret", "E5000"),
            (b"<script>alert(1)</script>", "scriptalert(1)/script"),
            (b"A\\B^C=D", "ABCD"),
            ("Ürün".encode(), "rn"),
            (b"x" * 65, None),
            (b"\x00", None),
        ],
    )
    def test_a_name_holds_only_plain_letters(self, text: bytes, expected: str | None) -> None:
        assert exif.read(make_exif(main={piexif.ImageIFD.Model: text})).device_model == expected


class TestHostileBlocks:
    @pytest.mark.parametrize(
        "block",
        [
            b"",
            b"Exif\x00\x00",
            b"II*\x00",
            b"II*\x00\xff\xff\xff\xff",
            tiff(entry(0x010F, 2, 0xFFFFFFF0, b"\x08\x00\x00\x00")),
            tiff(entry(0x010F, 2, 200, b"\xf0\xff\xff\xff")),
            tiff(entry(0x8769, 4, 1, b"\x08\x00\x00\x00")),
            tiff(entry(0x8769, 4, 1, b"\xff\xff\xff\x7f")),
            tiff(entry(0x0112, 3, 0, b"\x06\x00")),
            tiff(entry(0x0112, 99, 1, b"\x06\x00")),
            tiff(count=65_535),
        ],
        ids=[
            *("nothing", "only the name", "no directory", "directory outside", "4 G values"),
            *("value outside", "loop", "pointer outside", "no value", "no type", "no entries"),
        ],
    )
    def test_anything_odd_is_a_fact_less(self, block: bytes) -> None:
        facts = exif.read(block)
        assert (facts.orientation, facts.device_make, facts.captured_at) == (1, None, None)

    def test_no_more_than_512_entries_are_read(self) -> None:
        filler = [entry(0x4000 + number, 3, 1, b"") for number in range(512)]
        late = entry(0x0112, 3, 1, b"\x06\x00")
        assert exif.read(tiff(*filler[:511], late)).orientation == 6
        assert exif.read(tiff(*filler, late)).orientation == 1

    def test_a_long_value_is_present_but_unread(self) -> None:
        main: dict[int, Any] = {piexif.ImageIFD.Make: "x" * 300, piexif.ImageIFD.Artist: "y" * 300}
        facts = exif.read(make_exif(main=main))
        assert (facts.device_make, facts.hidden) == (None, {"owner_text"})
