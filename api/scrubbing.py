"""`consult scrub`: photos and whole folders of them, one JSON line each, in their order.

With `--verify` nothing is written: each file is held against one certificate, offline.

Threads are enough for both cores: the work on a photo happens in C, which lets go of the
interpreter lock, or in the decode workers. No photo is held longer than it is worked on.
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from consult.errors import ConsultError, InvalidRequest, PhotoTooLarge
from consult.imaging import formats
from consult.imaging.certificate import certificate_json
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub

if TYPE_CHECKING:
    from consult.imaging.verification import Verdict

Report = dict[str, object]
_FIELDS = (
    *("file", "ok", "error", "width", "height", "lossless"),
    *("orientation_applied", "orientation_uncertain", "found", "removed_bytes", "kept"),
    *("steps", "sha256_before", "sha256_after", "out_jpeg", "out_dicom"),
)
_MOST_BYTES = 256 << 20  # that any service may be set to take: its certificates are checked here
_INTERRUPTED = 130  # what a shell makes of ctrl-C


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a photo or a folder")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--out", type=Path, metavar="DIR", help="where results go")
    task.add_argument(
        "--verify",
        type=Path,
        metavar="CERT.json",
        help="check this certificate, or line of `consult scrub`, against the original photo "
        "or the scrubbed one",
    )
    parser.add_argument("--dicom", action="store_true", help="write a DICOM file beside each JPEG")


def run(args: argparse.Namespace) -> int:
    """Scrub every file. 0: all were taken; 1: some were refused; 2: nowhere to write.

    With `--verify`, 0: each file agrees with the certificate; 1: some do not; 2: the
    certificate, or a file, cannot be read.
    """
    if args.verify:
        return _verify(args.verify, args.files)
    out: Path = args.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = {path.name.casefold() for path in out.iterdir()}
    except OSError as error:
        print(f"consult scrub: {out}: {error.strerror}", file=sys.stderr)
        return 2
    try:
        tasks = _tasks(_sources(args.files, out.resolve()), out, taken)
        return _report(_in_order(partial(_done, as_dicom=args.dicom), tasks))
    except KeyboardInterrupt:
        return _INTERRUPTED


def _verify(certificate: Path, files: Iterable[Path]) -> int:
    from consult.imaging import verification  # noqa: PLC0415 - a third of the start for others

    try:
        claim = verification.read_claim(_read(certificate))
    except ConsultError as error:
        return _unfit(certificate, error)
    check = partial(verification.verify, claim, now=datetime.now(UTC))
    return max([_verify_one(check, file) for file in files])


def _verify_one(check: "Callable[[bytes], Verdict]", file: Path) -> int:
    try:
        if file.is_dir():
            raise InvalidRequest("This is a folder. Name the photo in it.", code="not_a_file")
        verdict = check(_read(file, limit=_MOST_BYTES))
    except ConsultError as error:
        return _unfit(file, error)
    differences = [asdict(difference) for difference in verdict.differences]
    told = {"file": str(file), "ok": verdict.ok, "is": verdict.subject, "differences": differences}
    print(json.dumps(told), flush=True)
    return 0 if verdict.ok else 1


def _unfit(path: Path, error: ConsultError) -> int:
    print(f"consult scrub: {path}: {error.message}", file=sys.stderr)
    return 2


@dataclass(frozen=True)
class Task:
    source: Path
    target: Path
    """Of the results, without a suffix; nothing else has this name."""


def _report(reports: Iterable[Report]) -> int:
    refused = 0
    for count, report in enumerate(reports, start=1):
        refused += not report["ok"]
        print(json.dumps(report), flush=True)
        _show_progress(f"\r{count} done, {refused} refused")
    _show_progress("\n")
    return 1 if refused else 0


def _show_progress(text: str) -> None:
    if sys.stderr.isatty():
        print(text, end="", file=sys.stderr, flush=True)


def _tasks(sources: Iterable[Path], out: Path, taken: set[str]) -> Iterator[Task]:
    """Name the results of each photo: by its stem, with `-2` and so on where that is taken."""
    for source in sources:
        names = (source.stem + (f"-{n}" if n > 1 else "") for n in itertools.count(1))
        name = next(n for n in names if taken.isdisjoint(_results(n.casefold())))
        taken |= _results(name.casefold())
        yield Task(source, out / name)


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


def _in_order(work: Callable[[Task], Report], tasks: Iterable[Task]) -> Iterator[Report]:
    """Work on as many photos as there are cores, only a few ahead of the report."""
    threads = os.cpu_count() or 1
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Report]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # photos under way are finished, never cut


def _done(task: Task, *, as_dicom: bool) -> Report:
    report: Report = {**dict.fromkeys(_FIELDS), "file": str(task.source), "ok": False}
    try:
        photo = scrub(_read(task.source), received_at=datetime.now(UTC))
        return report | _facts(photo) | _write(photo, task.target, as_dicom=as_dicom) | {"ok": True}
    except ConsultError as error:
        return report | {"error": {"code": error.code, "message": error.message}}
    except OSError as error:
        message = f"The result could not be written: {error.strerror}."
        return report | {"error": {"code": "cannot_write", "message": message}}


def _read(source: Path, *, limit: int = formats.MAX_BYTES) -> bytes:
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


def _facts(photo: ScrubbedPhoto) -> Report:
    return certificate_json(photo.certificate) | {
        "width": photo.width,
        "height": photo.height,
        "orientation_applied": photo.orientation_applied,
        "orientation_uncertain": photo.orientation_uncertain,
    }


def _write(photo: ScrubbedPhoto, target: Path, *, as_dicom: bool) -> Report:
    instance = _wrapped(photo) if as_dicom else None
    return {
        "out_jpeg": _publish(photo.jpeg, target, ".jpg"),
        "out_dicom": _publish(instance, target, ".dcm") if instance else None,
    }


def _wrapped(photo: ScrubbedPhoto) -> bytes:
    """Give each photo a study and a temporary patient of its own: whose it is, nobody said."""
    from consult.imaging import dicom  # noqa: PLC0415 - a tenth of a second, not always needed

    photo_id, now = uuid4(), datetime.now(UTC)
    stranger = dicom.InstanceContext(
        sop_instance_uid=dicom.instance_uid(photo_id),
        study_instance_uid=dicom.study_uid(photo_id),
        series_instance_uid=dicom.series_uid(photo_id, ""),
        series_number=1,
        instance_number=1,
        study_id=photo_id.hex[:16],
        received_at=now,
        study_started_at=now,
        patient_id=photo_id.hex,
        issuer_of_patient_id="consult scrub",
    )
    return dicom.wrap(photo, stranger).data


def _publish(content: bytes, target: Path, suffix: str) -> str:
    """Write a whole file or none, and never over another one."""
    path = target.with_name(target.name + suffix)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".consult-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        draft.chmod(0o644)
        _move(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return str(path)


def _move(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)  # unlike a rename, it never replaces a file
    except FileExistsError:
        raise
    except OSError:  # memory cards know no hard links
        draft.rename(path)
