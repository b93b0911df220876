import struct

import numpy as np
import pytest
from PIL import Image

from consult.imaging import icc, lut
from tests.imaging.photos import SECRET, canaries, make_icc, picture

LINE = b"curv" + bytes(8)
GAMMA = b"para" + bytes(4) + b"\x00\x00\x00\x00" + struct.pack(">i", round(2.2 * 65536))
UNIT = struct.pack(">12i", *(65536 if at in (0, 4, 8) else 0 for at in range(12)))


def cube(points: int, numbers: str) -> bytes:
    """A colour table that leaves colours as they are, first axis slowest."""
    axis = np.linspace(0, 1, points)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    return (grid * (255 if numbers == "u1" else 65535)).round().astype(numbers).tobytes()


def mft1() -> bytes:
    ramp = bytes(range(256)) * 3
    return b"mft1" + bytes(4) + b"\x03\x03\x02\x00" + UNIT[:36] + ramp + cube(2, "u1") + ramp


def mft2() -> bytes:
    ramp = struct.pack(">2H", 0, 65535) * 3
    head = b"mft2" + bytes(4) + b"\x03\x03\x03\x00" + UNIT[:36] + struct.pack(">2H", 2, 2)
    return head + ramp + cube(3, ">u2") + ramp


def mab(*, curves: bytes = GAMMA * 3, gap: bytes = b"") -> bytes:
    """All five elements, with `gap` in front of each."""
    grid = b"\x02\x02\x02" + bytes(13) + b"\x02" + bytes(3) + cube(2, ">u2")
    places, content = list[int](), b""
    for element in (LINE * 3, UNIT, LINE * 3, grid, curves):
        content += gap
        places.append(32 + len(content))
        content += element
    return b"mAB " + bytes(4) + b"\x03\x03\x00\x00" + struct.pack(">5I", *places) + content


TABLES = {"mft1": mft1(), "mft2": mft2(), "mAB": mab()}


def with_table(value: bytes) -> bytes:
    """A profile whose colours are in `A2B0`, in the place of a private tag."""
    profile = bytearray(make_icc())
    at = profile.index(b"mmod")
    struct.pack_into(">4s2I", profile, at, b"A2B0", len(profile), len(value))
    profile += value
    profile[:4] = len(profile).to_bytes(4, "big")
    return bytes(profile)


@pytest.mark.parametrize("value", TABLES.values(), ids=TABLES)
def test_a_sound_table_stays_as_it_is(value: bytes) -> None:
    assert lut.table(value) == value


@pytest.mark.parametrize("value", TABLES.values(), ids=TABLES)
def test_what_stands_behind_a_table_is_cut_off(value: bytes) -> None:
    assert lut.table(value + SECRET) == value
    rebuilt = icc.rebuild(with_table(value + SECRET))
    assert rebuilt
    assert value in rebuilt.content
    assert not [canary for canary in canaries(SECRET) if canary in rebuilt.content]


def test_what_stands_between_the_parts_of_a_table_comes_out_as_zero() -> None:
    assert lut.table(mab(gap=SECRET[:32])) == mab(gap=bytes(32))


@pytest.mark.parametrize(("value", "at"), [(mft1(), 11), (mft2(), 4), (mab(), 10), (mab(), 5)])
def test_reserved_bytes_come_out_as_zero(value: bytes, at: int) -> None:
    assert lut.table(value[:at] + b"J" + value[at + 1 :]) == value


@pytest.mark.parametrize("value", TABLES.values(), ids=TABLES)
def test_a_table_that_is_cut_short_is_none(value: bytes) -> None:
    for size in range(len(value)):
        assert lut.table(value[:size]) == b""


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"mft3" + mft1()[4:],
        mft1()[:8] + b"\x04" + mft1()[9:],
        mab(curves=b"text" + bytes(60)),
        mab()[:16] + mab()[12:16] + mab()[20:],  # the matrix inside the curves
        mab()[:12] + b"\xff\xff\xff\xff" + mab()[16:],
    ],
    ids=["empty", "unknown", "of inks", "no curves", "inside another", "outside"],
)
def test_an_odd_table_is_none(value: bytes) -> None:
    assert lut.table(value) == b""


def test_curves_may_be_shared() -> None:
    value = mab()
    shared = value[:12] + value[20:24] + value[16:]  # the B curves are the M curves
    assert lut.table(shared) == shared[:32] + bytes(len(LINE * 3)) + shared[32 + len(LINE * 3) :]


def test_where_a_table_is_odd_the_primaries_say_the_colours() -> None:
    assert icc.rebuild(with_table(b"mft2" + bytes(60))) == icc.rebuild(make_icc())


def test_a_profile_that_littlecms_cannot_use_is_none() -> None:
    one_point = mft1()[:10] + b"\x01" + mft1()[11 : 48 + 768] + bytes(3) + mft1()[-768:]
    assert lut.table(one_point) == one_point
    assert icc.rebuild(with_table(one_point)) is None


@pytest.mark.parametrize("value", TABLES.values(), ids=TABLES)
def test_colours_by_a_table_stay(value: bytes) -> None:
    before = with_table(value)
    rebuilt = icc.rebuild(before)
    assert rebuilt
    assert rebuilt.name == "RGB profile"
    assert (shown(rebuilt.content) == shown(before)).all()


def shown(profile: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image: Image.Image = picture(64, 48)
    return np.asarray(icc.to_srgb(image, profile))
