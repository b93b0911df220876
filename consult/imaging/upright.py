"""Turn the coefficients of a JPEG upright, without decoding them to pixels.

DICOM viewers honour no orientation flag (PS3.17 NNNN), so what is stored must be upright.
libjpeg-turbo's TurboJPEG API moves whole blocks: nothing is lost where the picture consists of
whole blocks, and `fits` says beforehand whether it does. No operation at all makes
progressive and arithmetic streams baseline, equally without loss.
"""

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from functools import cache

from consult.imaging.jpeg import Frame
from consult.imaging.refusals import refused

# EXIF orientation to TJXOP; 1 is TJXOP_NONE.
_OPERATIONS = {1: 0, 2: 1, 3: 6, 4: 2, 5: 3, 6: 5, 7: 4, 8: 7}
_WHOLE_WIDTH, _WHOLE_HEIGHT = {2, 3, 7, 8}, {3, 4, 6, 7}
_PERFECT, _COPY_NONE = 1, 64
_STOP_ON_WARNING, _LIMIT_SCANS = 8192, 32768


class _Region(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in "xywh"]


class _Transform(ctypes.Structure):
    _fields_ = [
        ("region", _Region),
        ("operation", ctypes.c_int),
        ("options", ctypes.c_int),
        ("data", ctypes.c_void_p),
        ("filter", ctypes.c_void_p),
    ]


def library() -> str | None:
    """Return the name of the TurboJPEG library in use; CONSULT_TURBOJPEG overrides the search."""
    found = _library()
    return found[0] if found else None


def fits(frame: Frame, orientation: int) -> bool:
    """Whether the turn moves whole blocks only, so that every coefficient is kept."""
    width, height = frame.mcu
    return not (orientation in _WHOLE_WIDTH and frame.width % width) and not (
        orientation in _WHOLE_HEIGHT and frame.height % height
    )


def turn(jpeg: bytes, orientation: int) -> bytes:
    """Return a baseline JPEG, turned upright from the EXIF `orientation`, without loss.

    Raises UnreadablePhoto where the coded data are damaged.
    """
    found = _library()
    if found is None:
        raise RuntimeError("The TurboJPEG library is missing.")
    turbo = found[1]
    transform = _Transform(operation=_OPERATIONS[orientation], options=_PERFECT | _COPY_NONE)
    turned, size = ctypes.c_void_p(), ctypes.c_ulong()
    handle = turbo.tjInitTransform()
    if not handle:
        raise MemoryError
    try:
        status = turbo.tjTransform(
            handle, jpeg, len(jpeg), 1, ctypes.byref(turned), ctypes.byref(size),
            ctypes.byref(transform), _STOP_ON_WARNING | _LIMIT_SCANS,
        )  # fmt: skip
        if status:
            raise _failure(turbo.tjGetErrorStr2(handle))
        return ctypes.string_at(turned, size.value)
    finally:
        turbo.tjFree(turned)
        turbo.tjDestroy(handle)


def _failure(message: bytes) -> Exception:
    return MemoryError() if b"memory" in message.lower() else refused("damaged_photo")


@cache
def _library() -> tuple[str, ctypes.CDLL] | None:
    for name in _names():
        try:
            return name, _declared(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    return None


def _names() -> Iterator[str]:
    if chosen := os.environ.get("CONSULT_TURBOJPEG"):
        yield chosen
        return
    yield "libturbojpeg.so.0"
    # Asks the compiler and the linker cache, which takes a while: so last.
    if found := ctypes.util.find_library("turbojpeg"):
        yield found


def _declared(turbo: ctypes.CDLL) -> ctypes.CDLL:
    """Declare the types: undeclared, pointers would be cut to 32 bits."""
    pointer = ctypes.c_void_p
    turbo.tjInitTransform.restype = pointer
    turbo.tjTransform.argtypes = [
        pointer, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_int, ctypes.POINTER(pointer),
        ctypes.POINTER(ctypes.c_ulong), ctypes.POINTER(_Transform), ctypes.c_int,
    ]  # fmt: skip
    turbo.tjFree.argtypes = turbo.tjDestroy.argtypes = [pointer]
    turbo.tjGetErrorStr2.argtypes, turbo.tjGetErrorStr2.restype = [pointer], ctypes.c_char_p
    return turbo
