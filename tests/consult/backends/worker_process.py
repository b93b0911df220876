"""A worker in a process of its own, for tests that kill it: worker_process.py DATA_DIR hang|finish.

Its one task writes a line to `ran` in the data folder each time it starts.
"""

import sys
from pathlib import Path

import anyio

from consult.backends.database import open_database
from consult.backends.jobs.sqlite import Limits, SqliteJobs
from consult.config import Settings


async def main(settings: Settings, *, hang: bool) -> None:
    async with open_database(settings) as database:
        jobs = SqliteJobs(
            database,
            task_names=["record"],
            lock=settings.data_dir / "worker",
            limits=Limits(backoff=lambda _: 0.0),
        )

        async def record(*, word: str) -> None:
            with (settings.data_dir / "ran").open("a") as file:
                file.write(f"{word}\n")
            if hang:
                await anyio.sleep_forever()
            jobs.stop()

        await jobs.run({"record": record})


if __name__ == "__main__":
    anyio.run(lambda: main(Settings(data_dir=Path(sys.argv[1])), hang=sys.argv[2] == "hang"))
