"""How the service and its decode workers talk: notes as JSON, then raw bytes; never pickles.

A worker that was taken over can lie about a picture, and nothing else.
"""

import json
import struct
from collections.abc import Callable, Mapping
from typing import IO

Note = str | int | bool | list[int] | None
Notes = dict[str, Note]
Job = Callable[[bytes, Notes], tuple[bytes, Notes]]

MAX_BODY = 768 << 20  # bytes; no worker has more memory than this

_MAX_HEAD = 64 * 1024
_HEADER = struct.Struct("<II")


def send(stream: IO[bytes], notes: Mapping[str, Note], *pieces: bytes) -> None:
    """The pieces arrive as one body."""
    head = json.dumps(notes).encode()
    stream.write(_HEADER.pack(len(head), sum(map(len, pieces))) + head)
    for piece in pieces:
        stream.write(piece)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Notes, bytes]:
    """Raises EOFError when the other side has gone, ValueError when it talks nonsense."""
    head, body = _HEADER.unpack(_exactly(stream, _HEADER.size))
    if head > _MAX_HEAD or body > MAX_BODY:
        raise ValueError
    notes: Notes = json.loads(_exactly(stream, head))
    return notes, _exactly(stream, body)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
