"""How our own JPEGs are coded, and which of others libjpeg-turbo can work on."""

from consult.imaging.jpeg import Frame

QUALITY = 98

# Of the colours, by that of the luma, as (horizontal, vertical) factors: 4:4:4, 4:2:2, 4:4:0,
# 4:2:0, 4:1:1, and the same written in unusual numbers.
_NAMED: dict[tuple[int, int], set[tuple[int, int]]] = {
    (1, 1): {(1, 1)},
    (1, 2): {(1, 1), (1, 2)},
    (1, 3): {(1, 3)},
    (2, 1): {(1, 1), (2, 1)},
    (2, 2): {(1, 1), (1, 2), (2, 1)},
    (3, 1): {(3, 1)},
    (4, 1): {(1, 1)},
}


def has_known_sampling(frame: Frame) -> bool:
    """Whether libjpeg-turbo's TurboJPEG API has a name for how the colours are sampled.

    It refuses to work on the others, about one photo in a hundred.
    """
    if len(frame.components) == 1:
        return True
    luma, blue, red, *black = frame.sampling
    return blue == red and blue in _NAMED.get(luma, ()) and all(ink == luma for ink in black)
