"""The index of a HEIC file, built box by box: what a decoder would never let through."""

import struct
import time

import pytest

from consult.errors import InvalidPhoto
from consult.imaging import heif
from consult.imaging.container import Container
from tests.imaging.boxes import ISPE, box, full, item, located, make_heic, nclx
from tests.imaging.photos import SECRET, XMP_NAME, make_icc, tell_all_exif


def read(upload: bytes) -> Container:
    return heif.read(upload, max_pixels=50_000_000)


def refusal_of(upload: bytes) -> str:
    with pytest.raises(InvalidPhoto) as refusal:
        read(upload)
    return refusal.value.code


def kinds(container: Container) -> dict[str, int]:
    return {finding.kind: finding.count for finding in container.found.listed()}


class TestOrientation:
    @pytest.mark.parametrize(
        ("turns", "expected"),
        [
            ((box(b"irot", b"\x00"),), 1),
            ((box(b"irot", b"\x01"),), 8),
            ((box(b"irot", b"\x02"),), 3),
            ((box(b"irot", b"\x03"),), 6),
            ((box(b"imir", b"\x00"),), 4),
            ((box(b"imir", b"\x01"),), 2),
            ((box(b"irot", b"\x03"), box(b"imir", b"\x01")), 5),
            ((box(b"imir", b"\x01"), box(b"irot", b"\x03")), 7),
            ((box(b"irot", b"\x02"), box(b"imir", b"\x00")), 2),
            ((), None),
        ],
    )
    def test_turns_and_mirrors_add_up_in_their_order(
        self, turns: tuple[bytes, ...], expected: int | None
    ) -> None:
        assert read(make_heic(properties=(ISPE, *turns))).own_orientation == expected


class TestColour:
    def test_the_profile_of_the_main_picture_is_taken(self) -> None:
        profile = make_icc(name="P3")
        container = read(make_heic(properties=(ISPE, box(b"colr", b"prof", profile))))
        assert container.icc == profile

    @pytest.mark.parametrize(("primaries", "expected"), [(12, True), (1, False)])
    def test_colours_named_by_number_are_understood(self, primaries: int, expected: bool) -> None:
        assert read(make_heic(properties=(ISPE, nclx(primaries, 13)))).names_display_p3 is expected

    @pytest.mark.parametrize("transfer", [16, 18])
    def test_hdr_is_refused_rather_than_shown_wrong(self, transfer: int) -> None:
        assert refusal_of(make_heic(properties=(ISPE, nclx(9, transfer)))) == "unsupported_coding"


class TestCompany:
    def test_exif_xmp_and_other_items_are_found(self) -> None:
        exif = b"\x00\x00\x00\x06" + tell_all_exif()
        xmp = XMP_NAME + b"<exif:GPSLatitude>" + SECRET
        items = (
            item(1, b"hvc1"), item(2, b"Exif"), item(3, b"mime", b"\x00application/rdf+xml\x00"),
            item(4, b"hvc1"), item(5, b"uri "), item(6, b"tmap"), item(7, b"hvc1"),
        )  # fmt: skip
        iloc = located((2, 0, len(exif)), (3, len(exif), len(xmp)))
        iref = full(b"iref", box(b"thmb", struct.pack(">HHH", 4, 1, 1)))

        container = read(make_heic(items=items, iloc=iloc, iref=iref, idat=exif + xmp))

        assert container.exif[4:] == tell_all_exif()[4:]
        assert kinds(container) == {
            "exif": 1, "xmp": 1, "gps": 1, "thumbnail": 1, "app_other": 1, "gain_map": 1,
            "second_image": 1,
        }  # fmt: skip

    def test_tiles_of_the_main_picture_are_no_second_pictures(self) -> None:
        items = (item(1, b"grid"), item(2, b"hvc1"), item(3, b"hvc1"))
        iref = full(b"iref", box(b"dimg", struct.pack(">HHHH", 1, 2, 2, 3)))
        assert not kinds(read(make_heic(items=items, iref=iref)))

    def test_what_follows_is_found(self) -> None:
        behind = box(b"mpvd", SECRET) + box(b"sefd", SECRET) + b"\x00\x00" + SECRET
        found = kinds(read(make_heic(behind=behind)))
        assert found == {"motion_video": 1, "app_other": 1, "trailer": 1}


class TestRefusals:
    def test_every_size_that_is_named_counts(self) -> None:
        huge = full(b"ispe", struct.pack(">II", 20_000, 10_000))
        assert refusal_of(make_heic(properties=(ISPE, huge))) == "too_many_pixels"

    def test_a_picture_without_size_is_refused(self) -> None:
        assert refusal_of(make_heic(properties=(box(b"irot", b"\x00"),))) == "impossible_size"

    def test_a_picture_that_is_not_there_is_damage(self) -> None:
        assert refusal_of(make_heic(items=(item(2, b"hvc1"),))) == "damaged_photo"

    def test_a_film_is_refused(self) -> None:
        upload = box(b"ftyp", b"hevc\x00\x00\x00\x00msf1hevc") + box(b"moov", bytes(40))
        assert refusal_of(upload) == "animated"

    def test_a_file_without_index_is_no_photo(self) -> None:
        assert refusal_of(box(b"ftyp", b"heic\x00\x00\x00\x00heic")) == "not_a_photo"

    def test_an_index_that_ends_in_the_middle_is_damage(self) -> None:
        cut = full(b"iloc", b"\x44\x00", b"\xff\xff")
        assert refusal_of(make_heic(iloc=cut)) == "damaged_photo"

    @pytest.mark.parametrize(
        "piece",
        [
            full(b"iloc", b"\x00\x00\xff\xff", b"\x00\x01\x00\x00\xff\xff" * 60_000),
            full(b"iref", box(b"dimg", struct.pack(">HHH", 1, 1, 2)) * 60_000),
            b"".join(box(b"free") for _ in range(100_000)),
            box(b"free", bytes(3 << 20)),
        ],
        ids=["places of no size", "references", "boxes", "bytes"],
    )
    def test_a_bloated_index_is_refused_in_no_time(self, piece: bytes) -> None:
        start = time.process_time()
        assert refusal_of(make_heic(iloc=piece)) == "too_many_segments"
        assert time.process_time() - start < 0.5
