"""What the bytes are, by their magic alone, and the caps that hold before anything is decoded.

A file name or a Content-Type is never asked: phones and mail programs get them wrong.
"""

from consult.imaging.photo import SourceFormat
from consult.imaging.refusals import refused

MAX_BYTES = 25 * 1024 * 1024  # of an upload; held in memory, so this is what one may cost
MAX_PIXELS = 50_000_000  # 8160 x 6120, the largest that phones write, passes
MAX_SIDE = 16_384

_SHORTEST = 16  # bytes: no header of any format that we read is shorter
# ISO/IEC 23008-12: brands of HEVC coded images, and of the container that holds them.
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_CONTAINER_BRANDS = {b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}  # AV1 images; with motion


def sniff(upload: bytes) -> SourceFormat:
    """Return the format of `upload`.

    Raises UnsupportedPhoto for any other kind of file, UnreadablePhoto where there is none.
    """
    if not upload:
        raise refused("empty_upload")
    if len(upload) < _SHORTEST:
        raise refused("not_a_photo")
    if upload.startswith(b"\xff\xd8"):  # junk may stand before the first segment
        return "JPEG"
    if upload.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if upload.startswith(b"RIFF") and upload[8:12] == b"WEBP":
        return "WEBP"
    if upload[4:8] == b"ftyp" and (found := _heif_format(brands(upload))):
        return found
    raise refused("unsupported_format")


def check_size(width: int, height: int, *, max_pixels: int) -> None:
    """Raise UnreadablePhoto for a side of zero, PhotoTooLarge above the caps."""
    if not width or not height:
        raise refused("impossible_size")
    if max(width, height) > MAX_SIDE or width * height > max_pixels:
        raise refused("too_many_pixels")


def brands(upload: bytes) -> list[bytes]:
    """ISO/IEC 14496-12 4.3: the major brand, four bytes of version, then compatible brands."""
    size = min(int.from_bytes(upload[:4], "big"), len(upload), 256)
    return [upload[at : at + 4] for at in (8, *range(16, size - 3, 4))]


def _heif_format(brands: list[bytes]) -> SourceFormat | None:
    """The major brand decides; one that names only the container leaves it to the others."""
    if brands[0] in _AVIF_BRANDS:
        return "AVIF"
    if not _HEVC_BRANDS.isdisjoint(brands):
        return "HEIC"
    if not _AVIF_BRANDS.isdisjoint(brands):
        return "AVIF"
    return None if _CONTAINER_BRANDS.isdisjoint(brands) else "HEIC"
