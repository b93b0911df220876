"""A bounded reader of the few EXIF facts worth keeping (CIPA DC-008).

It reads IFD0 and the Exif IFD, never the GPS, Interop, MakerNote or thumbnail directories.
Of everything else it notes the presence, for the certificate, and never the value.
Anything odd makes a fact absent; nothing raises.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

MAX_ENTRIES = 512
MAX_VALUE = 256  # bytes

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_INTEGERS = {1, 3, 4}

_ORIENTATION, _MAKE, _MODEL, _EXIF_IFD, _GPS_IFD = 0x0112, 0x010F, 0x0110, 0x8769, 0x8825
_TAKEN, _DIGITIZED, _TAKEN_OFFSET, _OFFSET = 0x9003, 0x9004, 0x9011, 0x9010
_TAKEN_FRACTION, _DIGITIZED_FRACTION = 0x9291, 0x9292
_HIDDEN: dict[str, set[int]] = {
    "gps": {_GPS_IFD},
    "makernote": {0x927C},
    # ImageUniqueID, body and lens serial numbers, DNG camera serial and unique ids.
    "serial": {0xA420, 0xA431, 0xA435, 0xC62F, 0xC65D},
    # Document name, description, host computer, artist, copyright, user comment, the Windows
    # XP tags, camera owner, photographer, editor.
    "owner_text": {0x010D, 0x010E, 0x013B, 0x013C, 0x8298, 0x9286, 0xA430, 0xA437, 0xA438}
    | set(range(0x9C9B, 0x9CA0)),
}

_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_ZONE = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")
_FORBIDDEN = re.compile(r"[^A-Za-z0-9 .,_()+/-]")

Order = Literal["big", "little"]
Entry = tuple[int, bytes]  # type, value bytes; empty when larger than MAX_VALUE


@dataclass(frozen=True)
class Facts:
    orientation: int = 1
    captured_at: datetime | None = None
    """Naive local time."""
    captured_offset: str | None = None
    device_make: str | None = None
    device_model: str | None = None
    hidden: frozenset[str] = frozenset()
    """Which of gps, makernote, serial, owner_text, thumbnail are there."""


def read(block: bytes, *, received_at: datetime | None = None) -> Facts:
    """Read an EXIF block, with or without the `Exif` name in front of the TIFF header.

    A capture time later than a day after `received_at` is a clock that was never set.
    """
    tiff = block[6:] if block[:4] == b"Exif" else block
    order: Order | None = {b"II*\x00": "little", b"MM\x00*": "big"}.get(tiff[:4])  # type: ignore[assignment]
    if not order:
        return Facts()
    main, thumbnail = _directory(tiff, order, _integer(tiff[4:8], order))
    pointer = _number(main.get(_EXIF_IFD), order)
    camera, _ = _directory(tiff, order, pointer) if pointer else ({}, 0)
    taken = _taken(camera, _latest(received_at))
    return Facts(
        orientation=_orientation(main, order),
        captured_at=taken,
        captured_offset=_zone(camera) if taken else None,
        device_make=_device(main.get(_MAKE)),
        device_model=_device(main.get(_MODEL)),
        hidden=_hidden({*main, *camera}, thumbnail=bool(thumbnail)),
    )


def _directory(tiff: bytes, order: Order, at: int) -> tuple[dict[int, Entry], int]:
    """Return the entries of the directory at `at`, and the offset of the next directory."""
    count = _integer(tiff[at : at + 2], order)
    entries: dict[int, Entry] = {}
    for number in range(min(count, MAX_ENTRIES)):
        raw = tiff[at + 2 + 12 * number : at + 14 + 12 * number]
        if len(raw) < 12:
            return entries, 0
        entries.setdefault(_integer(raw[:2], order), _entry(tiff, order, raw))
    behind = at + 2 + 12 * count
    following = _integer(tiff[behind : behind + 4], order) if count <= MAX_ENTRIES else 0
    return entries, following if following < len(tiff) else 0


def _entry(tiff: bytes, order: Order, raw: bytes) -> Entry:
    kind = _integer(raw[2:4], order)
    size = _SIZES.get(kind, 0) * _integer(raw[4:8], order)
    if size > MAX_VALUE:
        return kind, b""
    if size <= 4:
        return kind, raw[8 : 8 + size]
    at = _integer(raw[8:12], order)
    value = tiff[at : at + size]
    return kind, value if len(value) == size else b""


def _integer(raw: bytes, order: Order) -> int:
    return int.from_bytes(raw, order)


def _number(entry: Entry | None, order: Order) -> int:
    return _integer(entry[1], order) if entry and entry[0] in _INTEGERS else 0


def _text(entry: Entry | None) -> str:
    if not entry or entry[0] != 2:
        return ""
    return entry[1].split(b"\x00")[0].decode("ascii", "replace").strip()


def _orientation(main: dict[int, Entry], order: Order) -> int:
    value = _number(main.get(_ORIENTATION), order)
    return value if 2 <= value <= 8 else 1


def _taken(camera: dict[int, Entry], latest: datetime) -> datetime | None:
    """Original, else digitized; never IFD0 DateTime, which editing programs overwrite."""
    for tag, fraction in ((_TAKEN, _TAKEN_FRACTION), (_DIGITIZED, _DIGITIZED_FRACTION)):
        found = _TIME.fullmatch(_text(camera.get(tag)))
        if found:
            digits = re.match(r"\d{0,6}", _text(camera.get(fraction)))
            microsecond = int((digits[0] if digits else "").ljust(6, "0"))
            return _plausible([*map(int, found.groups()), microsecond], latest)
    return None


def _plausible(parts: list[int], latest: datetime) -> datetime | None:
    try:
        taken = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the phone's local time
    except ValueError:
        return None
    return taken if taken.year >= 1990 and taken <= latest else None


def _latest(received_at: datetime | None) -> datetime:
    if received_at is None:
        return datetime(2100, 1, 1)  # noqa: DTZ001 - compared with local times
    return received_at.astimezone(UTC).replace(tzinfo=None) + timedelta(days=1)


def _zone(camera: dict[int, Entry]) -> str | None:
    for tag in (_TAKEN_OFFSET, _OFFSET):
        text = _text(camera.get(tag))
        if _ZONE.fullmatch(text):
            return text
    return None


def _device(entry: Entry | None) -> str | None:
    text = _FORBIDDEN.sub("", _text(entry)).strip()
    return text if 0 < len(text) <= 64 else None


def _hidden(tags: set[int], *, thumbnail: bool) -> frozenset[str]:
    kinds = {kind for kind, wanted in _HIDDEN.items() if tags & wanted}
    return frozenset(kinds | ({"thumbnail"} if thumbnail else set()))
