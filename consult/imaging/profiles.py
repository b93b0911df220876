"""A colour profile rebuilt here, and tried by littleCMS in a worker."""

from consult.errors import InvalidPhoto
from consult.imaging import icc, workers


def rebuilt(profile: bytes) -> bytes | None:
    """Return `profile` with nothing but its colours; None if it is odd, not for RGB or unusable.

    The worker's word decides whether the profile is used, never what is in it.
    """
    found = icc.cleaned(profile)
    return found.content if found and _usable(found.content) else None


def _usable(profile: bytes) -> bool:
    try:
        _, notes = workers.run("profile", profile)
    except InvalidPhoto:  # a profile that ends its worker is no reason to refuse the photo
        return False
    return notes["usable"] is True
