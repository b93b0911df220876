"""PNG chunks (W3C PNG, third edition): the picture's go to the decoder, the rest is noted."""

import zlib
from collections.abc import Iterator

from consult.imaging import formats, icc
from consult.imaging.container import Container, names_display_p3
from consult.imaging.refusals import refused

MAX_CHUNKS = 50_000  # some programs write one IDAT for each 8 kB

_SIGNATURE = 8
_PICTURE = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_TEXT = {b"tEXt", b"zTXt", b"iTXt"}
# About colour, size and background, without room for a message.
_HARMLESS = {b"gAMA", b"cHRM", b"sRGB", b"cICP", b"pHYs", b"sBIT", b"bKGD", b"hIST"}
_USUAL_GAMMA = 45_455
_RAW_PROFILES = {
    b"exif": "exif",
    b"APP1": "exif",
    b"xmp": "xmp",
    b"iptc": "iptc",
    b"8bim": "photoshop",
    b"icc": "icc",
    b"icm": "icc",
}
_MAX_EXIF = 64 * 1024

Chunk = tuple[bytes, memoryview, memoryview]  # name, content, whole


def read(upload: bytes, *, max_pixels: int) -> Container:
    """Raises UnsupportedPhoto, PhotoTooLarge or UnreadablePhoto."""
    container = Container()
    pieces = [upload[:_SIGNATURE]]
    colours: dict[bytes, bytes] = {}
    end = _SIGNATURE
    for name, content, whole in _chunks(upload):
        end += len(whole)
        if end == _SIGNATURE + len(whole):
            _check_header(name, content, max_pixels=max_pixels)
        if name in _PICTURE:
            pieces.append(bytes(whole))
        elif name == b"acTL":
            raise refused("animated")
        elif not name[0] & 0x20:  # a critical chunk that we do not know: CgBI and the like
            raise refused("unsupported_coding")
        else:
            _note(container, name, bytes(content), len(whole), colours)
    container.picture = b"".join(pieces)
    container.found.note_trailer(upload[end:])
    _set_colours(container, colours)
    return container


def _chunks(upload: bytes) -> Iterator[Chunk]:
    view, at = memoryview(upload), _SIGNATURE
    for _ in range(MAX_CHUNKS):
        size = int.from_bytes(view[at : at + 4], "big")
        end = at + 12 + size
        if end > len(upload):
            raise refused("incomplete_photo")
        name = bytes(view[at + 4 : at + 8])
        if not (name.isascii() and name.isalpha()):
            raise refused("damaged_photo")
        yield name, view[at + 8 : end - 4], view[at:end]
        at = end
        if name == b"IEND":
            return
    raise refused("too_many_segments")


def _check_header(name: bytes, content: memoryview, *, max_pixels: int) -> None:
    if name != b"IHDR" or len(content) != 13:
        raise refused("damaged_photo")
    width, height = int.from_bytes(content[:4], "big"), int.from_bytes(content[4:8], "big")
    formats.check_size(width, height, max_pixels=max_pixels)


def _note(
    container: Container, name: bytes, content: bytes, size: int, colours: dict[bytes, bytes]
) -> None:
    # Only the first of a kind is looked into: a thousand packed ones would cost a minute.
    found = container.found
    if name == b"eXIf":
        if found.add("exif", size) == 1:
            container.exif = content
    elif name == b"iCCP":
        if found.add("icc", size) == 1:
            container.icc = _inflated(content.partition(b"\x00")[2][1:], icc.MAX_PROFILE)
    elif name in _TEXT:
        _note_text(container, name, content, size)
    elif name in _HARMLESS:
        colours.setdefault(name, content)
    elif name == b"caBX":  # C2PA
        found.add("c2pa", size)
        found.note(content)
    else:
        found.add("app_other", size)


def _note_text(container: Container, name: bytes, content: bytes, size: int) -> None:
    keyword, _, text = content.partition(b"\x00")
    kind = _kind_of_text(keyword)
    count = container.found.add(kind, size)
    if kind == "exif" and count == 1:
        container.exif = _raw_profile(name, text)
    elif kind != "exif" and name != b"zTXt":
        container.found.note(text)


def _kind_of_text(keyword: bytes) -> str:
    """ImageMagick keeps whole blocks as text, under `Raw profile type`."""
    if keyword == b"XML:com.adobe.xmp":
        return "xmp"
    raw = keyword.removeprefix(b"Raw profile type ")
    return _RAW_PROFILES.get(raw, "png_text") if raw != keyword else "png_text"


def _raw_profile(name: bytes, text: bytes) -> bytes:
    """Return the block behind the name and length lines, which is in hexadecimal."""
    lines = _inflated(text[1:], 3 * _MAX_EXIF) if name == b"zTXt" else text[: 3 * _MAX_EXIF]
    try:
        return bytes.fromhex(b"".join(lines.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""


def _inflated(content: bytes, limit: int) -> bytes:
    """Inflate at most `limit` bytes; nothing if there are more, or if they are broken."""
    inflater = zlib.decompressobj()
    try:
        result = inflater.decompress(content, limit)
    except zlib.error:
        return b""
    return result if inflater.eof else b""


def _set_colours(container: Container, colours: dict[bytes, bytes]) -> None:
    """W3C PNG 4.3: cICP rules over iCCP, that over sRGB, and that over gAMA."""
    cicp = colours.get(b"cICP", b"")
    if len(cicp) == 4:
        container.icc = b""
        container.names_display_p3 = names_display_p3(cicp[0], cicp[1])
    elif not container.icc and b"sRGB" not in colours:
        gamma = int.from_bytes(colours.get(b"gAMA", b""), "big")
        usual = abs(gamma - _USUAL_GAMMA) < _USUAL_GAMMA // 20
        container.gamma = None if usual or not 10_000 <= gamma <= 300_000 else gamma
