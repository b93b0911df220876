"""Every reason for which a photo is refused, in one place.

`code` is stable: programs, translations and help pages are keyed on it. The message is for
the person who sent the photo: plain words, what to do next, nothing of what was sent.
"""

from consult.errors import InvalidPhoto, PhotoTooLarge, UnreadablePhoto, UnsupportedPhoto

_AGAIN = "Please take or choose the photo again and send it once more."
_KINDS = "Please send a JPEG, HEIC, AVIF, PNG or WebP photo."

REFUSALS: dict[str, tuple[type[InvalidPhoto], str]] = {
    # 415: a kind of file, or a coding, that cannot be kept faithfully
    "unsupported_format": (UnsupportedPhoto, f"This kind of file cannot be used. {_KINDS}"),
    "animated": (UnsupportedPhoto, "This is a moving picture. Please send a still photo."),
    "unsupported_coding": (
        UnsupportedPhoto,
        "This photo is saved in a rare way. Please save it as a normal JPEG and send it again.",
    ),
    # 413: more than the caps allow
    "too_many_pixels": (
        PhotoTooLarge,
        "This photo has too many pixels. Please send a smaller version of it.",
    ),
    "too_heavy": (
        PhotoTooLarge,
        "This photo needs too much memory to open. Please send a smaller version of it.",
    ),
    # 422: damaged, incomplete, or not a picture at all
    "empty_upload": (UnreadablePhoto, f"The file is empty. {_AGAIN}"),
    "not_a_photo": (UnreadablePhoto, f"There is no picture in this file. {_AGAIN}"),
    "incomplete_photo": (UnreadablePhoto, "Part of the photo is missing. Please send it again."),
    "damaged_photo": (UnreadablePhoto, f"The photo is damaged. {_AGAIN}"),
    "impossible_size": (UnreadablePhoto, f"The photo does not say how large it is. {_AGAIN}"),
    "too_many_segments": (UnreadablePhoto, f"The file has too many parts for a photo. {_AGAIN}"),
    "too_many_scans": (UnreadablePhoto, f"The file has too many layers for a photo. {_AGAIN}"),
    "took_too_long": (UnreadablePhoto, f"The photo took too long to open. {_AGAIN}"),
}


def refused(code: str) -> InvalidPhoto:
    """Return the error for `code`, ready to be raised."""
    error, message = REFUSALS[code]
    return error(message, code=code)
