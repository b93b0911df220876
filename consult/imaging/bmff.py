"""The index of an ISO base media file (ISO/IEC 14496-12): which item is what, and where.

Only the index in `meta` is read, within bounds; the coded pictures are for the decoder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consult.imaging.refusals import refused

MAX_BOXES = 2_000  # and items, and places of items; a phone's largest grid has about 500
MAX_INDEX = 2 << 20  # bytes of `meta`; phones write a few thousand

Box = tuple[bytes, int, int]  # type, start and end of the content
Extent = tuple[int, int, int]  # construction method, offset, length
Reference = tuple[bytes, int, list[int]]  # kind, from one item, to others


@dataclass
class Index:
    primary: int = 0
    types: dict[int, bytes] = field(default_factory=dict[int, bytes])
    type_places: dict[int, int] = field(default_factory=dict[int, int])
    """Item to the offset in the file where its type is written."""
    extents: dict[int, list[Extent]] = field(default_factory=dict[int, list[Extent]])
    properties: list[Box] = field(default_factory=list[Box])
    assigned: dict[int, list[int]] = field(default_factory=dict[int, list[int]])
    """Item to its properties, numbered from 1, in the order in which they apply."""
    references: list[Reference] = field(default_factory=list[Reference])
    idat: int = 0

    def properties_of(self, item: int) -> list[Box]:
        numbers = self.assigned.get(item, [])
        return [self.properties[n - 1] for n in numbers if 0 < n <= len(self.properties)]

    def tiles_of(self, item: int) -> list[int]:
        found = (to for kind, source, to in self.references if (kind, source) == (b"dimg", item))
        return [tile for tiles in found for tile in tiles]


def read_index(upload: bytes, meta: Box) -> Index:
    _, start, end = meta
    if end - start > MAX_INDEX:
        raise refused("too_many_segments")
    index = Index()
    for kind, at, stop in boxes(upload, start + 4, end):
        version = integer(upload, at, 1)
        if kind == b"pitm":
            index.primary = integer(upload, at + 4, 4 if version else 2)
        elif kind == b"iinf":
            _read_item_types(upload, at + (8 if version else 6), stop, index)
        elif kind == b"iloc":
            index.extents = _item_extents(upload, at, stop)
        elif kind == b"iref":
            index.references = _references(upload, at, stop)
        elif kind == b"iprp":
            _read_properties(upload, at, stop, index)
        elif kind == b"idat":
            index.idat = at
    return index


def boxes(upload: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes of a range; what is no box at the end of the file is a trailer."""
    for _ in range(MAX_BOXES):
        size, kind, header = integer(upload, start, 4), upload[start + 4 : start + 8], 8
        if size == 1:
            size, header = integer(upload, start + 8, 8), 16
        elif size == 0:
            size = end - start
        if start + 8 > end or size < header or not kind.isalnum():
            return
        if start + size > end:
            raise refused("incomplete_photo")
        yield kind, start + header, start + size
        start += size
    raise refused("too_many_segments")


def integer(upload: bytes, at: int, size: int) -> int:
    return int.from_bytes(upload[at : at + size], "big")


def _read_item_types(upload: bytes, at: int, stop: int, index: Index) -> None:
    """23008-12 uses infe versions 2 and 3."""
    for kind, start, end in boxes(upload, at, stop):
        if kind == b"infe" and integer(upload, start, 1) in {2, 3}:
            wide = 4 if integer(upload, start, 1) == 3 else 2
            item, named = integer(upload, start + 4, wide), start + 6 + wide
            item_type = upload[named : named + 4]
            is_xmp = item_type == b"mime" and b"rdf+xml" in upload[named:end]
            index.types[item] = b"xmp" if is_xmp else item_type
            index.type_places[item] = named


def _item_extents(upload: bytes, start: int, stop: int) -> dict[int, list[Extent]]:
    """14496-12 8.11.3: where the bytes of each item lie."""
    version, cursor = integer(upload, start, 1), _Cursor(upload, start + 4, stop)
    sizes, more = cursor.take(1), cursor.take(1)
    base_size, index_size = more >> 4, more & 15 if version else 0
    wide = 4 if version == 2 else 2
    extents: dict[int, list[Extent]] = {}
    total = 0
    for _ in range(cursor.take(wide)):
        item = cursor.take(wide)
        method = cursor.take(2) & 15 if version else 0
        cursor.take(2)  # the data reference index: another file, which we do not have
        base, count = cursor.take(base_size), cursor.take(2)
        total += count
        if total > MAX_BOXES:  # with sizes of zero, more would cost nothing to claim
            raise refused("too_many_segments")
        extents[item] = []
        for _ in range(count):
            cursor.take(index_size)
            offset, length = cursor.take(sizes >> 4), cursor.take(sizes & 15)
            extents[item].append((method, base + offset, length))
    return extents


def _references(upload: bytes, start: int, stop: int) -> list[Reference]:
    """14496-12 8.11.12."""
    wide = 4 if integer(upload, start, 1) else 2
    references: list[Reference] = []
    for kind, at, end in boxes(upload, start + 4, stop):
        cursor = _Cursor(upload, at, end)
        source = cursor.take(wide)
        references.append((kind, source, [cursor.take(wide) for _ in range(cursor.take(2))]))
    return references


def _read_properties(upload: bytes, start: int, stop: int, index: Index) -> None:
    """23008-12 9.3: the properties, and which item has which."""
    for kind, at, end in boxes(upload, start, stop):
        if kind == b"ipco":
            index.properties = list(boxes(upload, at, end))
        elif kind == b"ipma":
            index.assigned |= _assignments(upload, at, end)


def _assignments(upload: bytes, start: int, stop: int) -> dict[int, list[int]]:
    cursor = _Cursor(upload, start + 4, stop)
    item_size, number_size = (
        (4 if integer(upload, start, 1) else 2),
        (2 if integer(upload, start + 3, 1) & 1 else 1),
    )
    mask = 0x7FFF if number_size == 2 else 0x7F  # the top bit says whether it is essential
    assigned: dict[int, list[int]] = {}
    for _ in range(cursor.take(4)):
        item = cursor.take(item_size)
        assigned[item] = [cursor.take(number_size) & mask for _ in range(cursor.take(1))]
    return assigned


class _Cursor:
    """Reads numbers one after the other and refuses to leave its box."""

    def __init__(self, upload: bytes, at: int, stop: int) -> None:
        self._upload, self._at, self._stop = upload, at, stop

    def take(self, size: int) -> int:
        start, self._at = self._at, self._at + size
        if self._at > self._stop:
            raise refused("damaged_photo")
        return integer(self._upload, start, size)
