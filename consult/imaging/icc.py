"""Colour profiles (ICC.1:2022), rebuilt from the tags that say what the colours are.

A profile may name its owner's monitor in `desc`, and anything at all in private tags. So only
the colorimetric tags are taken over, checked for type and length, under a fresh header.
Grey profiles are left out: DICOM has no place for them (PS3.3 C.11.15.1.1).
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consult.imaging import lut

if TYPE_CHECKING:
    from PIL import Image

MAX_PROFILE = 1 << 20  # bytes

SRGB, DISPLAY_P3, ADOBE_RGB, OTHER = "sRGB", "Display P3", "Adobe RGB", "RGB profile"

_XYZ_TAGS = (b"wtpt", b"bkpt", b"rXYZ", b"gXYZ", b"bXYZ")
_CURVE_TAGS = (b"rTRC", b"gTRC", b"bTRC")
_TABLE_TAGS = (b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2")
_MATRIX_TAGS = {*_CURVE_TAGS, b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ"}
_RESERVED = b"\x00\x00\x00\x00"
_XYZ = b"XYZ " + _RESERVED
_XYZ_TYPES = {b"XYZ ", b"\x17\xa5\x05\xb8"}  # as Corbis wrote it; littleCMS reads both
_D50 = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)

# Red, green and blue primaries under D50 in XYZ, and the light at half signal.
_KNOWN: dict[str, tuple[tuple[float, ...], float]] = {
    SRGB: (
        (0.43607, 0.22249, 0.01392, 0.38515, 0.71687, 0.09708, 0.14307, 0.06061, 0.71410),
        0.2140,
    ),
    DISPLAY_P3: (
        (0.51512, 0.24120, -0.00105, 0.29198, 0.69225, 0.04189, 0.15710, 0.06657, 0.78407),
        0.2140,
    ),
    ADOBE_RGB: (
        (0.60974, 0.31111, 0.01947, 0.20528, 0.62567, 0.06087, 0.14919, 0.06322, 0.74457),
        0.2177,
    ),
}
_CLOSE = 0.003
# From daylight (D65) to D50 by Bradford's method, which those primaries went through (ICC.1 E).
_ADAPTATION = (
    *(1.04788, 0.02292, -0.05022),
    *(0.02959, 0.99048, -0.01707),
    *(-0.00925, 0.01508, 0.75168),
)
# IEC 61966-2-1 as a parametric curve of type 3 (ICC.1 10.18); Display P3 has the same.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

Tags = dict[bytes, bytes]


@dataclass(frozen=True)
class Profile:
    content: bytes
    """A complete profile of class `mntr`."""
    name: str
    """sRGB, Display P3, Adobe RGB or RGB profile."""


def rebuild(profile: bytes) -> Profile | None:
    """Return `profile` with nothing but its colours, or None if it is odd or not for RGB.

    Only where littleCMS may run: see `profiles.rebuilt`.
    """
    found = cleaned(profile)
    return found if found and _usable(found.content) else None


def cleaned(profile: bytes) -> Profile | None:
    """Return the same, without having asked littleCMS whether it can use the result."""
    tags = _colorimetric_tags(profile)
    return _assemble(tags, version=profile[8:12], space=profile[20:24]) if tags else None


def srgb() -> Profile:
    return _defined(SRGB)


def display_p3() -> Profile:
    """Return the profile that some files only name by number (ITU-T H.273)."""
    return _defined(DISPLAY_P3)


def name_of(profile: bytes) -> str:
    """Return sRGB, Display P3, Adobe RGB, or RGB profile for any other."""
    return _name(_colorimetric_tags(profile))


def to_srgb(image: "Image.Image", profile: bytes) -> "Image.Image":
    """Convert colours, or inks, by their profile; ValueError if littleCMS cannot use it."""
    from PIL import ImageCms  # noqa: PLC0415 - only decode workers need to load it

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.ImageCmsProfile(io.BytesIO(srgb().content))
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        raise ValueError("The profile cannot be used.") from error
    assert converted  # None is only for work in place
    return converted


def as_input(profile: bytes) -> bytes:
    """Return the same profile in class `scnr`, as (0028,2000) wants it (PS3.3 C.11.15.1.1)."""
    return profile[:12] + b"scnr" + profile[16:]


def _defined(name: str) -> Profile:
    primaries, _ = _KNOWN[name]
    tags = {b"wtpt": _XYZ + _D50, **dict.fromkeys(_CURVE_TAGS, _parametric(_SRGB_CURVE))}
    tags[b"chad"] = b"sf32" + _RESERVED + _fixed(_ADAPTATION)
    for at, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ")):
        tags[tag] = _XYZ + _fixed(primaries[3 * at : 3 * at + 3])
    return _assemble(tags, version=b"\x04\x00\x00\x00", space=b"XYZ ")


def _colorimetric_tags(profile: bytes) -> Tags:
    """Return the checked tags; empty if the profile cannot be trusted."""
    size = int.from_bytes(profile[:4], "big")
    sound = (
        132 <= size <= len(profile)
        and len(profile) <= MAX_PROFILE
        and profile[36:40] == b"acsp"
        and profile[8] in {2, 4}
        and profile[12:16] in {b"mntr", b"scnr", b"spac"}
        and profile[16:20] == b"RGB "
        and profile[20:24] in {b"XYZ ", b"Lab "}
    )
    if not sound:
        return {}
    tags: Tags = {}
    for number in range(min(int.from_bytes(profile[128:132], "big"), 100)):
        raw = profile[132 + 12 * number : 144 + 12 * number]
        at, length = int.from_bytes(raw[4:8], "big"), int.from_bytes(raw[8:12], "big")
        value = _checked(raw[:4], profile[at : at + length])
        if value and at + length <= size:
            tags.setdefault(raw[:4], value)
    complete = tags.keys() >= _MATRIX_TAGS or tags.keys() >= {b"wtpt", b"A2B0"}
    return tags if complete else {}


def _checked(name: bytes, value: bytes) -> bytes:
    """Return what of `value` has a meaning, or nothing if it is not what `name` stands for."""
    if name in _XYZ_TAGS and value[:4] in _XYZ_TYPES and len(value) >= 20:
        return _XYZ + value[8:20]
    if name == b"chad" and value[:4] == b"sf32" and len(value) >= 44:
        return b"sf32" + _RESERVED + value[8:44]
    if name in _CURVE_TAGS:
        return lut.curve(value)
    return lut.table(value) if name in _TABLE_TAGS else b""


def _assemble(tags: Tags, *, version: bytes, space: bytes) -> Profile:
    name = _name(tags)
    text = _text_v4 if version[0] == 4 else _text_v2
    tags = {b"desc": text(b"desc", name), b"cprt": text(b"cprt", "No copyright"), **tags}
    at = 132 + 12 * len(tags)
    table, content, places = b"", b"", dict[bytes, int]()
    for tag in sorted(tags):
        value = tags[tag]
        if value not in places:  # the three curves are one in most profiles
            places[value] = at + len(content)
            content += value + bytes(-len(value) % 4)
        table += tag + struct.pack(">2I", places[value], len(value))
    size = at + len(content)
    header = struct.pack(
        ">I4x4s4s4s4s6H4s28x12s48x",
        size, version[:2] + b"\x00\x00", b"mntr", b"RGB ", space, 2000, 1, 1, 0, 0, 0, b"acsp", _D50,
    )  # fmt: skip
    return Profile(header + struct.pack(">I", len(tags)) + table + content, name)


def _name(tags: Tags) -> str:
    if not tags.keys() >= _MATRIX_TAGS or b"A2B0" in tags:
        return OTHER
    colours = [value for tag in (b"rXYZ", b"gXYZ", b"bXYZ") for value in _xyz(tags[tag])]
    half = [_light_at_half(tags[tag]) for tag in _CURVE_TAGS]
    for name, (primaries, light) in _KNOWN.items():
        pairs = [*zip(colours, primaries, strict=True), *((value, light) for value in half)]
        if all(abs(found - expected) <= _CLOSE for found, expected in pairs):
            return name
    return OTHER


def _xyz(value: bytes) -> list[float]:
    return [number / 65536 for number in struct.unpack(">3i", value[8:20])]


def _light_at_half(curve: bytes) -> float:
    """Return the linear light for half the signal, 0 to 1 (ICC.1 10.6 and 10.18)."""
    if curve[:4] == b"curv":
        entries = struct.unpack(f">{(len(curve) - 12) // 2}H", curve[12:])
        if not entries:
            return 0.5
        if len(entries) == 1:
            return 0.5 ** (entries[0] / 256)
        low, high = entries[(len(entries) - 1) // 2], entries[len(entries) // 2]
        return (low + high) / 2 / 65535
    gamma, *rest = (
        number / 65536 for number in struct.unpack(f">{len(curve) // 4 - 3}i", curve[12:])
    )
    a, b = (rest[0], rest[1]) if rest else (1.0, 0.0)
    try:
        return max(a * 0.5 + b, 0.0) ** gamma
    except ArithmeticError:  # out of all bounds, or of nothing to a negative power
        return 0.0


def _parametric(values: Sequence[float]) -> bytes:
    return b"para\x00\x00\x00\x00\x00\x03\x00\x00" + _fixed(values)


def _fixed(values: Sequence[float]) -> bytes:
    """ICC.1 4.6 s15Fixed16Number."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _text_v2(tag: bytes, text: str) -> bytes:
    """ICC.1:2001-04 6.5.17 textDescriptionType and 6.5.18 textType."""
    content = text.encode("ascii") + b"\x00"
    if tag == b"cprt":
        return b"text\x00\x00\x00\x00" + content
    return b"desc\x00\x00\x00\x00" + struct.pack(">I", len(content)) + content + bytes(8 + 3 + 67)


def _text_v4(tag: bytes, text: str) -> bytes:  # noqa: ARG001 - same shape as _text_v2
    """ICC.1 10.15 multiLocalizedUnicodeType with one English record."""
    content = text.encode("utf-16-be")
    return (
        b"mluc\x00\x00\x00\x00" + struct.pack(">2I4s2I", 1, 12, b"enUS", len(content), 28) + content
    )


def _usable(profile: bytes) -> bool:
    """Whether littleCMS, which browsers and viewers share, can show colours by it."""
    from PIL import Image  # noqa: PLC0415 - see above

    try:
        to_srgb(Image.new("RGB", (1, 1)), profile)
    except ValueError:
        return False
    return True
