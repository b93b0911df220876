"""Photos of the rarer kinds, each made from a plain one."""

import struct
import subprocess
import zlib

import numpy as np
from PIL import Image

from consult.imaging import jpeg
from tests.imaging.boxes import box
from tests.imaging.photos import (
    SECRET,
    XMP_NAME,
    chunk,
    make_jpeg,
    make_png,
    picture,
    saved,
    segment,
    with_segments,
)
from tests.needs import needs

MP4 = box(b"ftyp", b"mp42\x00\x00\x00\x00isommp42") + box(b"mdat", SECRET * 3)


def from_cjpeg(*options: str) -> bytes:
    """What only the reference encoder writes."""
    command = [needs("cjpeg"), "-quality", "90", *options]
    source = saved(picture(96, 64), "PPM")
    return subprocess.run(command, input=source, check=True, capture_output=True).stdout


def with_frame_marker(marker: int, photo: bytes | None = None) -> bytes:
    """The same coded data under another SOF."""
    return (photo or make_jpeg()).replace(b"\xff\xc0", bytes([0xFF, marker]), 1)


def with_precision(bits: int) -> bytes:
    photo = make_jpeg()
    at = photo.index(b"\xff\xc0") + 4
    return photo[:at] + bytes([bits]) + photo[at + 1 :]


def without_huffman_tables() -> bytes:
    """A frame of Motion JPEG: everybody is to know the tables by heart."""
    photo = make_jpeg()
    dropped = [s for s in jpeg.walk(photo).segments if s.marker == jpeg.DHT]
    for s in reversed(dropped):
        photo = photo[: s.start - 4] + photo[s.end :]
    return photo


def make_mpo() -> bytes:
    """Two pictures and an index (CIPA DC-007)."""
    second = picture(64, 48).rotate(180)
    return saved(picture(64, 48), "MPO", save_all=True, append_images=[second])


def make_ultra_hdr() -> bytes:
    """A gain map as a second picture, told in XMP and in an ISO 21496-1 segment."""
    xmp = XMP_NAME + b"<rdf:Description hdrgm:Version='1.0'/>"
    iso = segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\x00" + bytes(4))
    gain_map = with_segments(make_jpeg(32, 24, mode="L"), segment(0xE1, xmp), iso)
    return with_segments(make_jpeg(), segment(0xE1, xmp), iso) + gain_map


def make_google_motion_photo() -> bytes:
    xmp = XMP_NAME + b"<rdf:Description GCamera:MotionPhoto='1'/>"
    return with_segments(make_jpeg(), segment(0xE1, xmp)) + MP4


def make_samsung_motion_photo() -> bytes:
    """The film and the time of the photo in a SEF trailer."""
    blocks = b"\x00\x00\x30\x0a\x10\x00\x00\x00MotionPhoto_Data" + MP4
    blocks += b"\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1700000000000"
    directory = b"SEFH" + struct.pack("<II", 106, 2) + bytes(24)
    return make_jpeg() + blocks + directory + struct.pack("<I", len(directory)) + b"SEFT"


def make_c2pa() -> bytes:
    manifest = b"JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x30jumb" + SECRET
    return with_segments(make_jpeg(), segment(0xEB, manifest))


def make_ycck() -> bytes:
    """Inks that went through a colour transform, which Adobe's segment says."""
    photo = make_jpeg(mode="CMYK")
    at = photo.index(b"Adobe") + 11
    return photo[:at] + b"\x02" + photo[at + 1 :]


def make_palette_png(bits: int, *extra: bytes) -> bytes:
    indexed = picture(64, 48).quantize(2**bits)
    content = saved(indexed, "PNG", bits=bits)
    at = content.index(b"IDAT") - 4
    return content[:at] + b"".join(extra) + content[at:]


def make_grey_png(bits: int) -> bytes:
    """1, 2, 4, 8 or 16 bits a pixel: the low bits of 16 are noise that nobody sees."""
    grey = np.asarray(picture(64, 48, "L")).astype(np.uint32)
    if bits == 16:
        wide = (grey * 257 + np.arange(64)).clip(0, 65535)
        return raw_png(bits, 0, wide.astype(">u2").tobytes(), 2 * 64)
    rows = np.unpackbits((grey >> (8 - bits)).astype(np.uint8)[..., np.newaxis], axis=2)
    packed = np.packbits(rows[..., 8 - bits :].reshape(48, -1), axis=1)
    return raw_png(bits, 0, packed.tobytes(), packed.shape[1])


def make_deep_png(*, alpha: bool) -> bytes:
    """16 bits a sample, in colour."""
    pixels = np.asarray(picture(64, 48, "RGBA" if alpha else "RGB")).astype(np.uint32) * 257
    samples = pixels.shape[2]
    content = pixels.astype(">u2").tobytes()
    return raw_png(16, 6 if alpha else 2, content, 2 * 64 * samples)


def raw_png(bits: int, colour: int, content: bytes, stride: int) -> bytes:
    """64 x 48 pixels in rows of `stride` bytes, as W3C PNG 11.2.1 has colour types."""
    rows = b"".join(b"\x00" + content[at : at + stride] for at in range(0, len(content), stride))
    header = struct.pack(">IIBBBBB", 64, 48, bits, colour, 0, 0, 0)
    chunks = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def make_alpha_png(mode: str) -> bytes:
    return saved(half_clear().convert(mode), "PNG")


def half_clear() -> Image.Image:
    """The left half of the picture is transparent."""
    image = picture(64, 48, "RGBA").copy()
    image.paste((0, 0, 0, 0), (0, 0, 32, 48))
    return image


def make_hdr_png() -> bytes:
    return make_png(40, 30, chunk(b"cICP", b"\x09\x10\x00\x01"))
