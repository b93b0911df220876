"""The one entry: upload bytes to a `ScrubbedPhoto` with its certificate.

Every door (upload, resumed upload, STOW, command line) comes through here. What the
certificate says is read back from the finished photo, not from what the code meant to do.
"""

import hashlib
from datetime import datetime

from consult.imaging import advice, formats, from_container, from_jpeg, icc, jpeg, preview
from consult.imaging.draft import Draft
from consult.imaging.jpeg import Coded, Frame, Walk
from consult.imaging.photo import (
    Certificate,
    LossyStep,
    Photometric,
    ScrubbedPhoto,
    SourceFormat,
)
from consult.imaging.rebuild import check_clean

_PHOTOMETRIC: dict[str, Photometric] = {
    "grey": "MONOCHROME2",
    "RGB": "RGB",
    "YCbCr": "YBR_FULL_422",
}


def scrub(
    upload: bytes, *, max_pixels: int = formats.MAX_PIXELS, received_at: datetime | None = None
) -> ScrubbedPhoto:
    """Return the picture of `upload`, upright, with nothing hidden in it.

    A capture time more than a day after `received_at` is not believed. Raises
    UnsupportedPhoto, PhotoTooLarge or UnreadablePhoto, with a code of `refusals.REFUSALS`.
    """
    source_format = formats.sniff(upload)
    if source_format == "JPEG":
        draft = from_jpeg.draft(upload, max_pixels=max_pixels, received_at=received_at)
    else:
        draft = from_container.draft(
            source_format, upload, max_pixels=max_pixels, received_at=received_at
        )
    return finished(upload, draft, source_format=source_format)


def finished(source: bytes, draft: Draft, *, source_format: SourceFormat) -> ScrubbedPhoto:
    """Prove that `draft` is whole, clean and what it says of `source`; then it is a photo.

    The one place where a `ScrubbedPhoto` begins. Raises UnreadablePhoto for a damaged picture.
    """
    expected = draft.verbatim.coded_in(source) if draft.verbatim else ()
    walked = check_clean(draft.jpeg, searched=expected)
    if draft.verbatim:
        _check_verbatim(expected, draft.jpeg, walked)
    profile = jpeg.icc_of(draft.jpeg, walked) or None
    with preview.verifying(draft.jpeg, profile=profile) as verified:
        certificate = _certificate(source, draft, profile)
        small, measures = verified()
    width, height = walked.frame.width, walked.frame.height
    return ScrubbedPhoto(
        jpeg=draft.jpeg,
        preview=small,
        width=width,
        height=height,
        photometric=_PHOTOMETRIC[walked.colour],
        icc_profile=profile,
        source_format=source_format,
        captured_at=draft.facts.captured_at,
        captured_offset=draft.facts.captured_offset,
        device_make=draft.facts.device_make,
        device_model=draft.facts.device_model,
        orientation_applied=draft.orientation,
        orientation_uncertain=draft.uncertain,
        lossy_steps=_lossy_steps(draft, walked.frame),
        derivation=draft.derivation,
        quality=advice.judged(measures, width=width, height=height),
        certificate=certificate,
    )


def _check_verbatim(expected: Coded, output: bytes, walked: Walk) -> None:
    """Compare the coded data of the photo with those of the upload."""
    pairs = zip(expected, walked.coded, strict=True)
    # Not view by view: Python compares those item by item, ten times slower.
    if not all(len(e) == end - at and output.startswith(e, at) for e, (at, end) in pairs):
        raise RuntimeError("The coded data of the photo changed.")


def _lossy_steps(draft: Draft, frame: Frame) -> tuple[LossyStep, ...]:
    """PS3.3 C.7.6.1.1.5.2: uncompressed bytes over those of each step, two decimals."""
    uncompressed = frame.width * frame.height * len(frame.components)
    steps = (*draft.earlier_loss, ("ISO_10918_1", len(draft.jpeg)))
    return tuple(LossyStep(method, round(uncompressed / max(size, 1), 2)) for method, size in steps)


def _certificate(upload: bytes, draft: Draft, profile: bytes | None) -> Certificate:
    found = draft.found.listed()
    return Certificate(
        found=found,
        removed_bytes=sum(finding.bytes for finding in found),
        kept=_kept(draft, profile),
        lossless=draft.lossless,
        steps=draft.steps,
        sha256_before=hashlib.sha256(upload).hexdigest(),
        sha256_after=hashlib.sha256(draft.jpeg).hexdigest(),
    )


def _kept(draft: Draft, profile: bytes | None) -> dict[str, str | int]:
    facts = draft.facts
    kept: dict[str, str | int | None] = {
        "captured_at": facts.captured_at.isoformat() if facts.captured_at else None,
        "captured_offset": facts.captured_offset,
        "device_make": facts.device_make,
        "device_model": facts.device_model,
        "colour_profile": icc.name_of(profile) if profile else None,
        "orientation_applied": draft.orientation,
    }
    return {fact: value for fact, value in kept.items() if value is not None}
