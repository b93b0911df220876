"""Photos of a consult: attached, turned, read."""

from consult.photos.attaching import attach_photo, find_place, require_welcome
from consult.photos.instances import Facts, Place
from consult.photos.reading import (
    Seen,
    get_photo,
    open_photo,
    record_damage,
    require_still,
    show_again,
)
from consult.photos.rows import find_preview, photos_in, require_newest
from consult.photos.turning import find_turn, turn_photo

__all__ = [
    "Facts",
    "Place",
    "Seen",
    "attach_photo",
    "find_place",
    "find_preview",
    "find_turn",
    "get_photo",
    "open_photo",
    "photos_in",
    "record_damage",
    "require_newest",
    "require_still",
    "require_welcome",
    "show_again",
    "turn_photo",
]
