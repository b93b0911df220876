"""Attributes as bytes, Explicit VR Little Endian (PS3.5 7.1.2): the bytes that pydicom writes.

pydicom's writer is fit for any data set and needs more than a millisecond for ours; this takes a
fifth of it. What a value may be is still pydicom's judgement, and the tests hold every kind of
header against its writer, byte for byte.
"""

import struct
from functools import cache
from typing import Final, cast

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, validate_value

from consult.imaging.dicom.attributes import Attributes


def encode(values: Attributes) -> bytes:
    """Leave out what is None. Raises ValueError for a value that its VR cannot hold."""
    told = [(_tag(keyword), value) for keyword, value in values.items() if value is not None]
    return b"".join(_element(tag, value) for tag, value in sorted(told, key=lambda pair: pair[0]))


def item_head(length: int) -> bytes:
    """What stands before an item of a sequence or a fragment of pixels (PS3.5 7.5, A.4)."""
    return struct.pack("<HHL", 0xFFFE, 0xE000, length)


def _element(tag: int, value: object) -> bytes:
    vr = dictionary_VR(tag)
    content = _content(vr, value)
    long = vr in EXPLICIT_VR_LENGTH_32
    return (
        struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
        + struct.pack("<xxL" if long else "<H", len(content))
        + content
    )


def _content(vr: str, value: object) -> bytes:
    if vr == "SQ":
        items = [encode(values) for values in cast("list[Attributes]", value)]
        return b"".join(item_head(len(content)) + content for content in items)
    if isinstance(value, bytes):
        return value + b"\0" * (len(value) % 2)
    if vr in _NUMBERS:
        validate_value(vr, value, config.RAISE)
        return struct.pack(_NUMBERS[vr], value)
    return _text(vr, value)


def _text(vr: str, value: object) -> bytes:
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    texts = [str(one) for one in values]
    for text in texts:
        validate_value(vr, text, config.RAISE)
    content = "\\".join(texts).encode()
    padding = b"\0" if vr == "UI" else b" "
    return content + padding * (len(content) % 2)


@cache
def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


_NUMBERS: Final = {"US": "<H", "UL": "<L"}
