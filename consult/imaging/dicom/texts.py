"""Words of people made fit for the value representations of PS3.5 6.2, in any script."""

import unicodedata
from typing import Final

_LINE_LENGTH: Final = 64  # LO, and each component group of PN
_PARAGRAPH_LENGTH: Final = 1024  # ST
_NO_TEXT: Final = {"Cc", "Cs"}  # control characters, halves of a surrogate pair
_NAME_GROUPS: Final = 3
_NAME_DELIMITERS: Final = 4


def identifier(text: str) -> str:
    """Give an id back exactly; raise ValueError where DICOM would read it as something else."""
    if text != _clean(text):
        raise ValueError("An identifier holds a character that DICOM cannot keep.")
    return text


def line(text: str) -> str:
    return _clean(text)[:_LINE_LENGTH].strip()


def paragraph(text: str) -> str:
    return _clean(text)[:_PARAGRAPH_LENGTH].strip()


def name(text: str) -> str:
    """Keep `^` and `=` where they make a DICOM name; anywhere else they become spaces.

    A name as people write it is not split by guess: it stands whole in the family component.
    The `^` behind it keeps it from reading as the retired form of a name (PS3.5 6.2.1).
    """
    groups = _clean(text).split("=")
    if len(groups) > _NAME_GROUPS or any(g.count("^") > _NAME_DELIMITERS for g in groups):
        return name(text.replace("=", " ").replace("^", " "))
    return "=".join(_group(group) for group in groups)


def _group(text: str) -> str:
    text = text.strip()
    if not text or "^" in text:
        return text[:_LINE_LENGTH]
    return text[: _LINE_LENGTH - 1].strip() + "^"


def _clean(text: str) -> str:
    """Drop the backslash, which separates values, and what is no text; single spaces only."""
    spaced = "".join(" " if unicodedata.category(c) in _NO_TEXT or c == "\\" else c for c in text)
    return " ".join(spaced.split())
