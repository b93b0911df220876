"""`consult scrub --verify`: files held against one certificate."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from api.scrubbing.files import read
from consult.errors import ConsultError, InvalidRequest
from consult.imaging import verification
from consult.imaging.verification import Verdict

_MOST_BYTES = 256 << 20  # that any service may be set to take: its certificates are checked here


def verify(certificate: Path, files: Iterable[Path]) -> int:
    """0: each file agrees; 1: some do not; 2: the certificate, or a file, cannot be read."""
    try:
        claim = verification.read_claim(read(certificate))
    except ConsultError as error:
        return _unfit(certificate, error)
    check = partial(verification.verify, claim, now=datetime.now(UTC))
    return max([_verify_one(check, file) for file in files])


def _verify_one(check: Callable[[bytes], Verdict], file: Path) -> int:
    try:
        if file.is_dir():
            raise InvalidRequest("This is a folder. Name the photo in it.", code="not_a_file")
        verdict = check(read(file, limit=_MOST_BYTES))
    except ConsultError as error:
        return _unfit(file, error)
    differences = [asdict(difference) for difference in verdict.differences]
    told = {"file": str(file), "ok": verdict.ok, "is": verdict.subject, "differences": differences}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    return 0 if verdict.ok else 1


def _unfit(path: Path, error: ConsultError) -> int:
    sys.stderr.write(f"consult scrub: {path}: {error.message}\n")
    return 2
