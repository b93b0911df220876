"""What a look at a PNG, WebP, HEIC or AVIF file finds, before any decoder sees it."""

from dataclasses import dataclass, field

from consult.imaging.findings import Findings
from consult.imaging.refusals import refused

# ITU-T H.273: the numbers by which nclx and cICP name colours.
_DISPLAY_P3 = 12
_HDR_TRANSFERS = {16, 18}  # PQ, HLG


@dataclass
class Container:
    picture: bytes = b""
    """What the decoder gets: the picture without its company."""
    exif: bytes = b""
    icc: bytes = b""
    names_display_p3: bool = False
    gamma: int | None = None
    """PNG gAMA where it means anything: 100,000 times the exponent."""
    own_orientation: int | None = None
    """What HEIC and AVIF say about it outside EXIF; None where there is no word."""
    crop: list[int] | None = None
    """Left, top, right, bottom of the part that AVIF says is to be shown."""
    lossy_method: str | None = None
    found: Findings = field(default_factory=Findings)


def names_display_p3(primaries: int, transfer: int) -> bool:
    """Raises UnsupportedPhoto for HDR: read as plain 8 bit, its colours would be wrong."""
    if transfer in _HDR_TRANSFERS:
        raise refused("unsupported_coding")
    return primaries == _DISPLAY_P3
