"""Photos of a consult: attached, turned, read."""

from consult.photos.attaching import attach_photo, find_place, require_welcome
from consult.photos.instances import Facts
from consult.photos.reading import get_photo, list_photos, open_photo
from consult.photos.turning import find_turn, turn_photo

__all__ = [
    "Facts",
    "attach_photo",
    "find_place",
    "find_turn",
    "get_photo",
    "list_photos",
    "open_photo",
    "require_welcome",
    "turn_photo",
]
