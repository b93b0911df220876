"""A fast look through entropy-coded data (T.81 B.1.1.5)."""

_LARGE = 1 << 20  # bytes; numpy takes longer to load than `re` to search a smaller photo
_BLOCK = 1 << 17  # bytes; what numpy makes of them stays in the cache


def skip_stuffed(content: bytes, start: int) -> int:
    """Return a place from which to search for a marker; none begins between `start` and there.

    A marker begins with an FF that no 00 follows.
    """
    return _first_unstuffed(content, start) if len(content) - start >= _LARGE else start


def _first_unstuffed(content: bytes, start: int) -> int:
    import numpy as np  # noqa: PLC0415 - see above

    octets = np.frombuffer(content, np.uint8)
    last = len(octets) - 1
    begins, unstuffed = np.empty((2, _BLOCK), bool)  # fresh ones each time cost as much again
    for at in range(start, last, _BLOCK):
        size = min(_BLOCK, last - at)
        found = np.equal(octets[at : at + size], 0xFF, out=begins[:size])
        found &= np.not_equal(octets[at + 1 : at + 1 + size], 0, out=unstuffed[:size])
        first = int(found.argmax())
        if found[first]:
            return at + first
    return last
