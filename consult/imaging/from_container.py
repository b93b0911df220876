"""A PNG, WebP or HEIC upload to a draft: decoded in a worker, encoded as JPEG."""

from collections.abc import Callable
from datetime import datetime

from consult.imaging import exif, heif, icc, png, webp, workers
from consult.imaging.container import Container
from consult.imaging.draft import TURNS, Draft
from consult.imaging.photo import SourceFormat
from consult.imaging.pixels import QUALITY
from consult.imaging.rebuild import rebuilt

_READERS: dict[SourceFormat, Callable[..., Container]] = {
    "PNG": png.read,
    "WEBP": webp.read,
    "HEIC": heif.read,
}


def draft(
    source_format: SourceFormat, upload: bytes, *, max_pixels: int, received_at: datetime | None
) -> Draft:
    container = _READERS[source_format](upload, max_pixels=max_pixels)
    facts = exif.read(container.exif, received_at=received_at)
    container.found.note_exif(facts)
    # HEIC files say which side is up outside EXIF, which merely repeats it, or contradicts it.
    is_heic = source_format == "HEIC"
    orientation = (container.own_orientation or 1) if is_heic else facts.orientation
    encoded, _ = workers.run(
        source_format.lower(),
        container.picture,
        orientation=orientation,
        max_pixels=max_pixels,
        gamma=container.gamma,
    )
    turn = (TURNS[orientation],) if orientation != 1 else ()
    return Draft(
        jpeg=rebuilt(encoded, profile=_profile(container)),
        facts=facts,
        found=container.found,
        steps=(f"decoded from {source_format}", *turn, f"encoded q{QUALITY} 4:4:4"),
        orientation=orientation,
        uncertain=is_heic and container.own_orientation is None and facts.orientation != 1,
        earlier_loss=_earlier_loss(container),
        derivation=", ".join((f"Converted from {source_format} to JPEG 4:4:4", *turn)),
    )


def _profile(container: Container) -> bytes | None:
    if container.names_display_p3 and not container.icc:
        return icc.display_p3().content
    profile = icc.rebuild(container.icc)
    return profile and profile.content


def _earlier_loss(container: Container) -> tuple[tuple[str, int], ...]:
    """WebP has no defined term in PS3.3 C.7.6.1.1.5.1, so only HEIC can be named."""
    if not container.lossy_method:
        return ()
    removed = sum(finding.bytes for finding in container.found.listed())
    return ((container.lossy_method, len(container.picture) - removed),)
