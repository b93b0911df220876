"""What hides in a photo beside its picture: kinds, counts and bytes, never values.

Bytes are counted once, under the block that holds them (exif, xmp, trailer ...). What is only
seen inside such a block (gps, serial, thumbnail ...) counts with 0 bytes.
"""

from collections import Counter

from consult.imaging import exif, jpeg
from consult.imaging.exif import Facts
from consult.imaging.jpeg import Segment, Walk
from consult.imaging.photo import Finding

XMP, XMP_EXTENSION = b"http://ns.adobe.com/xap/1.0/", b"http://ns.adobe.com/xmp/extension/"

# Names that give a kind away in XMP, in C2PA manifests, and in the text chunks of PNG.
_TELLTALES: dict[str, tuple[bytes, ...]] = {
    "gps": (b"GPSLatitude", b"GPSLongitude", b"GPSPosition"),
    "serial": (b"SerialNumber", b"serialNumber", b"ImageUniqueID"),
    "owner_text": (b"dc:creator", b"dc:description", b"dc:rights", b"dc:title", b"OwnerName"),
    "thumbnail": (b"xmp:Thumbnails", b"xmpGImg:image", b"xapGImg:image"),
    "motion_video": (b"MotionPhoto", b"MicroVideo"),
    "gain_map": (b"hdrgm:", b"HDRGainMap", b"hdr-gain-map"),
    "iptc": (b"Iptc4xmpCore",),
}
_IPTC_RESOURCE, _THUMBNAIL_RESOURCES = b"8BIM\x04\x04", (b"8BIM\x04\x09", b"8BIM\x04\x0c")
_EXIF_HEADER, _MAX_EXIF_BLOCKS = b"Exif\x00\x00", 8
_ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496"


class Findings:
    """A tally that a walk fills."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def add(self, kind: str, size: int = 0) -> int:
        """Return how many of the kind there are now."""
        self._counts[kind] += 1
        self._bytes[kind] += size
        return self._counts[kind]

    def note(self, block: bytes) -> None:
        """Add the kinds that a block of text or markup gives away by its names."""
        for kind, names in _TELLTALES.items():
            if any(name in block for name in names):
                self.add(kind)

    def note_exif(self, facts: Facts) -> None:
        for kind in facts.hidden:
            self.add(kind)

    def note_trailer(self, trailer: bytes) -> None:
        """Add what follows the end of the picture proper."""
        if not trailer:
            return
        self.add("trailer", len(trailer))
        if b"ftyp" in trailer and b"mdat" in trailer:
            self.add("motion_video")
        if b"\xff\xd8\xff" in trailer:
            self.add("second_image")
        if XMP in trailer:
            self.add("xmp")
        self.note(trailer)
        self._note_exif_blocks(trailer)

    def listed(self) -> tuple[Finding, ...]:
        return tuple(
            Finding(kind, count, self._bytes[kind]) for kind, count in sorted(self._counts.items())
        )

    def _note_exif_blocks(self, trailer: bytes) -> None:
        """Add the EXIF of second pictures, which often have their own location."""
        at = trailer.find(_EXIF_HEADER)
        for _ in range(_MAX_EXIF_BLOCKS):
            if at < 0:
                return
            self.add("exif")
            self.note_exif(exif.read(trailer[at : at + 65_536]))
            at = trailer.find(_EXIF_HEADER, at + 1)


def of_jpeg(upload: bytes, walked: Walk, facts: Facts) -> Findings:
    """List everything in `upload` that the rebuild leaves behind."""
    found = Findings()
    found.note_exif(facts)
    for segment in walked.segments:
        _add_segment(found, upload, segment)
    if walked.junk:
        found.add("junk", walked.junk)
    found.note_trailer(upload[walked.end :])
    return found


def _add_segment(found: Findings, upload: bytes, segment: Segment) -> None:
    size = segment.end - segment.start + 4
    payload = upload[segment.start : segment.end]
    if segment.marker == jpeg.COM:
        found.add("comment", size)
    elif segment.marker == jpeg.APP0:
        _add_jfif(found, payload, size)
    elif segment.marker == jpeg.APP14 and payload.startswith(b"Adobe"):
        if len(payload) > 12:
            found.add("adobe_extra", size)
    elif jpeg.APP1 <= segment.marker <= jpeg.APP15:
        found.add(_kind(segment.marker, payload), size)
        _note_application(found, segment.marker, payload)


def _kind(marker: int, payload: bytes) -> str:
    """Tell the kind of an application segment by the name at its start."""
    named: tuple[tuple[int, bytes, str], ...] = (
        (jpeg.APP1, b"Exif\x00", "exif"),
        (jpeg.APP1, XMP, "xmp"),
        (jpeg.APP1, XMP_EXTENSION, "xmp"),
        (jpeg.APP2, jpeg.ICC, "icc"),
        (jpeg.APP2, b"MPF\x00", "mpf"),
        (jpeg.APP2, _ISO_GAIN_MAP, "gain_map"),
        (jpeg.APP13, b"Photoshop", "photoshop"),
        (jpeg.APP13, b"Adobe_Photoshop", "photoshop"),
    )
    for expected, name, kind in named:
        if marker == expected and payload.startswith(name):
            return kind
    if marker == jpeg.APP11 and b"jumb" in payload[:64]:
        return "c2pa"
    return "app_other"


def _note_application(found: Findings, marker: int, payload: bytes) -> None:
    if marker == jpeg.APP13:
        if _IPTC_RESOURCE in payload:
            found.add("iptc")
        if any(resource in payload for resource in _THUMBNAIL_RESOURCES):
            found.add("thumbnail")
    elif not payload.startswith((b"Exif\x00", jpeg.ICC)):
        found.note(payload)


def _add_jfif(found: Findings, payload: bytes, size: int) -> None:
    if payload.startswith(b"JFXX\x00"):
        found.add("thumbnail", size)
    elif not payload.startswith(b"JFIF\x00"):
        found.add("app_other", size)
    elif len(payload) > 14:
        found.add("thumbnail", size)
