"""The bytes of an upload arrive, and stay however the request ends."""

import errno
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass

from consult.backends.staging import Staged
from consult.errors import ChecksumMismatch, InvalidRequest, Locked, PhotoTooLarge, StorageFull

ALGORITHMS = ("sha256", "sha1")


@dataclass(frozen=True)
class Checksum:
    """Of the bytes of one request."""

    algorithm: str
    digest: bytes

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise InvalidRequest(
                f"The checksum is one of {', '.join(ALGORITHMS)}.", code="unknown_checksum"
            )


async def receive(
    staged: Staged,
    pieces: AsyncIterator[bytes],
    *,
    length: int,
    checksum: Checksum | None = None,
) -> bytes | None:
    """Keep what arrives of an upload of `length` bytes; return the last byte once it is here.

    That one is never kept: what is whole has to become a photo before its sender is told so, and
    whoever did not hear of it sends one byte again. Whatever else ends the request, what arrived
    is on the disk. Raises what `pieces` raises, Locked when the upload had to be given up to
    another request, StorageFull, and, keeping nothing of the request, ChecksumMismatch and
    PhotoTooLarge.
    """
    digest = hashlib.new(checksum.algorithm if checksum else "sha256", usedforsecurity=False)
    last, given_up = b"", False
    try:
        with staged.listening() as listening:
            async for piece in pieces:
                staged.hear()
                digest.update(piece)
                room = length - 1 - staged.offset
                last += piece[room:]
                if len(last) > 1:
                    raise _too_long()
                await staged.append(piece[:room])
        given_up = listening.cancelled_caught
    except PhotoTooLarge:
        await staged.undo()
        raise
    except OSError as error:
        raise _told(error) from error
    finally:
        await _flush(staged)
    if given_up:
        raise Locked
    if checksum and not hmac.compare_digest(digest.digest(), checksum.digest):
        await staged.undo()
        raise ChecksumMismatch
    return last or None


async def _flush(staged: Staged) -> None:
    try:
        await staged.flush()
    except OSError as error:
        raise _told(error) from error


def _told(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("No photo can be kept just now: the service's disk is full.")
    return error


def _too_long() -> PhotoTooLarge:
    return PhotoTooLarge("More bytes came than the upload was to have.", code="body_too_large")
