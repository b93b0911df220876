"""The files of `consult scrub`: which are scrubbed, what results are called, how all are read and written."""

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from consult.errors import InvalidRequest, PhotoTooLarge
from consult.imaging import formats


@dataclass(frozen=True)
class Task:
    source: Path
    target: Path
    """Of the results, without a suffix; nothing else has this name."""


def tasks(files: Iterable[Path], out: Path) -> list[Task]:
    """Name the results of each photo: by its stem, with `-2` and so on where that is taken."""
    taken = {path.name.casefold() for path in out.iterdir()}
    found: list[Task] = []
    for source in _sources(files, out.resolve()):
        names = (source.stem + (f"-{n}" if n > 1 else "") for n in itertools.count(1))
        name = next(n for n in names if taken.isdisjoint(_results(n.casefold())))
        taken |= _results(name.casefold())
        found.append(Task(source, out / name))
    return found


def read(source: Path, *, limit: int = formats.MAX_BYTES) -> bytes:
    """Raise InvalidRequest for what is no readable file, PhotoTooLarge for one over the cap."""
    try:
        if source.is_dir():
            os.scandir(source).close()
            raise InvalidRequest("There is no photo in this folder.", code="empty_folder")
        if source.exists() and not source.is_file():
            raise InvalidRequest("This is not a file.", code="not_a_file")
        with source.open("rb") as file:
            upload = file.read(limit + 1)
    except FileNotFoundError:
        raise InvalidRequest("There is no such file.", code="not_found") from None
    except OSError as error:
        message = f"The file cannot be read: {error.strerror}."
        raise InvalidRequest(message, code="unreadable_file") from None
    if len(upload) > limit:
        raise PhotoTooLarge(f"The photo has more than {limit >> 20} MB.")
    return upload


def publish(content: Iterable[bytes], target: Path, suffix: str) -> str:
    """Write a whole file or none, and never over another one."""
    path = target.with_name(target.name + suffix)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".consult-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
        draft.chmod(0o644)
        _move(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return str(path)


def _results(name: str) -> set[str]:
    return {f"{name}.jpg", f"{name}.dcm"}


def _sources(files: Iterable[Path], out: Path) -> Iterator[Path]:
    """Walk folders by name, without hidden files and without the results of this run."""
    for file in files:
        inside = [path for path in _walk(file) if out not in path.resolve().parents]
        yield from inside or [file]


def _walk(folder: Path) -> Iterator[Path]:
    closed: list[OSError] = []
    for at, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(at, name) for name in sorted(names) if not name.startswith("."))
    yield from (Path(error.filename) for error in closed if folder.is_dir())


def _move(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)  # unlike a rename, it never replaces a file
    except FileExistsError:
        raise
    except OSError:  # memory cards know no hard links
        draft.rename(path)
