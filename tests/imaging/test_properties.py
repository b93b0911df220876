"""Properties that hold for any photo, any metadata, and any damage."""

import random
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.errors import InvalidPhoto
from consult.imaging import exif, icc, jpeg
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.rebuild import check_clean
from consult.imaging.scrub import scrub
from tests.imaging.photos import (
    SECRET,
    canaries,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    real,
    segment,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)

JPEGS = [
    make_jpeg(),
    make_jpeg(61, 43, orientation=6),
    make_jpeg(progressive=True),
    make_jpeg(mode="L"),
    make_jpeg(mode="CMYK"),
    make_jpeg(exif=tell_all_exif(), icc_profile=make_icc()),
]
OTHERS = [make_png(), make_webp(), make_webp(lossless=True)]

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
many = settings(max_examples=300, deadline=None)

applications = st.builds(
    segment, st.integers(0xE0, 0xEF) | st.just(jpeg.COM), st.binary(max_size=200)
)


def scrubbed_or_refused(upload: bytes) -> ScrubbedPhoto | None:
    """Anything but a photo or a refusal fails the test that asks."""
    try:
        return scrub(upload)
    except InvalidPhoto:
        return None


@few
@given(st.sampled_from(JPEGS), st.lists(st.sampled_from(tell_all_segments()) | applications))
def test_no_segment_in_any_order_comes_out(photo: bytes, segments: list[bytes]) -> None:
    result = scrubbed_or_refused(with_segments(photo, *segments, segment(jpeg.COM, SECRET)))
    if result:
        check_clean(result.jpeg)
        assert not [canary for canary in canaries(SECRET) if canary in result.jpeg]


@few
@given(st.sampled_from(JPEGS + OTHERS), st.binary(max_size=300))
def test_scrubbing_twice_is_scrubbing_once(photo: bytes, trailer: bytes) -> None:
    once = scrub(photo + trailer).jpeg
    again = scrub(once)
    assert again.jpeg == once
    assert again.lossless


@many
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_photo_or_refused(upload: bytes) -> None:
    scrubbed_or_refused(upload)
    scrubbed_or_refused(b"\xff\xd8\xff" + upload)
    scrubbed_or_refused(b"\x89PNG\r\n\x1a\n" + upload)
    scrubbed_or_refused(b"RIFF" + len(upload).to_bytes(4, "little") + b"WEBP" + upload)
    scrubbed_or_refused(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + upload)


def mutated(photo: bytes, seed: int) -> bytes:
    """Change a few bytes, and drop, double or swap a piece."""
    random_ = random.Random(seed)
    content = bytearray(photo)
    for _ in range(random_.randrange(4)):
        content[random_.randrange(len(content))] = random_.randrange(256)
    at, size = random_.randrange(len(content)), random_.randrange(64)
    piece = content[at : at + size]
    content[at : at + size] = random_.choice((piece, piece * 2, b"", bytes(size)))
    return bytes(content)


@many
@given(st.sampled_from(JPEGS), st.integers(0, 2**32))
def test_a_mutated_jpeg_is_a_clean_photo_or_refused(photo: bytes, seed: int) -> None:
    result = scrubbed_or_refused(mutated(photo, seed))
    if result:
        check_clean(result.jpeg)


@many
@given(st.sampled_from(OTHERS), st.integers(0, 2**32))
def test_a_mutated_png_or_webp_is_a_clean_photo_or_refused(photo: bytes, seed: int) -> None:
    result = scrubbed_or_refused(with_checksums(mutated(photo, seed)))
    if result:
        check_clean(result.jpeg)


def with_checksums(png: bytes) -> bytes:
    """Put the checksums of a PNG right, so that its decoder sees the damage."""
    content, at = bytearray(png), 8
    while png.startswith(b"\x89PNG") and at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        content[end : end + 4] = zlib.crc32(content[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(content)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_a_mutated_heic_is_a_clean_photo_or_refused(seed: int) -> None:
    upload = real("008364")
    # The index is in the first kilobyte: damage there is the interesting one.
    result = scrubbed_or_refused(mutated(upload[:600], seed) + upload[600:])
    if result:
        check_clean(result.jpeg)


@many
@given(st.binary(max_size=400))
def test_any_exif_block_can_be_read(block: bytes) -> None:
    for start in (b"", b"II*\x00\x08\x00\x00\x00", b"Exif\x00\x00MM\x00*\x00\x00\x00\x08"):
        exif.read(start + block)


@many
@given(st.integers(0, 2**32))
def test_any_mutated_profile_is_rebuilt_or_ignored(seed: int) -> None:
    profile = icc.rebuild(mutated(make_icc(), seed))
    if profile:
        assert icc.rebuild(profile.content) == profile
        assert not [canary for canary in canaries(SECRET) if canary in profile.content]


@pytest.mark.parametrize("photo", JPEGS, ids=range(len(JPEGS)))
def test_every_photo_that_the_properties_start_from_is_sound(photo: bytes) -> None:
    assert scrub(photo)
