"""Keys: key-encryption key (a file) -> a key per subject (keys.db) -> values, and keys of objects.

Losing the key file loses everything that is kept of anybody; forgetting one subject's key
loses that subject, on purpose.
"""

from consult.backends.keys.keyring import (
    SERVICE,
    Keys,
    KeyStatus,
    UnknownSubject,
    is_shredded,
    keys_of,
)
from consult.backends.keys.opening import open_keys
from consult.backends.keys.rotation import Rotation, rotate
from consult.backends.keys.subject import SubjectKey

__all__ = [
    "SERVICE",
    "KeyStatus",
    "Keys",
    "Rotation",
    "SubjectKey",
    "UnknownSubject",
    "is_shredded",
    "keys_of",
    "open_keys",
    "rotate",
]
