"""AVIF stills (AV1 Image File Format 1.1): the container of HEIC, with AV1 pictures in it.

The decoder shows the main picture as it is coded: what HEIC's decoder does by itself, cropping,
mirroring and turning, is left to us.
"""

from consult.imaging import formats, heif
from consult.imaging.bmff import Index, integer
from consult.imaging.container import Container
from consult.imaging.refusals import refused

_MOTION = b"avis"
_COMPANY = {b"Exif", b"xmp"}
_NOTHING = b"free"  # no decoder knows an item of this type


def read(upload: bytes, *, max_pixels: int) -> Container:
    """Raises UnsupportedPhoto, PhotoTooLarge or UnreadablePhoto."""
    if _MOTION in formats.brands(upload):
        raise refused("animated")
    container, index = heif.look(upload, max_pixels=max_pixels)
    container.crop = _crop(upload, index)
    container.picture = _without_company(upload, index)
    return container


def _without_company(upload: bytes, index: Index) -> bytes:
    """Hide metadata from the decoder, which refuses a sound picture for a broken EXIF block."""
    picture = bytearray(upload)
    for item, place in index.type_places.items():
        if index.types[item] in _COMPANY:
            picture[place : place + 4] = _NOTHING
    return bytes(picture)


def _crop(upload: bytes, index: Index) -> list[int] | None:
    """ISO/IEC 14496-12 12.1.4: width, height and the offset of the centre, each as a fraction."""
    places = {kind: at for kind, at, _ in index.properties_of(index.primary)}
    if b"clap" not in places or b"ispe" not in places:
        return None
    numbers = [_signed(upload, places[b"clap"] + 4 * n) for n in range(8)]
    if not all(numbers[1::2]):
        raise refused("damaged_photo")
    width, height, right, down = (numbers[n] / numbers[n + 1] for n in (0, 2, 4, 6))
    size = [integer(upload, places[b"ispe"] + at, 4) for at in (4, 8)]
    left, top = (size[0] - width) / 2 + right, (size[1] - height) / 2 + down
    crop = [round(edge) for edge in (left, top, left + width, top + height)]
    inside = 0 <= crop[0] < crop[2] <= size[0] and 0 <= crop[1] < crop[3] <= size[1]
    if not inside:
        raise refused("damaged_photo")
    return crop


def _signed(upload: bytes, at: int) -> int:
    return int.from_bytes(upload[at : at + 4], "big", signed=True)
