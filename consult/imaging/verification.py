"""A certificate checked against a file, by whoever holds both: no service, no network.

Beside the photo that was sent, everything that the certificate says can be checked, by
scrubbing again. Beside the scrubbed photo it is whose photo it is, and that the photo is clean.
`ok` never rests on what could not be proved.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError

from consult.errors import InvalidPhoto, InvalidRequest
from consult.imaging import formats, icc, jpeg
from consult.imaging.photo import Certificate, Finding, ScrubbedPhoto
from consult.imaging.rebuild import check_clean
from consult.imaging.scrub import scrub
from consult.imaging.turning import KeptPhoto, turned

Facts = dict[str, object]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]

OTHER_ENCODER = (
    "The same picture by the same steps, but other bytes, as another version of the encoder "
    "writes them. Check the scrubbed photo against this certificate as well."
)
NOT_CLEAN = "This file holds more than a scrubbed photo may hold."
REFUSED = "This file is refused when it is scrubbed again."


_BY_HAND = re.compile(r"turned (?:(90|180|270)|back) by (.+)")  # as `turning` words it


def _each_kind_once(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if len({finding.kind for finding in found}) < len(found):
        raise ValueError("one kind is listed twice")
    return found


class Claim(BaseModel, frozen=True, strict=True, extra="forbid"):
    """What a certificate says, or a line of `consult scrub`, which says a little more."""

    found: Annotated[tuple[Finding, ...], AfterValidator(_each_kind_once)]
    removed_bytes: int
    kept: dict[str, str | int]
    lossless: bool
    steps: tuple[str, ...]
    sha256_before: Sha256
    sha256_after: Sha256

    width: int | None = None
    height: int | None = None
    orientation_applied: int | None = None
    orientation_uncertain: bool | None = None

    # Of a line of `consult scrub`, and nothing about the photo itself.
    file: str | None = None
    ok: Literal[True] = True
    error: None = None
    out_jpeg: str | None = None
    out_dicom: str | None = None


@dataclass(frozen=True)
class Difference:
    field: str
    """As in the certificate; `found.gps.count` and `kept.device_make` for what is inside."""
    certificate: object
    """None where the certificate says nothing."""
    file: object
    """What the file says; None for nothing."""
    note: str | None = None


@dataclass(frozen=True)
class Verdict:
    subject: Literal["original", "scrubbed", "neither"]
    """Which of the two photos of the certificate the file is."""
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        return self.subject != "neither" and not self.differences


def read_claim(text: bytes) -> Claim:
    """Raise InvalidRequest for anything but a certificate or a line of `consult scrub`."""
    try:
        return Claim.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        message = f"This is not one certificate of a photo. {reason}."
        raise InvalidRequest(message, code="not_a_certificate") from None


def verify(claim: Claim, file: bytes, *, now: datetime | None = None) -> Verdict:
    """Tell which photo of the certificate `file` is, and where they disagree.

    A capture time more than a day after `now` is not believed, as when the photo arrived.
    """
    sha256 = hashlib.sha256(file).hexdigest()
    if sha256 == claim.sha256_before:  # a clean photo may be both: this way more is checked
        return Verdict("original", tuple(_against_original(claim, file, now)))
    if sha256 == claim.sha256_after:
        return Verdict("scrubbed", tuple(_against_scrubbed(claim, file)))
    expected = claim.model_dump(include={"sha256_before", "sha256_after"})
    return Verdict(
        "neither", tuple(Difference(field, said, sha256) for field, said in expected.items())
    )


def _against_original(claim: Claim, file: bytes, now: datetime | None) -> Iterator[Difference]:
    try:
        photo = scrub(file, max_pixels=formats.MAX_SIDE**2, received_at=now)
        photo = _turned_by_hand(photo, claim.steps)
    except InvalidPhoto as refusal:
        yield Difference("sha256_after", claim.sha256_after, None, f"{REFUSED} {refusal.message}")
        return
    differences = _compared(_facts(claim), _facts(photo.certificate))
    differences += _compared(_said(claim), {name: getattr(photo, name) for name in _said(claim)})
    if [each.field for each in differences] == ["sha256_after"] and not claim.lossless:
        differences = [replace(differences[0], note=OTHER_ENCODER)]
    yield from differences


def _turned_by_hand(photo: ScrubbedPhoto, steps: tuple[str, ...]) -> ScrubbedPhoto:
    """Do again what a person did afterwards; who it was, no file can tell."""
    for step in steps:
        if said := _BY_HAND.fullmatch(step):
            kept = KeptPhoto(**{each.name: getattr(photo, each.name) for each in fields(KeptPhoto)})
            return turned(kept, clockwise=int(said[1] or 0), by=said[2])
    return photo


def _against_scrubbed(claim: Claim, file: bytes) -> Iterator[Difference]:
    try:
        walked = check_clean(file)
    except (InvalidPhoto, RuntimeError):
        yield Difference("sha256_after", claim.sha256_after, None, NOT_CLEAN)
        return
    profile = jpeg.icc_of(file, walked)
    seen: Facts = {
        "removed_bytes": sum(finding.bytes for finding in claim.found),
        "kept.colour_profile": icc.name_of(profile) if profile else None,
        "width": walked.frame.width,
        "height": walked.frame.height,
    }
    claimed = _facts(claim) | {"width": seen["width"], "height": seen["height"]} | _said(claim)
    yield from _compared({name: claimed.get(name) for name in seen}, seen)


def _facts(certificate: Claim | Certificate) -> Facts:
    found, kept = certificate.found, certificate.kept
    return {
        **{f"found.{finding.kind}.count": finding.count for finding in found},
        **{f"found.{finding.kind}.bytes": finding.bytes for finding in found},
        **{f"kept.{fact}": value for fact, value in kept.items()},
        "removed_bytes": certificate.removed_bytes,
        "lossless": certificate.lossless,
        "steps": certificate.steps,
        "sha256_before": certificate.sha256_before,
        "sha256_after": certificate.sha256_after,
    }


def _said(claim: Claim) -> Facts:
    """What a line of `consult scrub` says of the picture; a certificate proper says nothing."""
    names = {"width", "height", "orientation_applied", "orientation_uncertain"}
    return claim.model_dump(include=names, exclude_none=True)


def _compared(claimed: Facts, seen: Facts) -> list[Difference]:
    return [
        Difference(field, claimed.get(field), seen.get(field))
        for field in sorted(claimed.keys() | seen.keys())
        if claimed.get(field) != seen.get(field)
    ]
