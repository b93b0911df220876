"""JPEG segments (ITU-T T.81): one bounded walk that decodes nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from consult.imaging import coded, formats
from consult.imaging.refusals import refused

MAX_SEGMENTS = 512
MAX_SCANS = 100  # real photos have at most 15
MAX_JUNK = 64 * 1024  # bytes between segments; sound files hold a few hundred at most

SOI, EOI, SOS, DQT, DHT, DAC, DRI, COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xCC, 0xDD, 0xFE
APP0, APP1, APP2, APP11, APP13, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xEF
BASELINE, EXTENDED, PROGRESSIVE, ARITHMETIC, ARITHMETIC_PROGRESSIVE = 0xC0, 0xC1, 0xC2, 0xC9, 0xCA

ICC = b"ICC_PROFILE\x00"

Colour = Literal["grey", "YCbCr", "RGB", "CMYK", "YCCK"]
Coded = Sequence[memoryview]
"""The coded data of each scan."""

_FRAMES = {BASELINE, EXTENDED, PROGRESSIVE, ARITHMETIC, ARITHMETIC_PROGRESSIVE}
# All that a decoder needs.
KEPT = {DQT, DHT, DAC, DRI, SOS} | _FRAMES
_DROPPED = set(range(APP0, APP15 + 1)) | {COM}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM and RST: no length follows
# Lossless, differential and hierarchical processes (T.81 table B.1), and JPEG-LS.
_FOREIGN = {0xC3, 0xC5, 0xC6, 0xC7, 0xC8, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE, 0xDF, 0xF7, 0xF8}
_DNL = 0xDC

_MARKER = re.compile(rb"\xff[^\x00\xff]")
_MARKER_AFTER_CODED = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_EXIF_NAMES = {b"Exif\x00\x00", b"Exif\x00\xff"}


@dataclass(frozen=True, slots=True)
class Segment:
    marker: int
    start: int
    """Offset of the payload, behind the marker and the length."""
    end: int
    coded_end: int
    """For SOS: where the coded data behind the header ends. Else `end`."""


@dataclass(frozen=True, slots=True)
class Component:
    id: int
    h: int
    v: int


@dataclass(frozen=True, slots=True)
class Frame:
    marker: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def sampling(self) -> tuple[tuple[int, int], ...]:
        return tuple((component.h, component.v) for component in self.components)

    @property
    def mcu(self) -> tuple[int, int]:
        """Width and height in pixels of the smallest unit that a lossless turn can move."""
        if len(self.components) == 1:
            return 8, 8
        return 8 * max(h for h, _ in self.sampling), 8 * max(v for _, v in self.sampling)


@dataclass(frozen=True, slots=True)
class Walk:
    segments: tuple[Segment, ...]
    frame: Frame
    scans: int
    colour: Colour
    adobe: bool
    junk: int
    """Bytes between segments that belong to none of them."""
    end: int
    """Offset behind the EOI of the first picture; whatever follows is a trailer."""

    @property
    def coded(self) -> list[tuple[int, int]]:
        """The ranges of entropy-coded data."""
        return [(s.end, s.coded_end) for s in self.segments if s.marker == SOS]

    def coded_in(self, upload: bytes) -> Coded:
        view = memoryview(upload)
        return [view[start:end] for start, end in self.coded]

    @property
    def is_plain_baseline(self) -> bool:
        """Whether JPEG Baseline (PS3.5 A.4.1) may hold the coded data as they are."""
        has_huffman = any(segment.marker == DHT for segment in self.segments)
        return self.frame.marker == BASELINE and has_huffman


def walk(upload: bytes, *, max_pixels: int = formats.MAX_PIXELS, searched: Coded = ()) -> Walk:
    """Walk the first picture of `upload` from SOI to EOI; every cap holds during the walk.

    `searched` are coded data in which an earlier walk found no marker: where they stand here
    again, to the byte, they are compared, which is quicker than to search them again.
    Raises UnsupportedPhoto, PhotoTooLarge or UnreadablePhoto.
    """
    segments, frame = _checked_segments(upload, max_pixels, searched)
    _check_coded_size(frame, segments)
    adobe = _adobe_transform(upload, segments)
    return Walk(
        segments=tuple(segments),
        frame=frame,
        scans=sum(segment.marker == SOS for segment in segments),
        colour=_colour(upload, segments, frame, adobe),
        adobe=adobe is not None,
        junk=_junk(segments),
        end=segments[-1].end,
    )


def icc_of(upload: bytes, walked: Walk) -> bytes:
    """Join the pieces of the ICC profile (ICC.1 B.4); empty if any is missing or odd."""
    pieces: dict[int, bytes] = {}
    for segment in walked.segments:
        if segment.marker == APP2 and upload.startswith(ICC, segment.start):
            if segment.end - segment.start < 14 or upload[segment.start + 12] in pieces:
                return b""
            pieces[upload[segment.start + 12]] = upload[segment.start + 14 : segment.end]
    if sorted(pieces) != list(range(1, len(pieces) + 1)):
        return b""
    return b"".join(pieces[number] for number in sorted(pieces))


def exif_of(upload: bytes, walked: Walk) -> bytes:
    """Return the first EXIF block, or nothing."""
    for segment in walked.segments:
        if segment.marker == APP1 and upload[segment.start : segment.start + 6] in _EXIF_NAMES:
            return upload[segment.start : segment.end]
    return b""


def _checked_segments(
    upload: bytes, max_pixels: int, searched: Coded
) -> tuple[list[Segment], Frame]:
    """Collect the segments and the one frame among them; stop at the first cap."""
    segments: list[Segment] = []
    frame: Frame | None = None
    scans = 0
    for segment in _segments(upload, iter(searched)):
        segments.append(segment)
        if len(segments) > MAX_SEGMENTS:
            raise refused("too_many_segments")
        if segment.marker in _FRAMES:
            if frame:
                raise refused("damaged_photo")
            frame = _frame(upload, segment)
            formats.check_size(frame.width, frame.height, max_pixels=max_pixels)
        elif segment.marker == SOS:
            scans += 1
            if not frame:
                raise refused("damaged_photo")
            if scans > MAX_SCANS:
                raise refused("too_many_scans")
    if not frame or not scans:
        raise refused("not_a_photo")
    return segments, frame


def _segments(upload: bytes, searched: Iterator[memoryview]) -> Iterator[Segment]:
    """Yield every segment up to and including EOI."""
    at, junk = 2, 0
    while True:
        found = _MARKER.search(upload, at, at + MAX_JUNK - junk + 2)
        if not found:
            cut_off = len(upload) - at <= MAX_JUNK - junk
            raise refused("incomplete_photo" if cut_off else "damaged_photo")
        junk += found.start() - at
        marker, at = upload[found.end() - 1], found.end()
        if marker == EOI:
            yield Segment(EOI, at, at, at)
            return
        if marker in _STANDALONE:
            junk += 2
            continue
        _check_marker(marker)
        end = at + int.from_bytes(upload[at : at + 2], "big")
        if end < at + 2:
            raise refused("damaged_photo")
        if end > len(upload):
            raise refused("incomplete_photo")
        coded_end = _coded_end(upload, end, next(searched, None)) if marker == SOS else end
        yield Segment(marker, at + 2, end, coded_end)
        at = coded_end


def _check_marker(marker: int) -> None:
    if marker in _FOREIGN:
        raise refused("unsupported_coding")
    if marker == _DNL:
        raise refused("impossible_size")
    if marker not in KEPT and marker not in _DROPPED:
        raise refused("damaged_photo")


def _coded_end(upload: bytes, start: int, searched: memoryview | None) -> int:
    """Return where the coded data from `start` end, without the fill bytes behind them."""
    if searched and upload.startswith(searched, start):
        end = start + len(searched)
        if _MARKER_AFTER_CODED.match(upload, end) and upload[end - 1] != 0xFF:
            return end
    found = _MARKER_AFTER_CODED.search(upload, coded.skip_stuffed(upload, start))
    if not found:
        raise refused("incomplete_photo")
    tail = upload[max(start, found.start() - MAX_JUNK - 1) : found.start()]
    return found.start() - len(tail) + len(tail.rstrip(b"\xff"))


def _frame(upload: bytes, segment: Segment) -> Frame:
    """T.81 B.2.2."""
    payload = upload[segment.start : segment.end]
    if len(payload) < 6 or len(payload) != 6 + 3 * payload[5]:
        raise refused("damaged_photo")
    components = tuple(
        Component(payload[at], payload[at + 1] >> 4, payload[at + 1] & 15)
        for at in range(6, len(payload), 3)
    )
    if payload[0] != 8 or len(components) not in {1, 3, 4}:
        raise refused("unsupported_coding")
    if not all(1 <= c.h <= 4 and 1 <= c.v <= 4 for c in components):
        raise refused("damaged_photo")
    height, width = int.from_bytes(payload[1:3], "big"), int.from_bytes(payload[3:5], "big")
    return Frame(segment.marker, width, height, components)


def _check_coded_size(frame: Frame, segments: list[Segment]) -> None:
    """Refuse a size that the coded data cannot fill.

    Sequential Huffman coding spends at least one bit on the DC and one on the AC coefficients
    of each 8 x 8 block; the first scan of a progressive photo at least one on the DC.
    """
    bits = {BASELINE: 2, EXTENDED: 2, PROGRESSIVE: 1}.get(frame.marker, 0)
    h_max, v_max = max(c.h for c in frame.components), max(c.v for c in frame.components)
    blocks = sum(
        -(-frame.width * c.h // (8 * h_max)) * -(-frame.height * c.v // (8 * v_max))
        for c in frame.components
    )
    if 8 * sum(s.coded_end - s.end for s in segments) < bits * blocks:
        raise refused("incomplete_photo")


def _colour(upload: bytes, segments: list[Segment], frame: Frame, adobe: int | None) -> Colour:
    """Tell the colour model by the rule of libjpeg, which all viewers share."""
    if len(frame.components) == 1:
        return "grey"
    if len(frame.components) == 4:
        return "YCCK" if adobe == 2 else "CMYK"
    if any(
        s.marker == APP0 and s.end - s.start >= 14 and upload.startswith(b"JFIF\x00", s.start)
        for s in _heading(segments)
    ):
        return "YCbCr"
    if adobe is not None:
        return "RGB" if adobe == 0 else "YCbCr"
    return "RGB" if bytes(c.id for c in frame.components) == b"RGB" else "YCbCr"


def _adobe_transform(upload: bytes, segments: list[Segment]) -> int | None:
    for s in _heading(segments):
        if s.marker == APP14 and s.end - s.start >= 12 and upload.startswith(b"Adobe", s.start):
            return upload[s.start + 11]
    return None


def _heading(segments: list[Segment]) -> Iterator[Segment]:
    """Yield the segments in front of the first scan."""
    for segment in segments:
        if segment.marker == SOS:
            return
        yield segment


def _junk(segments: list[Segment]) -> int:
    junk, at = 0, 2
    for segment in segments:
        header = 2 if segment.marker == EOI else 4
        junk += segment.start - header - at
        at = segment.coded_end
    return junk
