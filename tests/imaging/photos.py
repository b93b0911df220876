"""Photos for the scrubber's tests: built from parts, and real ones where the corpus lies.

Each builder names only what matters to its test. Nothing real is kept here.
"""

import csv
import io
import os
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import piexif
import pytest
from PIL import Image

from consult.errors import InvalidPhoto
from consult.imaging import formats
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub

CORPUS = Path(__file__).parents[2] / os.environ.get("CONSULT_TEST_CORPUS", "../shared/corpus")
SECRET = b"Ward 7, bed 12, J. Doe, 51.0902 N"  # 16-byte canaries are cut from this
XMP_NAME = b"http://ns.adobe.com/xap/1.0/\x00"
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def real(six_digits: str) -> bytes:
    """Return a photo of the corpus by the start of its hash, or skip the test."""
    return (CORPUS / manifest()[six_digits]["file"]).read_bytes()


def manifest() -> dict[str, dict[str, str]]:
    """Return what is known of the corpus, by the first six digits of each hash."""
    if not CORPUS.is_dir():
        # Real photos of real phones; they are no part of the project and cannot be made.
        pytest.skip("needs the photo corpus: set CONSULT_TEST_CORPUS")
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return {row["sha256"][:6]: row for row in csv.DictReader(file)}


@cache
def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Smooth colours with a different mark in each corner, so that no turn looks like another."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([40 + 170 * x, 60 + 120 * y, 90 + 80 * np.sin(6 * x * y)], axis=2)
    pixels[: height // 3, : width // 4] = (200, 40, 30)
    pixels[-height // 5 :, : width // 3] = (30, 160, 60)
    pixels[: height // 6, -width // 2 :] = (240, 230, 90)
    return Image.fromarray(pixels.astype(np.uint8)).convert(mode)


def make_jpeg(
    width: int = 64,
    height: int = 48,
    *,
    mode: str = "RGB",
    orientation: int | None = None,
    exif: bytes | None = None,
    **options: Any,
) -> bytes:
    """`options` go to Pillow: quality, subsampling, progressive, icc_profile ..."""
    out = io.BytesIO()
    block = exif or (make_exif(orientation=orientation) if orientation is not None else b"")
    options = {"quality": 90, "exif": block} | options
    picture(width, height, mode).save(out, "JPEG", **options)
    return out.getvalue()


def make_exif(
    *,
    orientation: int | None = None,
    taken: str | None = None,
    main: dict[int, Any] | None = None,
    camera: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
    thumbnail: bytes | None = None,
) -> bytes:
    """`Exif\\0\\0` and a TIFF block."""
    main, camera = dict(main or {}), dict(camera or {})
    if orientation is not None:
        main[piexif.ImageIFD.Orientation] = orientation
    if taken is not None:
        camera[piexif.ExifIFD.DateTimeOriginal] = taken
    blocks: dict[str, Any] = {"0th": main, "Exif": camera, "GPS": gps or {}}
    if thumbnail:
        blocks |= {"1st": {piexif.ImageIFD.Compression: 6}, "thumbnail": thumbnail}
    return piexif.dump(blocks)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - no hints


def tell_all_exif(**more: Any) -> bytes:
    """EXIF with a location, serial numbers, names, a maker's block and a thumbnail."""
    return make_exif(
        main={
            piexif.ImageIFD.Make: "Acme",
            piexif.ImageIFD.Model: "Phone 9",
            piexif.ImageIFD.Artist: SECRET,
            piexif.ImageIFD.ImageDescription: SECRET,
        },
        camera={
            piexif.ExifIFD.DateTimeOriginal: "2026:03:04 05:06:07",
            piexif.ExifIFD.SubSecTimeOriginal: "25",
            0x9011: "+02:00",
            piexif.ExifIFD.BodySerialNumber: SECRET,
            piexif.ExifIFD.MakerNote: SECRET * 3,
        },
        gps={piexif.GPSIFD.GPSLatitude: ((51, 1), (5, 1), (25, 1))},
        thumbnail=make_jpeg(32, 24, quality=40),
        **more,
    )


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Put segments right behind SOI."""
    return SOI + b"".join(segments) + jpeg[2:]


def before_first_scan(jpeg: bytes, piece: bytes) -> bytes:
    at = jpeg.index(b"\xff\xda")
    return jpeg[:at] + piece + jpeg[at:]


def tell_all_segments() -> list[bytes]:
    """One segment of every kind that is met in photos, each with the secret in it."""
    xmp = XMP_NAME + b"<x:xmpmeta exif:GPSLatitude='51' dc:creator='" + SECRET + b"'/>"
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x21" + SECRET
    return [
        segment(0xE0, b"JFXX\x00\x10" + make_jpeg(16, 16) + SECRET),
        segment(0xE1, xmp),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\x00" + SECRET),
        segment(0xE2, b"MPF\x00" + SECRET),
        segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\x00" + SECRET),
        segment(0xEB, b"JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x30jumb" + SECRET),
        segment(0xEC, b"<?php " + SECRET),
        segment(0xED, iptc),
        segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01" + SECRET),
        segment(0xFE, SECRET),
    ]


def make_icc(*, description: bytes = b"J. Doe's monitor", name: str = "sRGB") -> bytes:
    """A version 2 profile as a monitor's driver writes it: right colours, telling names."""
    primaries = {
        "sRGB": (0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.7141),
        "P3": (0.51512, 0.2412, -0.00105, 0.29198, 0.69225, 0.04189, 0.1571, 0.06657, 0.78407),
    }[name]
    fixed = [struct.pack(">i", round(value * 65536)) for value in primaries]
    xyz = [b"XYZ \x00\x00\x00\x00" + b"".join(fixed[at : at + 3]) for at in (0, 3, 6)]
    light = np.linspace(0, 1, 1024)
    curve = np.where(light > 0.04045, ((light + 0.055) / 1.055) ** 2.4, light / 12.92)
    trc = (
        b"curv\x00\x00\x00\x00" + struct.pack(">I", 1024) + (curve * 65535).astype(">u2").tobytes()
    )
    d50 = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    text = (
        b"desc\x00\x00\x00\x00" + struct.pack(">I", len(description) + 1) + description + bytes(79)
    )
    tags = {
        b"desc": text,
        b"cprt": b"text\x00\x00\x00\x00" + SECRET + b"\x00",
        b"wtpt": b"XYZ \x00\x00\x00\x00" + d50,
    }
    tags |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz, strict=True))
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), trc) | {b"mmod": SECRET}
    at, table, content = 132 + 12 * len(tags), b"", b""
    for tag, value in tags.items():
        table += tag + struct.pack(">2I", at + len(content), len(value))
        content += value + bytes(-len(value) % 4)
    header = struct.pack(
        ">I4s4s4s4s4s12s4s4s4s4s4s8s4s12s4s44x",
        at + len(content), b"appl", b"\x02\x10\x00\x00", b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp",
        b"APPL", bytes(4), b"acer", b"S/N1", bytes(8), bytes(4), d50, b"Doe ",
    )  # fmt: skip
    return header + struct.pack(">I", len(tags)) + table + content


def chunk(name: bytes, content: bytes) -> bytes:
    """A PNG chunk."""
    checksum = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + checksum


def make_png(width: int = 40, height: int = 30, *extra: bytes, mode: str = "RGB") -> bytes:
    """A PNG with `extra` chunks behind its header."""
    out = io.BytesIO()
    picture(width, height, mode).save(out, "PNG")
    content = out.getvalue()
    return content[:33] + b"".join(extra) + content[33:]


def riff_chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def make_webp(width: int = 40, height: int = 30, *extra: bytes, **options: Any) -> bytes:
    """A WebP with `extra` chunks behind its picture."""
    out = io.BytesIO()
    picture(width, height).save(out, "WEBP", **options)
    content = out.getvalue()[8:] + b"".join(extra)
    return b"RIFF" + len(content).to_bytes(4, "little") + content


def make_animation(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [picture(16, 16), picture(16, 16).rotate(90)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
    return out.getvalue()


def pixels_of(photo: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Decode by Pillow, as it lies, without applying any orientation."""
    with Image.open(io.BytesIO(photo)) as image:
        return np.asarray(image).astype(np.int16)


def psnr(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return 10 * np.log10(255**2 / error) if error else float("inf")


def canaries(*blocks: bytes) -> set[bytes]:
    """16-byte windows, at least 7 different values in each, to look for in what comes out."""
    windows = {block[at : at + 16] for block in blocks for at in range(len(block) - 15)}
    return {window for window in windows if len(set(window)) >= 7}


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def refusal_of(upload: bytes, *, max_pixels: int = formats.MAX_PIXELS) -> str:
    """Return the code with which a photo is refused; it must be."""
    with pytest.raises(InvalidPhoto) as refusal:
        scrub(upload, max_pixels=max_pixels)
    return refusal.value.code


def kinds_of(photo: ScrubbedPhoto) -> set[str]:
    return {finding.kind for finding in photo.certificate.found}
