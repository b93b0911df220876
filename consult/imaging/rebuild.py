"""A JPEG from an allow-list, and the proof that a finished one holds nothing else.

Coded picture data are never changed here. Everything that is not needed to decode them is
left behind; the few application segments of the result are written by us.
"""

from consult.imaging import formats, jpeg
from consult.imaging.jpeg import Coded, Walk

JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"  # no density, no thumbnail

_ICC_CHUNK = 65_519  # 65,533 bytes of payload less the name, number and count


def rebuild(upload: bytes, walked: Walk, *, profile: bytes | None = None) -> bytes:
    """Return a JPEG of the tables, frame and scans of `upload` and nothing else.

    `profile` must come from `icc.rebuild`. The result of the result is the same bytes.
    """
    view = memoryview(upload)
    pieces: list[bytes | memoryview] = [b"\xff\xd8", _colour_header(walked)]
    pieces += _icc_segments(profile) if profile else []
    pieces += [view[s.start - 4 : s.coded_end] for s in walked.segments if s.marker in jpeg.KEPT]
    pieces.append(b"\xff\xd9")
    return b"".join(pieces)


def rebuilt(encoded: bytes, *, profile: bytes | None = None) -> bytes:
    """Put what an encoder wrote through the same allow-list as what a phone wrote."""
    walked = jpeg.walk(encoded, max_pixels=formats.MAX_SIDE**2)
    return rebuild(encoded, walked, profile=None if walked.colour == "grey" else profile)


def check_clean(output: bytes, *, searched: Coded = ()) -> Walk:
    """Walk a finished photo and prove that it holds only what a finished photo may hold.

    `searched` is explained at `jpeg.walk`. Raises RuntimeError when it holds anything else:
    that would be a fault of ours, not of the photo.
    """
    walked = jpeg.walk(output, max_pixels=formats.MAX_SIDE**2, searched=searched)
    # What we write ourselves is known to the byte, so it can be compared to the byte.
    written = (
        b"\xff\xd8" + _colour_header(walked) + b"".join(_icc_segments(jpeg.icc_of(output, walked)))
    )
    first = next(segment for segment in walked.segments if segment.marker in jpeg.KEPT)
    behind = walked.segments[walked.segments.index(first) : -1]
    clean = (
        output.startswith(written)
        and first.start - 4 == len(written)
        and all(segment.marker in jpeg.KEPT - {jpeg.DAC} for segment in behind)
        and walked.frame.marker == jpeg.BASELINE
        and not walked.junk
        and walked.end == len(output)
    )
    if not clean:
        raise RuntimeError("The scrubbed photo holds something that it may not hold.")
    return walked


def _colour_header(walked: Walk) -> bytes:
    """The one segment that tells a decoder the colour model; JFIF would force YCbCr."""
    if walked.colour in {"grey", "YCbCr"}:
        return JFIF
    if walked.colour in {"CMYK", "YCCK"} and not walked.adobe:
        return b""
    transform = 2 if walked.colour == "YCCK" else 0
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


def _icc_segments(profile: bytes) -> list[bytes]:
    chunks = [profile[at : at + _ICC_CHUNK] for at in range(0, len(profile), _ICC_CHUNK)]
    return [
        b"\xff\xe2"
        + (16 + len(chunk)).to_bytes(2, "big")
        + jpeg.ICC
        + bytes([number, len(chunks)])
        + chunk
        for number, chunk in enumerate(chunks, start=1)
    ]
