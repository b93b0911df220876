"""What cannot become a photo: its own status and code, nothing stored, nothing leaked, no crash."""

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consult.bootstrap import Backends
from tests.factories import People
from tests.imaging.photos import (
    EOI,
    SOI,
    chunk,
    make_animation,
    make_exif,
    make_jpeg,
    make_png,
    segment,
    with_segments,
)

GOOD = make_jpeg(640, 480, quality=92)
SOF = b"\xff\xc0\x00\x11\x08"


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(SOF) + len(SOF)
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def with_sof(jpeg: bytes, marker: int, precision: int = 8) -> bytes:
    at = jpeg.index(SOF)
    return jpeg[: at + 1] + bytes([marker, 0, 0x11, precision]) + jpeg[at + 5 :]


def scan_bomb() -> bytes:
    progressive = make_jpeg(640, 480, progressive=True)
    last = progressive.rindex(b"\xff\xda")
    return progressive[:last] + progressive[last:-2] * 200 + EOI


def png_bomb() -> bytes:
    rows = zlib.compress(bytes(1 + 13_000 // 8) * 13_000)
    header = struct.pack(">IIBBBBB", 13_000, 13_000, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "empty body": (b"", 422, "empty_upload"),
    "one byte": (b"\xff", 422, "not_a_photo"),
    "start and end only": (SOI + EOI, 422, "not_a_photo"),
    "bare ftyp": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", 422, "not_a_photo"),
    "plain text": (b"Dear doctor, here is my photo." * 9, 415, "unsupported_format"),
    "GIF": (b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(50), 415, "unsupported_format"),
    "TIFF": (b"II*\x00\x08\x00\x00\x00" + bytes(50), 415, "unsupported_format"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 415, "unsupported_format"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(50), 415, "unsupported_format"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n" + bytes(50), 415, "unsupported_format"),
    "HTML": (b"<!doctype html><script>alert(1)</script>", 415, "unsupported_format"),
    "animated PNG": (make_animation("PNG"), 415, "animated"),
    "animated WebP": (make_animation("WEBP"), 415, "animated"),
    "12 bit": (with_sof(GOOD, 0xC1, 12), 415, "unsupported_coding"),
    "lossless": (with_sof(GOOD, 0xC3), 415, "unsupported_coding"),
    "cut short": (GOOD[: len(GOOD) // 2], 422, "incomplete_photo"),
    "cut short, end put back": (GOOD[: len(GOOD) // 2] + EOI, 422, "damaged_photo"),
    "65500 x 65500": (with_size(GOOD, 65_500, 65_500), 413, "too_many_pixels"),
    "7000 x 7000 in few bytes": (with_size(GOOD, 7_000, 7_000), 422, "incomplete_photo"),
    "600 scans": (scan_bomb(), 422, "too_many_scans"),
    "600 segments": (
        with_segments(GOOD, *[segment(0xFE, b"x")] * 600),
        422,
        "too_many_segments",
    ),
    "169 MP PNG in 20 kB": (png_bomb(), 413, "too_many_pixels"),
    "PNG with a wrong checksum": (make_png()[:-20] + bytes(20), 422, "damaged_photo"),
}

CLEANED: dict[str, bytes] = {
    "arithmetic ends in baseline": make_jpeg(64, 48, progressive=True),
    "zip behind the picture": GOOD + b"PK\x03\x04" + bytes(500),
    "second picture behind it": GOOD + make_jpeg(32, 32),
    "PHP in a comment": with_segments(GOOD, segment(0xFE, b"<?php system($_GET[0]); ?>")),
    "16 MB of colour profile": with_segments(
        GOOD,
        *(
            segment(0xE2, b"ICC_PROFILE\x00" + bytes([n, 255]) + bytes(60_000))
            for n in range(1, 256)
        ),
    ),
    "EXIF that points at itself": with_segments(
        GOOD,
        segment(
            0xE1,
            b"Exif\x00\x00II*\x00\x08\x00\x00\x00"
            + b"\x01\x00i\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00" * 3,
        ),
    ),
    "EXIF that counts to four billion": with_segments(
        GOOD,
        segment(
            0xE1,
            make_exif(taken="2026:01:01 00:00:00").replace(
                b"\x14\x00\x00\x00", b"\xf0\xff\xff\xff"
            ),
        ),
    ),
    "PNG with 100 MB of packed text": make_png(
        40, 30, chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(100_000_000)))
    ),
}


@pytest.mark.parametrize(("body", "status", "code"), REFUSED.values(), ids=REFUSED)
async def test_it_is_refused_with_its_own_reason_and_leaves_nothing(
    people: People, backends: Backends, body: bytes, status: int, code: str
) -> None:
    """UP-1."""
    consult_id = await people.patient.open_consult()
    before = await people.patient.read(f"/api/consults/{consult_id}")

    answer = await people.patient.put_photo(consult_id, body)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "code", "detail"}
    assert await people.patient.read(f"/api/consults/{consult_id}") == before
    assert stored(backends) == []


@pytest.mark.parametrize("body", CLEANED.values(), ids=CLEANED)
async def test_it_is_taken_and_comes_out_clean(people: People, body: bytes) -> None:
    """UP-1, UP-2."""
    consult_id = await people.patient.open_consult()

    photo = await people.patient.attach(consult_id, body)

    picture = (await people.patient.get(f"/api/photos/{photo['id']}/image")).content
    assert (picture[:2], picture[-2:]) == (SOI, EOI)
    assert not any(word in picture for word in (b"PK\x03\x04", b"<?php", b"Exif"))


async def test_the_name_of_a_kind_is_not_believed(people: People) -> None:
    """UP-1."""
    consult_id = await people.patient.open_consult()

    png_named_jpeg = await people.patient.request(
        "PUT",
        f"/api/consults/{consult_id}/photos/00000000-0000-4000-8000-000000000001",
        content=make_png(),
        headers={"Content-Type": "image/jpeg"},
    )

    assert png_named_jpeg.status_code == 201
    assert png_named_jpeg.json()["source_format"] == "PNG"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_413(
    people: People, backends: Backends, announced: bool
) -> None:
    """UP-1."""
    consult_id = await people.patient.open_consult()
    size = backends.settings.max_upload_bytes + 1

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 65_536 + 1):
            yield bytes(65_536)

    answer = await people.patient.request(
        "PUT",
        f"/api/consults/{consult_id}/photos/00000000-0000-4000-8000-000000000002",
        content=bytes(size) if announced else pieces(),
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert stored(backends) == []


@pytest.mark.parametrize("photo_id", ["1", "not-a-uuid", "../../etc/passwd"])
async def test_an_id_that_is_none_is_not_found(people: People, photo_id: str) -> None:
    consult_id = await people.patient.open_consult()

    answer = await people.patient.put_photo(consult_id, GOOD, photo_id=photo_id)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def stored(backends: Backends) -> list[Path]:
    folder = backends.settings.data_dir / "objects"
    return [path for path in folder.rglob("*") if path.is_file()]
