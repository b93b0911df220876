"""Every photo of the corpus gets the answer that was decided for it.

Real people's photos: read in place, never copied here. What is expected stands by the six
digits of a photo's hash, as the walk of its bytes and not its content decides it.
"""

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from consult.errors import InvalidPhoto
from consult.imaging import jpeg
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from tests.imaging.photos import make_jpeg, manifest, needs, real

AS_IS = [
    "33516b",
    "fd0faf",
    "2e4310",
    "e21649",
    "52e735",
    "a2d147",
    "fea670",
    "941b9c",
    "724e74",
    "faa46d",
    "d45980",
    "0291b9",
    "74401c",
    "8e2a62",
    "c8a492",
    "b80a49",
    "16d293",
    "689b0d",
    "fa06e8",
    "8097d3",
    "4294fb",
    "3647ba",
    "848683",
    "92f8c1",
    "063271",
    "d094e7",
    "ea19fc",
    "d0c734",
    "c092a4",
    "54d5da",
    "866ba8",
    "e61da5",
    "360eb3",
    "0a986e",
    "606769",
    "c64686",
    "ac7599",
    "146601",
    "227f97",
    "54ecae",
    "12c59a",
    "3495de",
    "a016a3",
    "def727",
    "0e26b4",
    "a6ac5c",
]
TURNED = {"3ad8b0": 6, "36cf64": 4, "74e91f": 4, "74c9a6": 2, "a67306": 2, "468714": 5}
IMPERFECT = {
    **dict.fromkeys(["cf0be8", "323ce0", "a05082", "7c9164", "48676a", "2cd331"], 6),
    **dict.fromkeys(["269166", "66b38a"], 8),
    **dict.fromkeys(["ca9fb9", "e4ca46"], 3),
    **dict.fromkeys(["50fc16", "de5acd"], 4),
    "f0b06c": 2,
}
TRANSCODED = ["f0096a", "9e906c", "ac02e2", "4672c7", "10d5c5"]
UNUSUAL_SAMPLING = ["50af7a", "cee087"]
PRINTING_INKS = ["ac5568"]
CONVERTED = {
    **dict.fromkeys(["e760c8", "73f604"], 6),
    **dict.fromkeys(["fee262", "6a0fed"], 3),
    "f0b712": 2,
    "547168": 8,
    **dict.fromkeys(
        [
            "008364",
            "9a0d28",
            "f493ef",
            "8ec8bc",
            "e882a6",
            "d04140",
            "f4c3d7",
            "b2690d",
            "7a7086",
            "e6b30c",
            "304889",
            "08640f",
            "ae18fd",
            "54fe88",
            "90017d",
            "6e886d",
            "907e1f",
            "b2d686",
            "769bf3",
            "be7fe8",
            "70ceb2",
            "4e8ab1",
            "4a5afe",
            "e8402f",
            "f220df",
            "bcc3eb",
        ],
        1,
    ),
}
REFUSED = {
    "88c009": "damaged_photo",  # cut short: only strict decoding sees it
    "d2e9c7": "too_many_pixels",
    "e0b8a0": "incomplete_photo",
    "c617b4": "unsupported_coding",
    **dict.fromkeys(["94e40a", "40e679"], "impossible_size"),
    "3af43e": "incomplete_photo",
    "cae34b": "damaged_photo",
    **dict.fromkeys(
        ["4059f7", "e252a0", "00b53c", "16e5b4", "946f07", "aea6b2", "7e5a60"], "damaged_photo"
    ),
    **dict.fromkeys(["82b702", "ced86f"], "animated"),
    **dict.fromkeys(["a8100a", "32461d"], "not_a_photo"),
    "d69b68": "too_many_pixels",
    **dict.fromkeys(["dc1c78", "76e72e", "9a83b1", "50f8cd"], "incomplete_photo"),
    **dict.fromkeys(
        ["d4356c", "dc6ab0", "8042b4", "f698b6", "bee753", "924a8e", "72e0d8"], "damaged_photo"
    ),
}
PROFILES = {
    **dict.fromkeys(["52e735", "2e4310", "e760c8", "73f604"], "Display P3"),
    **dict.fromkeys(["d094e7", "e882a6", "e8402f", "fd0faf", "724e74", "be7fe8", "6e886d"], "sRGB"),
    "7a7086": "RGB profile",
    "ea19fc": None,  # its curves are not what they say
    "70ceb2": None,  # for grey, in a photo in colour
    "90017d": None,
}

# What the manifest calls by another name; what it saw inside a MakerNote, a packed text or a
# broken directory, which nobody here opens, is not ours to find.
KINDS = {
    "gps_ifd": "gps", "serial_or_uid": "serial", "thumb_preview": "thumbnail",
    "gainmap": "gain_map", "motion": "motion_video",
}  # fmt: skip
WORDS = re.compile(rb"[A-Za-z0-9 :/._-]{12,}")
IGNORED_KINDS = {"make", "time", "offset", "place", "faces"}
UNSEEN = {
    *(("f0096a", "serial"), ("c092a4", "serial"), ("e21649", "serial"), ("227f97", "serial")),
    *(("b80a49", "serial"), ("008364", "thumbnail"), ("f493ef", "photoshop")),
    ("9e906c", "makernote"),
}
ACCEPTED = [
    *AS_IS, *TURNED, *IMPERFECT, *TRANSCODED, *UNUSUAL_SAMPLING, *PRINTING_INKS, *CONVERTED,
]  # fmt: skip


@dataclass(frozen=True)
class Taken:
    upload: bytes
    photo: ScrubbedPhoto
    seconds: float


@pytest.fixture(scope="module")
def taken() -> dict[str, Taken]:
    """Scrub every photo that is to be accepted, once."""
    results: dict[str, Taken] = {}
    for six_digits in ACCEPTED:
        upload, start = real(six_digits), time.monotonic()
        results[six_digits] = Taken(upload, scrub(upload), time.monotonic() - start)
    return results


def test_every_photo_of_the_corpus_has_an_expected_answer() -> None:
    assert manifest().keys() == {*ACCEPTED, *REFUSED}
    assert len(ACCEPTED) + len(REFUSED) == len(manifest())


@pytest.mark.parametrize(("six_digits", "code"), REFUSED.items(), ids=REFUSED)
def test_a_bad_photo_is_refused_for_its_reason(six_digits: str, code: str) -> None:
    with pytest.raises(InvalidPhoto) as refusal:
        scrub(real(six_digits))
    assert refusal.value.code == code


@pytest.mark.parametrize("six_digits", AS_IS)
def test_an_upright_baseline_photo_keeps_its_tables_and_coded_data(
    six_digits: str, taken: dict[str, Taken]
) -> None:
    upload, photo = taken[six_digits].upload, taken[six_digits].photo
    assert (photo.lossless, photo.orientation_applied, photo.derivation) == (True, 1, None)
    assert photo.certificate.steps == ("rebuilt",)
    assert kept_segments(photo.jpeg) == kept_segments(upload)


@pytest.mark.parametrize(("six_digits", "orientation"), TURNED.items(), ids=TURNED)
def test_a_photo_of_whole_blocks_is_turned_without_loss(
    six_digits: str, orientation: int, taken: dict[str, Taken]
) -> None:
    photo = taken[six_digits].photo
    assert (photo.lossless, photo.orientation_applied) == (True, orientation)


@pytest.mark.parametrize("six_digits", TRANSCODED)
def test_progressive_and_arithmetic_photos_become_baseline_without_loss(
    six_digits: str, taken: dict[str, Taken]
) -> None:
    photo = taken[six_digits].photo
    assert (photo.lossless, photo.certificate.steps) == (True, ("rebuilt", "transcoded"))


@pytest.mark.parametrize(("six_digits", "orientation"), IMPERFECT.items(), ids=IMPERFECT)
def test_a_photo_of_broken_blocks_is_encoded_anew_and_says_so(
    six_digits: str, orientation: int, taken: dict[str, Taken]
) -> None:
    photo = taken[six_digits].photo
    assert (photo.lossless, photo.orientation_applied) == (False, orientation)
    assert "not of whole blocks" in photo.certificate.steps[-1]
    assert len(photo.lossy_steps) == 2


@pytest.mark.parametrize("six_digits", UNUSUAL_SAMPLING + PRINTING_INKS)
def test_what_cannot_be_kept_is_converted_and_says_so(
    six_digits: str, taken: dict[str, Taken]
) -> None:
    photo = taken[six_digits].photo
    assert not photo.lossless
    assert photo.derivation


@pytest.mark.parametrize(("six_digits", "orientation"), CONVERTED.items(), ids=CONVERTED)
def test_other_formats_are_converted_the_right_way_up(
    six_digits: str, orientation: int, taken: dict[str, Taken]
) -> None:
    photo = taken[six_digits].photo
    assert photo.source_format != "JPEG"
    assert (photo.lossless, photo.orientation_applied) == (False, orientation)
    assert not photo.orientation_uncertain


@pytest.mark.parametrize(("six_digits", "name"), PROFILES.items(), ids=PROFILES)
def test_the_colour_profile_is_kept_where_it_is_sound(
    six_digits: str, name: str | None, taken: dict[str, Taken]
) -> None:
    photo = taken[six_digits].photo
    assert photo.certificate.kept.get("colour_profile") == name
    assert bool(photo.icc_profile) == bool(name)


@pytest.mark.parametrize("six_digits", ACCEPTED)
def test_the_certificate_finds_what_the_manifest_lists(
    six_digits: str, taken: dict[str, Taken]
) -> None:
    listed = set(manifest()[six_digits]["kinds"].split()) - IGNORED_KINDS
    expected = {KINDS.get(kind, kind) for kind in listed}
    found = {finding.kind for finding in taken[six_digits].photo.certificate.found}
    assert {(six_digits, kind) for kind in expected - found} <= UNSEEN


@pytest.mark.parametrize("six_digits", ACCEPTED)
def test_no_words_of_what_was_dropped_come_out(six_digits: str, taken: dict[str, Taken]) -> None:
    """Thumbnails share their tables with photos, and the profile is rebuilt of what it was."""
    upload, photo = taken[six_digits].upload, taken[six_digits].photo
    words = set(WORDS.findall(dropped(upload))) - set(WORDS.findall(make_jpeg()))
    output = without_tables(photo.jpeg) + without_tables(photo.preview)
    assert not [word for word in sorted(words)[:500] if word in output]


@pytest.mark.parametrize("six_digits", ACCEPTED)
def test_an_answer_takes_less_than_ten_seconds(six_digits: str, taken: dict[str, Taken]) -> None:
    assert taken[six_digits].seconds < 10


def test_exiftool_lists_nothing_but_structure_and_colour(
    taken: dict[str, Taken], tmp_path: Path
) -> None:
    for six_digits, result in taken.items():
        (tmp_path / f"{six_digits}.jpg").write_bytes(result.photo.jpeg)
        (tmp_path / f"{six_digits}.preview.jpg").write_bytes(result.photo.preview)

    listing = subprocess.run(
        [needs("exiftool"), "-a", "-u", "-ee", "-G1", "-j", "-q", tmp_path],
        check=True,
        capture_output=True,
    ).stdout

    files = json.loads(listing)
    groups = {tag.split(":")[0] for file in files for tag in file if ":" in tag}
    assert len(files) == 2 * len(taken)
    assert {group for group in groups if not group.startswith("ICC")} <= {
        *("ExifTool", "System", "File", "JFIF", "Adobe", "Composite"),
    }
    assert not [file for file in files if "ExifTool:Warning" in file]


def kept_segments(photo: bytes) -> list[bytes]:
    """Return the tables, the frame, and the scans with their coded data."""
    segments = jpeg.walk(photo).segments
    return [photo[s.start - 4 : s.coded_end] for s in segments if s.marker in jpeg.KEPT]


def dropped(upload: bytes) -> bytes:
    """Return what a rebuild leaves behind of a JPEG, or else the whole file."""
    if not upload.startswith(b"\xff\xd8"):
        return upload
    walked = jpeg.walk(upload)
    payloads = [upload[s.start : s.end] for s in walked.segments if s.marker not in jpeg.KEPT]
    return b"|".join([*payloads, upload[walked.end :]])


def without_tables(photo: bytes) -> bytes:
    tables = {jpeg.DQT, jpeg.DHT, jpeg.APP2}
    segments = [s for s in jpeg.walk(photo).segments if s.marker not in tables]
    return b"|".join(photo[s.start : s.coded_end] for s in segments)
