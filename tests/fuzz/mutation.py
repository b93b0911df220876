"""Mutation without coverage: what runs where the atheris package is not installed."""

import random

from tests.fuzz.target import MAX_INPUT

_TELLING = [0, 1, 2, 3, 4, 7, 8, 0x10, 0x7F, 0x80, 0xC0, 0xD8, 0xD9, 0xDA, 0xE1, 0xFE, 0xFF]
_LENGTHS = [0, 1, 2, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]


def mutated(seeds: list[bytes], chance: random.Random) -> bytes:
    """Return one of the seeds with a few changes, the sort that upsets readers of structures."""
    content = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        _change(content, seeds, chance)
    return bytes(content[:MAX_INPUT])


def _change(content: bytearray, seeds: list[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(content) + 1)
    size = chance.choice((1, 2, 4, 8, 32, 256))
    match chance.randrange(7):
        case 0:
            content[at : at + 1] = bytes([chance.choice(_TELLING)])
        case 1:
            content[at : at + 1] = bytes([chance.randrange(256)])
        case 2:
            width, order = chance.choice((2, 4)), chance.choice(("big", "little"))
            value = chance.choice(_LENGTHS) & (256**width - 1)
            content[at : at + width] = value.to_bytes(width, "big" if order == "big" else "little")
        case 3:
            del content[at : at + size]
        case 4:
            content[at:at] = content[at : at + size]
        case 5:
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            content[at : at + size] = other[start : start + size]
        case _:
            del content[at:]
