"""A photo half way: clean of segments, not yet verified."""

from dataclasses import dataclass

from consult.imaging.exif import Facts
from consult.imaging.findings import Findings
from consult.imaging.jpeg import Walk

TURNS = {
    2: "mirrored", 3: "turned 180", 4: "turned 180 and mirrored", 5: "turned 90 and mirrored",
    6: "turned 90", 7: "turned 270 and mirrored", 8: "turned 270",
}  # fmt: skip


@dataclass(frozen=True)
class Draft:
    jpeg: bytes
    facts: Facts
    found: Findings
    steps: tuple[str, ...]
    lossless: bool = False
    verbatim: Walk | None = None
    """The walk of the upload, where its coded data must come out to the byte."""
    orientation: int = 1
    uncertain: bool = False
    earlier_loss: tuple[tuple[str, int], ...] = ()
    """Lossy compressions before the last: defined term, and bytes that it came to."""
    derivation: str | None = None
