"""Curves and colour tables of ICC profiles (ICC.1:2022 10), down to their numbers.

What stands between, behind or in the reserved places of them could be anything: it comes out
as zero, or not at all. All that is odd is nothing.
"""

import math
from itertools import pairwise

_PARAMETERS = (1, 3, 4, 5, 7)  # of each function type of a parametric curve (10.18)
_RESERVED = bytes(4)
_COLOURS = 3  # on both sides: RGB, and XYZ or Lab
_MATRIX = 48  # bytes: nine numbers and an offset each


def curve(value: bytes) -> bytes:
    """10.6 and 10.18."""
    count, function = value[8:12], value[8:10]
    if value[:4] == b"curv" and len(count) == 4:
        head, length = b"curv" + _RESERVED + count, 12 + 2 * int.from_bytes(count, "big")
    elif value[:4] == b"para" and len(count) == 4 and function < bytes((0, len(_PARAMETERS))):
        head, length = b"para" + _RESERVED + function + bytes(2), 12 + 4 * _PARAMETERS[function[1]]
    else:
        return b""
    return head + value[12:length] if len(value) >= length else b""


def table(value: bytes) -> bytes:
    """10.10 to 10.13: `mft1`, `mft2`, `mAB ` and `mBA `, from three colours to three."""
    if len(value) < 32 or value[8:10] != bytes((_COLOURS, _COLOURS)):
        return b""
    if value[:4] in {b"mft1", b"mft2"}:
        return _one_piece(value)
    if value[:4] in {b"mAB ", b"mBA "}:
        return _of_elements(value)
    return b""


def _one_piece(value: bytes) -> bytes:
    grid = value[10] ** _COLOURS * _COLOURS
    if value[:4] == b"mft1":
        size = 48 + 2 * 256 * _COLOURS + grid
    else:
        entries = int.from_bytes(value[48:50], "big") + int.from_bytes(value[50:52], "big")
        size = 52 + 2 * (entries * _COLOURS + grid)
    head = value[:4] + _RESERVED + value[8:11] + b"\x00"
    return head + value[12:size] if len(value) >= size else b""


def _of_elements(value: bytes) -> bytes:
    """Copy each element to where it stands, into zeros; curves may be shared, but not in part."""
    copy, ends = bytearray(len(value)), {(0, 32)}
    copy[:32] = value[:4] + _RESERVED + value[8:10] + bytes(2) + value[12:32]
    for number in range(5):
        at = int.from_bytes(value[12 + 4 * number : 16 + 4 * number], "big")
        if at:
            element = _element(number, value[at:])
            if not element:
                return b""
            copy[at : at + len(element)] = element
            ends.add((at, at + len(element)))
    apart = all(end <= start for (_, end), (start, _) in pairwise(sorted(ends)))
    return bytes(copy[: max(ends)[1]]) if apart else b""


def _element(number: int, value: bytes) -> bytes:
    """Return one of: B curves, matrix, M curves, colour table, A curves."""
    if number == 1:
        return value[:_MATRIX] if len(value) >= _MATRIX else b""
    return _grid(value) if number == 3 else _curves(value)


def _curves(value: bytes) -> bytes:
    """One curve for each colour, each from a multiple of four bytes on."""
    curves, at = b"", 0
    for _ in range(_COLOURS):
        one = curve(value[at:])
        if not one:
            return b""
        curves += one + bytes(-len(one) % 4)
        at = len(curves)
    return curves if len(value) >= at else b""


def _grid(value: bytes) -> bytes:
    """10.12.3: how many points on each axis, how many bytes for a number, the numbers."""
    if len(value) < 20 or value[16] not in {1, 2}:
        return b""
    size = 20 + math.prod(value[:_COLOURS]) * _COLOURS * value[16]
    head = value[:_COLOURS] + bytes(16 - _COLOURS) + value[16:17] + bytes(3)
    return head + value[20:size] if len(value) >= size else b""
