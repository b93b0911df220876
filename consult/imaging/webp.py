"""WebP chunks (RFC 9649): the picture's go to the decoder, the rest is noted."""

from collections.abc import Iterator

from consult.imaging import formats
from consult.imaging.container import Container
from consult.imaging.refusals import refused

MAX_CHUNKS = 512

_RIFF_HEADER = 12
_PICTURE = {b"VP8 ", b"VP8L", b"ALPH"}
_ALPHA = 0x10


def read(upload: bytes, *, max_pixels: int) -> Container:
    """Raises UnsupportedPhoto, PhotoTooLarge or UnreadablePhoto."""
    container = Container()
    pieces: list[bytes] = []
    size: tuple[int, int] | None = None
    for name, content, whole in _chunks(upload):
        if name in {b"ANIM", b"ANMF"}:
            raise refused("animated")
        if name in {b"VP8 ", b"VP8L", b"VP8X"}:
            width, height = _size(name, content)
            formats.check_size(width, height, max_pixels=max_pixels)
            size = size or (width, height)
        if name in _PICTURE:
            pieces.append(whole)
        elif name != b"VP8X":
            _note(container, name, content, len(whole))
    if not size or not pieces:
        raise refused("not_a_photo")
    container.picture = _file(pieces, *size)
    container.found.note_trailer(upload[_riff_end(upload) :])
    return container


def _riff_end(upload: bytes) -> int:
    end = 8 + int.from_bytes(upload[4:8], "little")
    return end + end % 2


def _chunks(upload: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and the whole of each chunk."""
    riff_end, at = 8 + int.from_bytes(upload[4:8], "little"), _RIFF_HEADER
    if riff_end > len(upload):
        raise refused("incomplete_photo")
    for _ in range(MAX_CHUNKS):
        if at + 8 > riff_end:
            return
        end = at + 8 + int.from_bytes(upload[at + 4 : at + 8], "little")
        if end > len(upload):
            raise refused("incomplete_photo")
        yield upload[at : at + 4], upload[at + 8 : end], upload[at : end + end % 2]
        at = end + end % 2
    raise refused("too_many_segments")


def _size(name: bytes, content: bytes) -> tuple[int, int]:
    """RFC 9649 2.5 to 2.7: three ways to write width and height."""
    if name == b"VP8X" and len(content) >= 10:
        return _integer(content[4:7]) + 1, _integer(content[7:10]) + 1
    if name == b"VP8L" and len(content) >= 5 and content[0] == 0x2F:
        bits = _integer(content[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if name == b"VP8 " and content[3:6] == b"\x9d\x01\x2a" and len(content) >= 10:
        return _integer(content[6:8]) & 0x3FFF, _integer(content[8:10]) & 0x3FFF
    raise refused("damaged_photo")


def _integer(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _note(container: Container, name: bytes, content: bytes, size: int) -> None:
    if name == b"EXIF":
        container.found.add("exif", size)
        container.exif = container.exif or content
    elif name == b"ICCP":
        container.found.add("icc", size)
        container.icc = container.icc or content
    elif name == b"XMP ":
        container.found.add("xmp", size)
        container.found.note(content)
    elif name == b"C2PA":
        container.found.add("c2pa", size)
        container.found.note(content)
    else:
        container.found.add("app_other", size)


def _file(pieces: list[bytes], width: int, height: int) -> bytes:
    """A file of the picture chunks alone; an alpha chunk needs the extended header."""
    flags = _ALPHA if any(piece.startswith(b"ALPH") for piece in pieces) else 0
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    header = b"VP8X\x0a\x00\x00\x00" + bytes([flags, 0, 0, 0]) + canvas if flags else b""
    content = b"WEBP" + header + b"".join(pieces)
    return b"RIFF" + len(content).to_bytes(4, "little") + content
