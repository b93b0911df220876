"""How the service and its decode workers talk: notes as JSON, then raw bytes; never pickles.

A body lies in memory that both sides see, where it fits in: through a pipe it would be copied
twice, page by page, and wait for the other side each time.

A worker that was taken over can lie about a picture, and nothing else: what it answers is
copied before it is looked at, and the memory is sealed, so that nobody can take it away from
under a reader.
"""

import fcntl
import json
import mmap
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

Body = bytes | memoryview
Note = str | float | bool | list[int] | None
Notes = dict[str, Note]
Job = Callable[[Body, Notes], tuple[bytes, Notes]]

MAX_BODY = 768 << 20  # bytes; no worker has more memory than this
SHARED = 32 << 20  # bytes; a larger body goes through the pipe

_KEPT = 8 << 20  # bytes that stay in memory from one photo to the next
_MAX_HEAD = 64 * 1024
_HEADER = struct.Struct("<II?")


@dataclass(frozen=True)
class Line:
    """One side's end of the connection."""

    incoming: IO[bytes]
    outgoing: IO[bytes]
    shared: mmap.mmap | None
    """None where the system has no memory files."""


def memory_file() -> int | None:
    """Open memory to share with one other process: a file of no folder, its size sealed."""
    if not hasattr(os, "memfd_create"):
        return None
    memory = os.memfd_create("photo", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(memory, SHARED)
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    return memory


def mapped(memory: int | None) -> mmap.mmap | None:
    """Map such a file, and close it."""
    if memory is None:
        return None
    try:
        return mmap.mmap(memory, SHARED)
    finally:
        os.close(memory)


def send(line: Line, notes: Mapping[str, Note], *pieces: Body) -> None:
    """The pieces arrive as one body."""
    head, size = json.dumps(notes).encode(), sum(map(len, pieces))
    shared = line.shared if size <= SHARED else None
    if shared:
        _fill(shared, pieces)
    line.outgoing.write(_HEADER.pack(len(head), size, bool(shared)) + head)
    for piece in () if shared else pieces:
        line.outgoing.write(piece)
    line.outgoing.flush()


def receive(line: Line) -> tuple[Notes, Body]:
    """A body in shared memory stands until the next `send` of either side.

    Raises EOFError when the other side has gone, ValueError when it talks nonsense.
    """
    head, size, in_memory = _HEADER.unpack(_exactly(line.incoming, _HEADER.size))
    if head > _MAX_HEAD or size > (SHARED if in_memory else MAX_BODY):
        raise ValueError
    notes: Notes = json.loads(_exactly(line.incoming, head))
    if not in_memory:
        return notes, _exactly(line.incoming, size)
    if not line.shared:
        raise ValueError
    return notes, memoryview(line.shared)[:size]


def receive_copy(line: Line) -> tuple[Notes, bytes]:
    """The same, safe from whatever the other side does later; the end of an exchange.

    Memory that only a large photo needs is given back.
    """
    notes, body = receive(line)
    copy = bytes(body)
    if isinstance(body, memoryview):
        body.release()
    if line.shared:
        line.shared.madvise(mmap.MADV_REMOVE, _KEPT, SHARED - _KEPT)
    return notes, copy


def parted(body: Body, notes: Notes) -> tuple[Body, Body]:
    """Part a JPEG from the colour profile that was sent behind it."""
    size = notes["profile_size"]
    assert isinstance(size, int)
    return body[: len(body) - size], body[len(body) - size :]


def _fill(shared: mmap.mmap, pieces: tuple[Body, ...]) -> None:
    at = 0
    for piece in pieces:
        shared[at : at + len(piece)] = piece
        at += len(piece)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
