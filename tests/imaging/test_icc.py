import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from consult.imaging import icc
from consult.imaging.icc import as_input, rebuild
from tests.imaging.photos import SECRET, canaries, make_icc, picture


def shown(profile: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.asarray(icc.to_srgb(picture(64, 48), profile)).astype(np.int16)


def test_names_serial_numbers_and_private_tags_are_gone() -> None:
    rebuilt = rebuild(make_icc())

    assert rebuilt
    for secret in (SECRET, b"J. Doe's monitor"):
        assert not [canary for canary in canaries(secret) if canary in rebuilt.content]
    for owner in (b"APPL", b"appl", b"acer", b"S/N1", b"Doe "):
        assert owner not in rebuilt.content


@pytest.mark.parametrize(("name", "expected"), [("sRGB", "sRGB"), ("P3", "Display P3")])
def test_the_colours_and_their_name_stay(name: str, expected: str) -> None:
    profile = make_icc(name=name)
    rebuilt = rebuild(profile)
    assert rebuilt
    assert rebuilt.name == expected
    assert np.abs(shown(rebuilt.content) - shown(profile)).max() <= 1


def test_rebuilding_twice_is_rebuilding_once() -> None:
    once = rebuild(make_icc())
    assert once
    assert rebuild(once.content) == once


@pytest.mark.parametrize(
    ("profile", "name"), [(icc.srgb(), "sRGB"), (icc.display_p3(), "Display P3")]
)
def test_a_profile_from_its_definition_is_recognised(profile: icc.Profile, name: str) -> None:
    assert icc.name_of(profile.content) == name
    assert rebuild(profile.content) == profile


def test_display_p3_from_its_definition_shows_what_an_apple_profile_shows() -> None:
    made = make_icc(name="P3")
    assert np.abs(shown(icc.display_p3().content) - shown(made)).max() <= 1
    assert np.abs(shown(made) - np.asarray(picture(64, 48)).astype(np.int16)).max() > 10


def test_the_profile_for_dicom_differs_in_its_class_alone() -> None:
    profile = icc.display_p3().content
    as_scanner = as_input(profile)
    assert (profile[12:16], as_scanner[12:16]) == (b"mntr", b"scnr")
    assert profile.replace(b"mntr", b"scnr", 1) == as_scanner
    assert (shown(as_scanner) == shown(profile)).all()


def test_gamma_2_2_with_the_primaries_of_srgb_is_not_srgb() -> None:
    curve = b"curv\x00\x00\x00\x00" + struct.pack(">IH", 1, round(2.6 * 256)) + b"\x00\x00"
    profile = icc.srgb().content
    at = profile.index(b"para")
    changed = rebuild(profile[:at] + curve + profile[at + len(curve) :])
    assert changed
    assert changed.name == "RGB profile"


def overwritten(profile: bytes, behind: bytes, at: int, value: bytes) -> bytes:
    """Write `value` at `at` bytes from where `behind` first stands."""
    start = profile.index(behind) + at
    return profile[:start] + value + profile[start + len(value) :]


SOUND = make_icc()
ODD = {
    "nothing": b"",
    "for grey": overwritten(SOUND, b"RGB ", 0, b"GRAY"),
    "for printers": overwritten(SOUND, b"mntr", 0, b"prtr"),
    "no signature": overwritten(SOUND, b"acsp", 0, b"xxxx"),
    "no red": overwritten(SOUND, b"rXYZ", 0, b"rXXX"),
    "size too large": (len(SOUND) + 1).to_bytes(4, "big") + SOUND[4:],
    "tag outside": overwritten(SOUND, b"rTRC", 4, b"\xff\xff\xff\x00"),
    "endless curve": overwritten(SOUND, b"curv", 8, b"\xff\xff\xff\xff"),
    # The last tag becomes a colour table, without any colours in it, and one primary is missing.
    "an empty table": overwritten(
        overwritten(SOUND, b"mmod", 0, b"A2B0")[:-36] + b"mft2".ljust(36, b"\x00"),
        *(b"rXYZ", 0, b"rXXX"),
    ),
    "too many bytes": ((1 << 21).to_bytes(4, "big") + SOUND[4:]).ljust(1 << 21, b"x"),
}


@pytest.mark.parametrize("profile", ODD.values(), ids=ODD.keys())
def test_an_odd_profile_is_no_profile(profile: bytes) -> None:
    assert rebuild(profile) is None


def test_pillow_reads_the_rebuilt_profile_and_its_fixed_name() -> None:
    for profile in (rebuild(make_icc()), icc.display_p3()):
        assert profile
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile.content))
        assert ImageCms.getProfileDescription(opened).strip() == profile.name


def test_colours_cannot_be_converted_by_nonsense() -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        icc.to_srgb(Image.new("RGB", (1, 1)), b"nonsense")


def test_the_scrambled_type_name_that_some_programs_write_is_put_right() -> None:
    """LittleCMS reads it all the same, so the original is shown in those colours."""
    sound = make_icc(name="P3")
    scrambled = sound[:132] + sound[132:].replace(
        b"XYZ \x00\x00\x00\x00", b"\x17\xa5\x05\xb8\x00\x00\x00\x00"
    )
    assert scrambled.count(b"\x17\xa5\x05\xb8") == 4
    assert rebuild(scrambled) == rebuild(sound)


def test_bytes_without_a_meaning_come_out_as_zero() -> None:
    """Four of them stand behind every type name."""
    sound = icc.display_p3().content
    marked = sound
    for kind in (b"XYZ ", b"para", b"sf32"):
        marked = marked[:132] + marked[132:].replace(kind + bytes(4), kind + b"DOE!")
    marked = marked.replace(b"paraDOE!\x00\x03\x00\x00", b"paraDOE!\x00\x03JD")
    assert marked.count(b"DOE!") == 6
    assert rebuild(marked) == icc.display_p3()


def test_a_profile_from_its_definition_says_that_its_white_was_daylight() -> None:
    """With the adaptation of its `chad` undone, white is D65 again."""
    content = icc.srgb().content
    at = content.index(b"sf32") + 8
    adaptation = np.array(struct.unpack_from(">9i", content, at)).reshape(3, 3) / 65536
    white = np.linalg.solve(adaptation, [0.9642, 1.0, 0.8249])
    assert white == pytest.approx([0.9505, 1.0, 1.0888], abs=0.001)


@pytest.mark.parametrize(
    "numbers",
    [(0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 0), (-0x10000, 0, 0, 0, 0)],
    ids=["beyond all numbers", "nothing to a negative power"],
)
def test_a_curve_that_nobody_can_compute_names_no_colours(numbers: tuple[int, ...]) -> None:
    sound = icc.srgb().content
    at = sound.index(b"para") + 12
    profile = sound[:at] + struct.pack(">5i", *numbers) + sound[at + 20 :]
    assert icc.name_of(profile) == "RGB profile"
