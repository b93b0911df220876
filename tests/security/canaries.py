"""Words that nobody else would write, one for each input; where they turn up, that input leaks."""

import base64
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Canaries:
    words: dict[str, str] = field(default_factory=dict[str, str])
    """Name of the input to the word that was put into it."""

    def __call__(self, name: str) -> str:
        return self.words.setdefault(name, f"Kanari{secrets.token_hex(8)}")

    def heard_in(self, content: bytes) -> set[str]:
        """Name the inputs whose words are in `content`, in clear or in a usual coding of it."""
        lower = content.lower()
        return {
            name
            for name, word in self.words.items()
            if word.lower().encode() in lower or any(form in content for form in codings(word))
        }


def codings(word: str) -> Iterator[bytes]:
    clear = word.encode()
    yield word.encode("utf-16-le")
    yield word.encode("utf-16-be")
    yield clear.hex().encode()
    yield clear.hex().upper().encode()
    for before in range(3):
        # Of the letters at both ends, some bits belong to the neighbours.
        coded = base64.b64encode(bytes(before) + clear + bytes(2))
        yield coded[4 if before else 0 : (before + len(clear)) // 3 * 4]


def leaks(canaries: Canaries, places: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Return (input, place) for each word that is heard."""
    return sorted((name, place) for place, content in places for name in canaries.heard_in(content))
