"""Canaries: 16 bytes of something hidden, which must be found nowhere afterwards."""

import re
import struct
from collections.abc import Collection, Iterable, Iterator

import numpy as np

from consult.errors import InvalidPhoto
from consult.imaging import icc, jpeg
from consult.imaging.rebuild import JFIF
from tests.imaging.colours import adobe_rgb
from tests.imaging.photos import (
    CORPUS,
    SECRET,
    chunk,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    picture,
    real,
    riff_chunk,
    saved,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)

XMP = b"<x:xmpmeta exif:GPSLatitude='51' dc:creator='" + SECRET + b"'/>"
_SLICE, _PER_SLICE = 16 * 1024, 64
# What a profile says of colours, and so hands on (ICC.1:2022 9.2).
_COLOURS = re.compile(rb"[rgb]XYZ|[rgb]TRC|wtpt|bkpt|chad|A2B[012]|B2A[012]")


def tell_all() -> dict[str, bytes]:
    """One photo of each format, with a secret in every place that the format has for one."""
    exif, icc = tell_all_exif(), make_icc(name="P3")
    trailer = b"ftypmp42mdat" + SECRET
    boxes = b"".join(
        (8 + len(SECRET)).to_bytes(4, "big") + kind + SECRET for kind in (b"mpvd", b"uuid")
    )
    made = {
        "JPEG": with_segments(make_jpeg(320, 240, exif=exif, icc_profile=icc), *tell_all_segments())
        + trailer,
        "turned JPEG": make_jpeg(320, 240, orientation=6, comment=SECRET) + trailer,
        "progressive JPEG": make_jpeg(320, 240, exif=exif, progressive=True, comment=SECRET),
        "JPEG of inks": make_jpeg(320, 240, mode="CMYK", exif=exif, comment=SECRET),
        "PNG": make_png(
            320,
            240,
            chunk(b"eXIf", exif[6:]),
            chunk(b"tEXt", b"Author\x00" + SECRET),
            chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + XMP),
            chunk(b"caBX", b"jumb" + SECRET),
            chunk(b"prVt", SECRET),
        )
        + trailer,
        "WebP": make_webp(
            320,
            240,
            riff_chunk(b"EXIF", exif),
            riff_chunk(b"XMP ", XMP),
            riff_chunk(b"C2PA", SECRET),
            riff_chunk(b"mine", SECRET),
            icc_profile=icc,
        )
        + trailer,
        "AVIF": saved(picture(320, 240), "AVIF", exif=exif[6:], xmp=XMP, icc_profile=icc) + boxes,
    }
    if CORPUS.is_dir():  # nothing here can write a HEIC from scratch
        made["HEIC"] = real("008364") + boxes
    return made


def hidden_in(upload: bytes) -> set[bytes]:
    """Take canaries from each segment, chunk and box that a photo loses, and from its trailer."""
    return {
        canary
        for block in _lost(upload)
        for at in range(0, len(block), _SLICE)
        for canary in _spread(block[at : at + _SLICE + 15])
    }


class Judge:
    """Looks for many canaries in one go: their first halves are compared all at once."""

    def __init__(self, wanted: Collection[bytes]) -> None:
        self._wanted = frozenset(wanted)
        heads = {int.from_bytes(canary[:8], "little") for canary in wanted}
        self._heads = np.array(sorted(heads), np.uint64)
        # Most places are done with by their first twenty bits.
        self._begins = np.zeros(1 << 20, bool)
        self._begins[[head & 0xFFFFF for head in heads]] = True

    def found_in(self, content: bytes) -> set[bytes]:
        padded, found = content + bytes(16), set[bytes]()
        for shift in range(8):
            windows = np.frombuffer(padded, "<u8", len(content) // 8 + 1, shift)
            (places,) = self._begins[windows & np.uint64(0xFFFFF)].nonzero()
            places = places[np.isin(windows[places], self._heads)]
            found |= {content[at : at + 16] for at in (shift + 8 * places).tolist()}
        return found & self._wanted


def staying_of(upload: bytes) -> Iterable[bytes]:
    """Return what a photo may keep of a JPEG: all that its picture needs."""
    try:
        walked = jpeg.walk(upload)
    except InvalidPhoto:
        return []
    return _segments(upload, walked, lost=False)


def written_by_us() -> Iterator[bytes]:
    """Yield what the scrubber writes into any photo: the texts of a profile are always the same."""
    own = icc.srgb().content
    other = own.replace(struct.pack(">i", round(2.4 * 65536)), struct.pack(">i", 3 * 65536))
    monitor = make_icc().replace(b"curv\x00\x00\x00\x00\x00\x00\x04", b"curv" + bytes(7))
    for profile in (own, other, monitor, make_icc(), make_icc(name="P3"), adobe_rgb()):
        rebuilt = icc.rebuild(profile)
        assert rebuilt
        yield rebuilt.content
    yield icc.display_p3().content


def head_of(photo: bytes) -> bytes:
    """Return the tables of a finished photo: a hidden thumbnail may begin with the same."""
    segments = jpeg.walk(photo).segments
    first = next(segment for segment in segments if segment.marker in jpeg.KEPT)
    scan = next(segment for segment in segments if segment.marker == jpeg.SOS)
    return b"\xff\xd8" + JFIF + photo[first.start - 4 : scan.end + 16]


def _lost(upload: bytes) -> Iterator[bytes]:
    """A JPEG loses its segments and its trailer; of another kind no byte is kept at all."""
    try:
        walked = jpeg.walk(upload)
    except InvalidPhoto:
        yield from _without_colours(upload)
    else:
        for segment in _segments(upload, walked, lost=True):
            yield from _without_colours(segment)
        yield from _without_colours(upload[walked.end :])


def _segments(upload: bytes, walked: jpeg.Walk, *, lost: bool) -> list[bytes]:
    return [
        upload[segment.start - 4 : segment.coded_end]
        for segment in walked.segments
        if (segment.marker not in jpeg.KEPT) == lost
    ]


def _without_colours(block: bytes) -> Iterator[bytes]:
    """Cut a colour profile out, but for what it says of anything else than colours."""
    at = block.find(b"acsp") - 36
    if at < 0:
        yield block
        return
    size = int.from_bytes(block[at : at + 4], "big")
    yield block[: max(0, at - 18)]  # its segment, chunk or box has a head as well
    yield from _texts(block[at : at + size])
    yield from _without_colours(block[at + max(size, 40) :])


def _texts(profile: bytes) -> Iterator[bytes]:
    count = min(100, int.from_bytes(profile[128:132], "big"))
    for at in range(132, 132 + 12 * count, 12):
        start, size = (int.from_bytes(profile[at + n : at + n + 4], "big") for n in (4, 8))
        if not _COLOURS.fullmatch(profile[at : at + 4]):
            yield profile[start : start + size]


def _spread(piece: bytes) -> list[bytes]:
    """Return canaries that are evenly spread over a piece; no false alarms by mere zeros."""
    step = max(1, len(piece) // (4 * _PER_SLICE))
    windows = [piece[at : at + 16] for at in range(0, len(piece) - 15, step)]
    telling = [w for w in windows if len(set(w)) >= 7 and len(set(w[:8])) >= 3]
    return telling[:: max(1, len(telling) // _PER_SLICE)]
