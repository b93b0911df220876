"""A PNG, WebP, HEIC or AVIF upload to a draft: decoded in a worker, encoded as JPEG."""

from collections.abc import Callable
from datetime import datetime

from consult.imaging import avif, exif, heif, icc, png, profiles, webp, workers
from consult.imaging.coding import QUALITY
from consult.imaging.container import Container
from consult.imaging.draft import TURNS, Draft
from consult.imaging.photo import SourceFormat
from consult.imaging.rebuild import rebuilt

_READERS: dict[SourceFormat, Callable[..., Container]] = {
    "PNG": png.read,
    "WEBP": webp.read,
    "HEIC": heif.read,
    "AVIF": avif.read,
}


def draft(
    source_format: SourceFormat, upload: bytes, *, max_pixels: int, received_at: datetime | None
) -> Draft:
    container = _READERS[source_format](upload, max_pixels=max_pixels)
    facts = exif.read(container.exif, received_at=received_at)
    container.found.note_exif(facts)
    # These say which side is up outside EXIF, which merely repeats it, or contradicts it.
    ignores_exif = source_format in {"HEIC", "AVIF"}
    orientation = (container.own_orientation or 1) if ignores_exif else facts.orientation
    encoded, _ = workers.run(
        source_format.lower(),
        container.picture,
        orientation=orientation,
        max_pixels=max_pixels,
        gamma=container.gamma,
        crop=container.crop,
    )
    turn = (TURNS[orientation],) if orientation != 1 else ()
    return Draft(
        jpeg=rebuilt(encoded, profile=_profile(container)),
        facts=facts,
        found=container.found,
        steps=(f"decoded from {source_format}", *turn, f"encoded q{QUALITY} 4:4:4"),
        orientation=orientation,
        uncertain=ignores_exif and container.own_orientation is None and facts.orientation != 1,
        earlier_loss=_earlier_loss(container),
        derivation=", ".join((f"Converted from {source_format} to JPEG 4:4:4", *turn)),
    )


def _profile(container: Container) -> bytes | None:
    if container.names_display_p3 and not container.icc:
        return icc.display_p3().content
    return profiles.rebuilt(container.icc)


def _earlier_loss(container: Container) -> tuple[tuple[str, int], ...]:
    """WebP and AV1 have no defined term in PS3.3 C.7.6.1.1.5.1, so only HEIC can be named.

    DerivationDescription tells the source format of all of them.
    """
    if not container.lossy_method:
        return ()
    removed = sum(finding.bytes for finding in container.found.listed())
    return ((container.lossy_method, len(container.picture) - removed),)
