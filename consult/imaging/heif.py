"""HEIC (ISO/IEC 23008-12): sizes, turn, colour, and what else is in the file.

AVIF is the same container with other coded pictures in it: see `avif`.
"""

from consult.imaging import bmff, formats
from consult.imaging.bmff import Box, Index, integer
from consult.imaging.container import Container, names_display_p3
from consult.imaging.refusals import refused

# To bring a picture upright: mirror left to right or not, then so many quarter turns
# clockwise; and the EXIF orientation that says the same.
_EXIF_NAMES = {
    (0, 0): 1, (1, 0): 2, (0, 2): 3, (1, 2): 4, (1, 3): 5, (0, 1): 6, (1, 1): 7, (0, 3): 8,
}  # fmt: skip
_ALPHA = b":auxiliary:alpha\x00"
_PICTURES = {b"hvc1", b"hev1", b"grid", b"iden", b"iovl", b"av01", b"jpeg"}


def read(upload: bytes, *, max_pixels: int) -> Container:
    """Raises UnsupportedPhoto, PhotoTooLarge or UnreadablePhoto."""
    container, _ = look(upload, max_pixels=max_pixels)
    container.lossy_method = "ISO_23008_2"
    return container


def look(upload: bytes, *, max_pixels: int) -> tuple[Container, Index]:
    """Raises the same."""
    container = Container(picture=upload)
    meta = _top_level(upload, container)
    if meta is None:
        raise refused("animated" if b"moov" in upload[:4096] else "not_a_photo")
    index = bmff.read_index(upload, meta)
    if index.primary not in index.types:
        raise refused("damaged_photo")
    _check_sizes(upload, index, max_pixels=max_pixels)
    container.own_orientation = _orientation(upload, index)
    _set_colours(container, upload, index)
    _note_items(container, upload, index)
    return container, index


def _top_level(upload: bytes, container: Container) -> Box | None:
    """Note what stands beside the pictures; return the `meta` box."""
    meta: Box | None = None
    end = 0
    for box in bmff.boxes(upload, 0, len(upload)):
        kind, start, end = box
        if kind == b"meta":
            meta = meta or box
        elif kind == b"mpvd":
            container.found.add("motion_video", end - start + 8)
        elif kind not in {b"ftyp", b"mdat", b"free", b"skip", b"moov"}:
            container.found.add("app_other", end - start + 8)
    container.found.note_trailer(upload[end:])
    return meta


def _check_sizes(upload: bytes, index: Index, *, max_pixels: int) -> None:
    """Hold every size that is named to the caps, not only that of the main picture."""
    sizes = [at + 4 for kind, at, _ in index.properties if kind == b"ispe"]
    if not sizes:
        raise refused("impossible_size")
    for at in sizes:
        width, height = integer(upload, at, 4), integer(upload, at + 4, 4)
        formats.check_size(width, height, max_pixels=max_pixels)


def _orientation(upload: bytes, index: Index) -> int | None:
    """Return what irot and imir say together as an EXIF orientation; None without either."""
    mirrored, turns, said = 0, 0, False
    for kind, at, _ in index.properties_of(index.primary):
        if kind == b"irot":  # quarter turns anticlockwise
            turns, said = turns - (integer(upload, at, 1) & 3), True
        elif kind == b"imir":  # 0 swaps top and bottom, 1 left and right
            flip_rows = 0 if integer(upload, at, 1) & 1 else 2
            mirrored, turns, said = 1 - mirrored, flip_rows - turns, True
    return _EXIF_NAMES[mirrored, turns % 4] if said else None


def _set_colours(container: Container, upload: bytes, index: Index) -> None:
    """Some grids leave the word about colour to their tiles."""
    for item in (index.primary, *index.tiles_of(index.primary)[:1]):
        for kind, at, end in index.properties_of(item):
            if kind == b"colr":
                _set_colour(container, upload, at, end)
        if container.icc or container.names_display_p3:
            return


def _set_colour(container: Container, upload: bytes, at: int, end: int) -> None:
    if upload[at : at + 4] in {b"prof", b"rICC"}:
        container.icc = container.icc or upload[at + 4 : end]
        container.found.add("icc", end - at)
    elif upload[at : at + 4] == b"nclx":
        primaries, transfer = integer(upload, at + 4, 2), integer(upload, at + 6, 2)
        container.names_display_p3 = names_display_p3(primaries, transfer)


def _note_items(container: Container, upload: bytes, index: Index) -> None:
    """Note every item that is neither the main picture nor a tile of it."""
    tiles = {tile for kind, _, to in index.references if kind == b"dimg" for tile in to}
    for item in index.types.keys() - tiles - {index.primary}:
        _note_item(container, upload, index, item)


def _note_item(container: Container, upload: bytes, index: Index, item: int) -> None:
    found, item_type = container.found, index.types[item]
    size = sum(length for _, _, length in index.extents.get(item, []))
    if item_type == b"Exif":
        found.add("exif", size)
        # 23008-12 A.2.1: four bytes say how much stands before the TIFF header.
        container.exif = container.exif or _content(upload, index, item)[4:]
    elif item_type == b"xmp":
        found.add("xmp", size)
        found.note(_content(upload, index, item))
    elif item_type == b"iptc":
        found.add("iptc", size)
    elif item_type in _PICTURES:
        kind = _kind_of_picture(upload, index, item)
        if kind != "alpha":  # part of the main picture, in which it stays visible
            found.add(kind, size)
    else:
        found.add("gain_map" if item_type == b"tmap" else "app_other", size)


def _content(upload: bytes, index: Index, item: int) -> bytes:
    """Return the bytes of a small item; nothing where they do not lie inside the file."""
    places = [
        (offset + (index.idat if method == 1 else 0), length)
        for method, offset, length in index.extents.get(item, [])
        if method in {0, 1}
    ]
    if sum(length for _, length in places) > len(upload):
        return b""
    return b"".join(upload[offset : offset + length] for offset, length in places)


def _kind_of_picture(upload: bytes, index: Index, item: int) -> str:
    roles = {kind for kind, source, _ in index.references if source == item}
    if b"thmb" in roles:
        return "thumbnail"
    properties = index.properties_of(item)
    names = [upload[at:end] for kind, at, end in properties if kind == b"auxC"]
    if any(b"gainmap" in name for name in names):
        return "gain_map"
    if any(_ALPHA in name for name in names):
        return "alpha"
    return "auxiliary_image" if names or b"auxl" in roles else "second_image"
