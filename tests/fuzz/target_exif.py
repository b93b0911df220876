"""The bounded EXIF reader, which never raises."""

from consult.imaging import exif
from consult.imaging.findings import Findings
from tests.fuzz.target import Target
from tests.imaging.photos import make_exif, tell_all_exif


def run(block: bytes) -> None:
    """Whatever is said to be a fact has the form of one."""
    facts = exif.read(block)
    assert 1 <= facts.orientation <= 8
    assert facts.captured_at is None or 1990 <= facts.captured_at.year <= 2100
    assert facts.captured_offset is None or len(facts.captured_offset) == 6
    for device in (facts.device_make, facts.device_model):
        assert device is None or (0 < len(device) <= 64 and device.isascii())
    Findings().note_exif(facts)


def seeds() -> list[bytes]:
    little = make_exif(orientation=6, taken="2026:01:02 03:04:05")
    return [tell_all_exif(), little, little[6:], b"II*\x00\x08\x00\x00\x00" + bytes(64)]


TARGET = Target(run, seeds)
