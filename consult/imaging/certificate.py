"""The scrub certificate as machines and as people read it."""

from dataclasses import asdict

from consult.imaging.photo import Certificate, Finding

# What stays in the photo in a cleaned form is not counted as removed.
_STAYS = {"icc"}


def certificate_json(certificate: Certificate) -> dict[str, object]:
    """Return the certificate for the wire: found, removed_bytes, kept, lossless, steps, sha256_*."""
    return {**asdict(certificate), "found": [asdict(finding) for finding in certificate.found]}


def summary(certificate: Certificate) -> str:
    """Return one or two plain sentences for the person who sent the photo."""
    return f"{_removed(certificate.found)} {_picture(certificate)}"


def _removed(found: tuple[Finding, ...]) -> str:
    count = sum(f.count for f in found if f.kind not in _STAYS | {"gps"})
    located = any(f.kind == "gps" for f in found)
    items = f"{count} {'other ' if located else ''}hidden {'item' if count == 1 else 'items'}"
    if located and count:
        return f"Location and {items} were removed."
    if located:
        return "The location was removed."
    if count:
        return f"{items.capitalize()} {'was' if count == 1 else 'were'} removed."
    return "Nothing hidden was found."


def _picture(certificate: Certificate) -> str:
    if certificate.lossless and _was_turned(certificate):
        return "The picture was turned upright and is otherwise unchanged."
    if certificate.lossless:
        return "The picture itself is unchanged."
    return "The picture was saved anew at high quality."


def _was_turned(certificate: Certificate) -> bool:
    by_hand = any(" by " in step for step in certificate.steps)
    return by_hand or certificate.kept.get("orientation_applied", 1) != 1
