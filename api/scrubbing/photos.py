"""`consult scrub` at work.

Threads are enough for all cores: the work on a photo happens in C, which lets go of the
interpreter lock, or in the decode workers. No photo is held longer than it is worked on.
"""

import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from api.scrubbing.files import Task, publish, read, tasks
from api.scrubbing.progress import Progress
from consult.errors import ConsultError
from consult.imaging.certificate import certificate_json
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub

Report = dict[str, object]
_FIELDS = (
    *("file", "ok", "error", "width", "height", "lossless"),
    *("orientation_applied", "orientation_uncertain", "found", "removed_bytes", "kept"),
    *("steps", "sha256_before", "sha256_after", "out_jpeg", "out_dicom"),
)


def scrub_all(files: Sequence[Path], out: Path, *, as_dicom: bool) -> int:
    """0: all were taken; 1: some were refused; 2: nowhere to write."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        found = tasks(files, out)
    except OSError as error:
        sys.stderr.write(f"consult scrub: {out}: {error.strerror}\n")
        return 2
    refused = 0
    with closing(Progress(len(found))) as progress:
        for report in _in_order(partial(_done, as_dicom=as_dicom), found):
            progress.print(json.dumps(report), ok=bool(report["ok"]))
            refused += not report["ok"]
    return 1 if refused else 0


def _in_order(work: Callable[[Task], Report], found: Iterable[Task]) -> Iterator[Report]:
    """Work on as many photos as there are cores, only a few ahead of the report."""
    threads = os.cpu_count() or 1
    pool = ThreadPoolExecutor(threads)
    waiting: deque[Future[Report]] = deque()
    try:
        for task in found:
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
        photo = scrub(read(task.source), received_at=datetime.now(UTC))
        return report | _facts(photo) | _write(photo, task.target, as_dicom=as_dicom) | {"ok": True}
    except ConsultError as error:
        return report | {"error": {"code": error.code, "message": error.message}}
    except OSError as error:
        message = f"The result could not be written: {error.strerror}."
        return report | {"error": {"code": "cannot_write", "message": message}}


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
        "out_jpeg": publish([photo.jpeg], target, ".jpg"),
        "out_dicom": publish(instance, target, ".dcm") if instance else None,
    }


def _wrapped(photo: ScrubbedPhoto) -> Sequence[bytes]:
    """Give each photo a study and a temporary patient of its own: whose it is, nobody said."""
    from uuid import uuid4  # noqa: PLC0415 - like the next, a while to load, not always needed

    from consult.imaging import dicom  # noqa: PLC0415 - a tenth of a second

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
    return dicom.wrap(photo, stranger).pieces
