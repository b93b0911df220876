"""A JPEG upload to a draft, without loss wherever that is possible."""

from dataclasses import dataclass, replace
from datetime import datetime

from consult.imaging import exif, findings, icc, jpeg, profiles, upright, workers
from consult.imaging.coding import QUALITY, has_known_sampling
from consult.imaging.draft import TURNS, Draft
from consult.imaging.exif import Facts
from consult.imaging.findings import Findings
from consult.imaging.jpeg import Walk
from consult.imaging.rebuild import rebuild, rebuilt


@dataclass(frozen=True)
class _Source:
    clean: bytes
    walked: Walk
    facts: Facts
    found: Findings
    profile: bytes | None
    """For the finished photo, rebuilt; for CMYK the profile of the inks, as it came."""
    known_sampling: bool
    max_pixels: int

    @property
    def orientation(self) -> int:
        return self.facts.orientation

    @property
    def turn(self) -> tuple[str, ...]:
        return (TURNS[self.orientation],) if self.orientation != 1 else ()


def draft(
    upload: bytes,
    *,
    max_pixels: int,
    received_at: datetime | None = None,
    orientation: int | None = None,
) -> Draft:
    """As it is where it can be; turned or transcoded without loss; else encoded anew.

    `orientation` (1 to 8, as EXIF counts) is somebody's word against that of the file.
    """
    source = _read(upload, max_pixels=max_pixels, received_at=received_at)
    if orientation:
        source = replace(source, facts=replace(source.facts, orientation=orientation))
    if len(source.walked.frame.components) == 4:
        return _from_inks(source)
    if not source.known_sampling:
        return _encoded_anew(source, "unusual colour sampling")
    if source.orientation == 1 and source.walked.is_plain_baseline:
        return _as_it_is(source)
    if not upright.fits(source.walked.frame, source.orientation):
        return _encoded_anew(source, "not of whole blocks")
    if not upright.library():
        return _encoded_anew(source, "no TurboJPEG library")
    return _turned(source)


def _read(upload: bytes, *, max_pixels: int, received_at: datetime | None) -> _Source:
    walked = jpeg.walk(upload, max_pixels=max_pixels)
    facts = exif.read(jpeg.exif_of(upload, walked), received_at=received_at)
    has_inks = len(walked.frame.components) == 4
    profile = _profile(jpeg.icc_of(upload, walked), walked)
    clean = rebuild(upload, walked, profile=None if has_inks else profile)
    return _Source(
        clean=clean,
        walked=walked,
        facts=facts,
        found=findings.of_jpeg(upload, walked, facts),
        profile=profile,
        known_sampling=has_known_sampling(walked.frame),
        max_pixels=max_pixels,
    )


def _profile(profile: bytes, walked: Walk) -> bytes | None:
    """Return the profile if it belongs to the colour model of the photo."""
    if walked.colour in {"CMYK", "YCCK"}:
        return profile if len(profile) <= icc.MAX_PROFILE else None
    return profiles.rebuilt(profile) if walked.colour != "grey" else None


def _as_it_is(source: _Source) -> Draft:
    return Draft(
        jpeg=source.clean,
        facts=source.facts,
        found=source.found,
        steps=("rebuilt",),
        lossless=True,
        verbatim=source.walked,
    )


def _turned(source: _Source) -> Draft:
    turned, _ = workers.run("turn", source.clean, orientation=source.orientation)
    transcoded = () if source.walked.is_plain_baseline else ("transcoded",)
    return Draft(
        jpeg=rebuilt(turned, profile=source.profile),
        facts=source.facts,
        found=source.found,
        steps=("rebuilt", *transcoded, *source.turn),
        lossless=True,
        orientation=source.orientation,
    )


def _encoded_anew(source: _Source, reason: str) -> Draft:
    encoded, notes = workers.run(
        "reencode",
        source.clean,
        orientation=source.orientation,
        strict=source.known_sampling,
        max_pixels=source.max_pixels,
    )
    tables = "with its own tables" if notes["own_tables"] else f"q{QUALITY}"
    return Draft(
        jpeg=rebuilt(encoded, profile=source.profile),
        facts=source.facts,
        found=source.found,
        steps=("rebuilt", *source.turn, f"re-encoded {tables} 4:4:4: {reason}"),
        orientation=source.orientation,
        earlier_loss=(("ISO_10918_1", len(source.clean)),),
        derivation=", ".join(("Re-encoded as JPEG 4:4:4", *source.turn)),
    )


def _from_inks(source: _Source) -> Draft:
    inks = source.profile or b""
    encoded, _ = workers.run(
        "cmyk",
        source.clean,
        inks,
        profile_size=len(inks),
        orientation=source.orientation,
        strict=source.known_sampling,
        max_pixels=source.max_pixels,
    )
    converted = "converted from CMYK to sRGB"
    return Draft(
        jpeg=rebuilt(encoded),
        facts=source.facts,
        found=source.found,
        steps=("rebuilt", converted, *source.turn, f"re-encoded q{QUALITY} 4:4:4"),
        orientation=source.orientation,
        earlier_loss=(("ISO_10918_1", len(source.clean)),),
        derivation=", ".join(("Converted from CMYK to sRGB and JPEG 4:4:4", *source.turn)),
    )
