"""The colour profile, rebuilt; and now and then littleCMS, which may refuse the result."""

import zlib

from consult.imaging import icc
from tests.fuzz.target import Target
from tests.imaging.photos import make_icc

_LITTLE_CMS = 100  # it takes a hundred times as long as the reader: one input in so many


def run(profile: bytes) -> None:
    """The rebuild of a rebuild is the same bytes."""
    icc.name_of(profile)
    found = icc.cleaned(profile)
    if found:
        assert len(found.content) <= icc.MAX_PROFILE + 1024
        assert icc.cleaned(found.content) == found
        if zlib.crc32(profile) % _LITTLE_CMS == 0:
            assert icc.rebuild(profile) in {None, found}


def seeds() -> list[bytes]:
    made = [make_icc(), make_icc(name="P3"), icc.srgb().content, icc.display_p3().content]
    return [*made, _with_tables()]


def _with_tables() -> bytes:
    """A profile of tables for a printer or scanner: mft1 with a grid of 2."""
    table = (
        b"mft1\x00\x00\x00\x00\x03\x03\x02\x00"
        + b"".join((65536 * (at in {0, 4, 8})).to_bytes(4, "big") for at in range(9))
        + bytes(range(256)) * 3
        + bytes(255 * (at >> shift & 1) for at in range(8) for shift in (2, 1, 0))
        + bytes(range(256)) * 3
    )
    white = b"XYZ \x00\x00\x00\x00\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2d"
    head = bytearray(icc.srgb().content[:128])
    head[20:24] = b"XYZ "
    tags = (2).to_bytes(4, "big") + b"".join(
        name + at.to_bytes(4, "big") + size.to_bytes(4, "big")
        for name, at, size in ((b"wtpt", 156, len(white)), (b"A2B0", 176, len(table)))
    )
    content = bytes(head) + tags + white + table
    return len(content).to_bytes(4, "big") + content[4:]


TARGET = Target(run, seeds)
