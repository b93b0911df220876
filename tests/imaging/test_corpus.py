"""Every photo of the corpus gets the answer that was decided for it.

Real people's photos: read in place, never copied here.
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
from tests.imaging.expected import (
    ACCEPTED,
    AS_IS,
    CONVERTED,
    IGNORED_KINDS,
    IMPERFECT,
    KINDS,
    PRINTING_INKS,
    PROFILES,
    REFUSED,
    TRANSCODED,
    TURNED,
    UNSEEN,
    UNUSUAL_SAMPLING,
)
from tests.imaging.photos import make_jpeg, manifest, real
from tests.needs import needs

WORDS = re.compile(rb"[A-Za-z0-9 :/._-]{12,}")


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
    """UP-1."""
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
    """UP-2. Thumbnails share their tables with photos, and the profile is rebuilt of what it was."""
    upload, photo = taken[six_digits].upload, taken[six_digits].photo
    words = set(WORDS.findall(dropped(upload))) - set(WORDS.findall(make_jpeg()))
    output = without_tables(photo.jpeg) + without_tables(photo.preview)
    assert not [word for word in sorted(words)[:500] if word in output]


@pytest.mark.parametrize("six_digits", ACCEPTED)
def test_an_answer_takes_less_than_ten_seconds(six_digits: str, taken: dict[str, Taken]) -> None:
    """UP-1."""
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
