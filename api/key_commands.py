"""`consult keys …`: the keys that all is sealed with. Ids are shown, never a key."""

import argparse
from datetime import UTC, datetime, timedelta

from anyio import to_thread

from consult import audit
from consult.backends.keys import rotate
from consult.bootstrap import Backends
from consult.shredding import clear_up, find_estate, record_intent


async def show_status(backends: Backends, _: argparse.Namespace) -> int:
    """1 while a rotation waits to be finished."""
    status = backends.keys.status()
    print(f"key file  {backends.settings.key_file}")
    for kek, count in status.wrapping:
        print(f"key       {kek.id}  made {kek.made_at}  wraps {count} subjects' keys")
    print(f"shredded  {len(status.shredded)} subjects")
    if len(status.wrapping) == 1:
        return 0
    print("A rotation was cut off. Run: consult keys rotate")
    return 1


async def rotate_keys(backends: Backends, _: argparse.Namespace) -> None:
    await _record(backends, "keys.rotating")
    done = await to_thread.run_sync(rotate, backends.settings)
    await _record(backends, "keys.rotated")
    if done.resumed:
        print("A rotation that was cut off is finished; no further key was made.")
    print(f"Key {done.newest} wraps all; {done.rewrapped} subjects' keys were wrapped anew.")
    print(f"Removed: {', '.join(done.removed)}.")
    until = datetime.now(UTC) + timedelta(days=backends.settings.key_backup_days)
    print(
        f"Back up {backends.settings.key_file} now. Keep its backup of before as long as backups "
        f"of keys.db of before are kept: until {until:%Y-%m-%d}."
    )


async def shred_patient(backends: Backends, args: argparse.Namespace) -> None:
    """Cut off anywhere, the same again finishes it."""
    database = backends.database
    async with database.reads() as session:
        estate = await find_estate(session, args.patient)
    async with database.writes.begin() as session:
        await record_intent(session, estate)
    await to_thread.run_sync(backends.keys.shred, *estate.subjects)
    async with database.writes.begin() as session:
        await clear_up(session, backends.jobs, estate)
    name = f"patient {estate.patient_id}" if estate.patient_id else "the unknown person"
    print(f"Shredded: {name}, {len(estate.consult_ids)} consults. No key is left in keys.db.")
    print(f"Backups of keys.db may hold it until {_end(backends, datetime.now(UTC)):%Y-%m-%d}.")


async def report_shredded(backends: Backends, _: argparse.Namespace) -> None:
    """When each shredding is final: when the last backup that may hold the key is gone."""
    shredded = backends.keys.status().shredded
    for subject in shredded:
        end = _end(backends, subject.at)
        final = end <= datetime.now(UTC)
        told = "in no backup" if final else f"in backups until {end:%Y-%m-%d}"
        print(f"{subject.subject}  shredded {subject.at:%Y-%m-%d %H:%M} UTC  {told}")
    if not shredded:
        print("Nobody was shredded.")


def _end(backends: Backends, shredded_at: datetime) -> datetime:
    return shredded_at + timedelta(days=backends.settings.key_backup_days)


async def _record(backends: Backends, action: str) -> None:
    async with backends.database.writes.begin() as session:
        await audit.record(session, None, action)
