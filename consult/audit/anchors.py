"""Anchors: the place and mac of the newest row, kept where the database is not.

A chain whose tail was cut off is whole in itself. Only somebody who remembers a later row can
tell, so that one line a time is appended to a file in another place: `time seq mac`.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from anyio import to_thread
from sqlmodel import desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from consult.backends.database import Database
from consult.backends.files import make_directory, sync_directory
from consult.models import AuditRow, now

_LINE = re.compile(rb"(\S{20,40}) ([1-9]\d{0,17}) ([0-9a-f]{64})\n", re.ASCII)


class ChainContradicted(Exception):
    """The chain no longer holds the row of an earlier anchor: it was cut off or made anew."""


@dataclass(frozen=True)
class Anchor:
    at: str
    seq: int
    mac: str
    """In hexadecimal."""

    @property
    def line(self) -> str:
        return f"{self.at} {self.seq} {self.mac}\n"

    @classmethod
    def of(cls, seq: int, mac: bytes) -> Self:
        return cls(now().isoformat(timespec="seconds"), seq, mac.hex())


class Anchored(NamedTuple):
    anchor: Anchor
    first_of_day: bool
    """No earlier one was written on this day (UTC)."""


async def newest_seq(session: AsyncSession) -> int:
    """The number of the newest row; 0 when there is none."""
    return (
        await session.exec(select(AuditRow.seq).order_by(desc(AuditRow.seq)).limit(1))
    ).first() or 0


async def drop_anchor(database: Database, path: Path) -> Anchored | None:
    """Append the newest row's anchor to the file, unless there is none newer than the last.

    Raises ChainContradicted, and then writes nothing; OSError.
    """
    last = (await to_thread.run_sync(read_anchors, path) or [None])[-1]
    async with database.reads() as session:
        if last and await _mac_of(session, last.seq) != last.mac:
            raise ChainContradicted
        query = select(AuditRow.seq, AuditRow.mac).order_by(desc(AuditRow.seq)).limit(1)
        newest = (await session.exec(query)).first()
    if newest is None or (last and last.seq == newest[0]):
        return None
    anchor = Anchor.of(*newest)
    await to_thread.run_sync(_append, path, anchor.line.encode())
    return Anchored(anchor, first_of_day=not last or last.at[:10] != anchor.at[:10])


def read_anchors(path: Path) -> list[Anchor]:
    """Every anchor of the file, oldest first; none when there is no file. Raises OSError.

    A line that is none is passed over: a power cut may have left half of one.
    """
    if not path.exists():
        return []
    found = _LINE.findall(path.read_bytes())
    return [Anchor(at.decode(), int(seq), mac.decode()) for at, seq, mac in found]


def by_seq(anchors: Iterable[Anchor]) -> Mapping[int, frozenset[str]]:
    """What the anchors say the mac of each row is: more than one when they contradict."""
    macs: dict[int, frozenset[str]] = {}
    for anchor in anchors:
        macs[anchor.seq] = macs.get(anchor.seq, frozenset()) | {anchor.mac}
    return macs


async def _mac_of(session: AsyncSession, seq: int) -> str | None:
    mac = (await session.exec(select(AuditRow.mac).where(AuditRow.seq == seq))).first()
    return mac.hex() if isinstance(mac, bytes) else None


def _append(path: Path, line: bytes) -> None:
    make_directory(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line  # a power cut left half a line
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
    sync_directory(path.parent)  # the file may be new
