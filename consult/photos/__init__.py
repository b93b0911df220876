"""Photos of a consult: attached, turned, read."""

from consult.photos.attaching import attach_photo, find_place, require_welcome
from consult.photos.early import MOST_PREVIEW_BYTES, send_preview
from consult.photos.instances import Facts, Place
from consult.photos.reading import (
    Seen,
    get_photo,
    open_photo,
    open_preview,
    record_damage,
    require_still,
    show_again,
)
from consult.photos.rows import coming_in, photos_in, require_newest
from consult.photos.turning import find_turn, turn_photo

__all__ = [
    "MOST_PREVIEW_BYTES",
    "Facts",
    "Place",
    "Seen",
    "attach_photo",
    "coming_in",
    "find_place",
    "find_turn",
    "get_photo",
    "open_photo",
    "open_preview",
    "photos_in",
    "record_damage",
    "require_newest",
    "require_still",
    "require_welcome",
    "send_preview",
    "show_again",
    "turn_photo",
]
