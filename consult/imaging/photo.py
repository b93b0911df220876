"""What the scrubber hands on: a clean photo, the facts worth keeping, and its certificate.

A `ScrubbedPhoto` begins in `scrub.finished` and nowhere else, after its bytes were proven clean;
`turning.turned` puts a kept photo through the same proof and gives it back its facts. `dicom.wrap`
takes nothing else, so the type checker proves that nothing unscrubbed is ever wrapped.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Photometric = Literal["YBR_FULL_422", "RGB", "MONOCHROME2"]  # PS3.3 C.7.6.3.1.2
SourceFormat = Literal["JPEG", "PNG", "WEBP", "HEIC", "AVIF"]  # DigitalImageFormatAcquired


@dataclass(frozen=True)
class Finding:
    """One kind of hidden thing in the upload; never its value."""

    kind: str
    """exif gps makernote serial owner_text thumbnail xmp iptc photoshop icc c2pa mpf gain_map
    comment png_text app_other adobe_extra trailer motion_video second_image auxiliary_image
    junk"""
    count: int
    bytes: int
    """Of the blocks themselves; 0 for what is only seen inside another block, such as gps."""


@dataclass(frozen=True)
class LossyStep:
    """One lossy compression that the pixels went through (PS3.3 C.7.6.1.1.5)."""

    method: str
    """Defined term of LossyImageCompressionMethod: ISO_10918_1, ISO_23008_2."""
    ratio: float
    """Uncompressed bytes over compressed bytes of that step."""


@dataclass(frozen=True)
class Quality:
    """Advice to the sender; never a reason to refuse."""

    sharpness: float
    """Of the strongest edges: 1 is none at all, 1.5 crisp; below `advice.SOFT` it looks blurred."""
    brightness: float
    """Mean luma, 0 (black) to 1 (white)."""
    clipped: float
    """Share of the light that is lost to white, colour by colour, 0 to 1."""
    advice: str | None
    """One sentence for the sender, or None when nothing is wrong."""


@dataclass(frozen=True)
class Certificate:
    """What was found, removed and kept, as the walk of the OUTPUT proved it."""

    found: tuple[Finding, ...]
    removed_bytes: int
    kept: dict[str, str | int]
    """What stays on purpose: captured_at, captured_offset, device_make, device_model,
    colour_profile, orientation_applied."""
    lossless: bool
    """True when the coefficients of the picture are the sender's."""
    steps: tuple[str, ...]
    """In their order, in plain words: rebuilt, transcoded, turned 90, re-encoded q98 4:4:4 with
    the reason, converted from CMYK to sRGB, decoded from HEIC, encoded q98 4:4:4."""
    sha256_before: str
    """Lower-case hex of what arrived."""
    sha256_after: str
    """Lower-case hex of the scrubbed JPEG."""


@dataclass(frozen=True)
class ScrubbedPhoto:
    """A baseline JPEG that holds the picture, upright, and nothing else."""

    jpeg: bytes
    """JPEG Baseline, 8 bit: SOI, [APP0 | APP14], [APP2 ICC…], tables, SOF0, scans, EOI."""
    preview: bytes
    """Small sRGB JPEG, longer side 320 to 640 px where the photo has them, without any metadata."""
    width: int
    height: int
    photometric: Photometric
    icc_profile: bytes | None
    """The rebuilt profile as it stands in the JPEG (class `mntr`), or None for sRGB."""
    source_format: SourceFormat
    captured_at: datetime | None
    """Local time of the exposure, naive, with sub-seconds when the phone wrote them."""
    captured_offset: str | None
    """`+HH:MM` or `-HH:MM` as the phone wrote it; None is unknown, never guessed."""
    device_make: str | None
    device_model: str | None
    orientation_applied: int
    """The EXIF orientation (1 to 8) that was made real in the pixels; 1 is none."""
    orientation_uncertain: bool
    """True where the file contradicts itself about which side is up (HEIC without irot)."""
    lossy_steps: tuple[LossyStep, ...]
    """Oldest first; never empty for a JPEG."""
    derivation: str | None
    """DerivationDescription when the pixels were re-encoded, else None."""
    quality: Quality
    certificate: Certificate

    @property
    def samples_per_pixel(self) -> int:
        return 1 if self.photometric == "MONOCHROME2" else 3

    @property
    def lossless(self) -> bool:
        return self.certificate.lossless
