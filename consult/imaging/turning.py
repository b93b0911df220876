"""A kept photo, turned because a person asked for it: another photo of the same picture.

Its bytes go the way of every upload: turned without loss where the picture consists of whole
blocks, else encoded anew and marked as that, then walked, decoded strictly and proven clean.
Facts, findings and the hash of the upload are those of the kept photo.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from consult.imaging import formats, from_jpeg
from consult.imaging.draft import TURNS
from consult.imaging.photo import Certificate, LossyStep, ScrubbedPhoto, SourceFormat
from consult.imaging.scrub import finished


@dataclass(frozen=True)
class KeptPhoto:
    """A photo as it lies in the record: the fields of `ScrubbedPhoto` that outlive a turn."""

    jpeg: bytes
    source_format: SourceFormat
    captured_at: datetime | None
    captured_offset: str | None
    device_make: str | None
    device_model: str | None
    orientation_applied: int
    lossy_steps: tuple[LossyStep, ...]
    derivation: str | None
    certificate: Certificate


def turned(kept: KeptPhoto, *, clockwise: int, by: str) -> ScrubbedPhoto:
    """Turn by 0, 90, 180 or 270 degrees; 0 gives back the very bytes of `kept`.

    `by` says who wanted it, in words for the certificate. Raises UnreadablePhoto when what was
    kept is damaged.
    """
    orientation = _ORIENTATIONS[clockwise]
    max_pixels = formats.MAX_SIDE**2  # it came in under the caps of its day
    draft = from_jpeg.draft(kept.jpeg, max_pixels=max_pixels, orientation=orientation)
    again = finished(kept.jpeg, draft, source_format=kept.source_format)
    return replace(
        again,
        captured_at=kept.captured_at,
        captured_offset=kept.captured_offset,
        device_make=kept.device_make,
        device_model=kept.device_model,
        orientation_applied=kept.orientation_applied,
        orientation_uncertain=False,
        lossy_steps=_lossy_steps(kept, again),
        derivation=_derivation(kept, again, TURNS.get(orientation)),
        certificate=_certificate(kept, again, _words(clockwise, by)),
    )


def _lossy_steps(kept: KeptPhoto, again: ScrubbedPhoto) -> tuple[LossyStep, ...]:
    """A turn without loss is no further step; it only gives the last one another size."""
    earlier = kept.lossy_steps[:-1] if again.lossless else kept.lossy_steps
    return (*earlier, again.lossy_steps[-1])


def _derivation(kept: KeptPhoto, again: ScrubbedPhoto, turn: str | None) -> str | None:
    """A picture whose coefficients are still the sender's is not derived from another."""
    if kept.derivation and again.lossless:
        return ", ".join(filter(None, (kept.derivation, turn)))
    return "; ".join(filter(None, (kept.derivation, again.derivation))) or None


def _certificate(kept: KeptPhoto, again: ScrubbedPhoto, turn: str) -> Certificate:
    encoded = [step for step in again.certificate.steps if step.startswith("re-encoded")]
    return replace(
        kept.certificate,
        lossless=kept.certificate.lossless and again.lossless,
        steps=(*kept.certificate.steps, turn, *encoded),
        sha256_after=again.certificate.sha256_after,
    )


def _words(clockwise: int, by: str) -> str:
    return f"turned {clockwise} by {by}" if clockwise else f"turned back by {by}"


_ORIENTATIONS: Final = {0: 1, 90: 6, 180: 3, 270: 8}
"""The EXIF orientation that asks for as much, by degrees clockwise."""
