"""What one photo costs: in this process against the floor, and as whole commands against peers.

    python -m tests.bench.bench_imaging [ROUNDS]

The floor is what no careful service can do without: sha256, one copy, write and fsync of the
bytes that came. Rounds are interleaved, so that a noisy machine is noisy for all; medians are
printed, and only the ratios travel to another machine. Nothing is asserted.
"""

import hashlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

from consult.backends.files import write_durably
from consult.imaging import dicom, preview
from consult.imaging.pixels import decoded_strictly
from consult.imaging.scrub import scrub
from tests.bench.samples import Sample, samples

COPIES = 20
Variants = Mapping[str, Callable[[], object]]


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="consult-bench-imaging-") as name:
        folder = Path(name)
        for sample in samples():
            print(f"\n{sample.title}: {len(sample.upload) / 1e6:.2f} MB, {sample.origin}")
            show(medians(in_process(sample, folder), rounds), "in process", photos=1)
            one, many = folder / "one", folder / "many"
            fill(one, sample, copies=1)
            show(medians(commands(one, folder), rounds), "one file, whole process", photos=1)
            fill(many, sample, copies=COPIES)
            few = max(3, rounds // 5)
            show(medians(commands(many, folder), few), f"{COPIES} files", photos=COPIES)


def in_process(sample: Sample, folder: Path) -> Variants:
    """The verifying decode is left out in (b) by handing its result over ready made."""
    upload = sample.upload
    photo = scrub(upload)
    pixels = decoded_strictly(photo.jpeg, scaled=True)

    def unverified() -> None:
        with patch.object(preview, "verified", return_value=pixels):
            attach(upload, folder)

    def floor_and_decode() -> None:
        floor(upload, folder)
        decoded_strictly(photo.jpeg, scaled=True)

    return {
        "floor: sha256 + copy + write + fsync": partial(floor, upload, folder),
        "(a) scrub + wrap + durable write, as shipped": partial(attach, upload, folder),
        "(b) the same without the verifying decode": unverified,
        "(c) floor + one strict 1/8 decode": floor_and_decode,
    }


def floor(upload: bytes, folder: Path) -> None:
    hashlib.sha256(upload).digest()
    copy = bytes(bytearray(upload))
    with (folder / "stored").open("wb") as file:
        file.write(copy)
        file.flush()
        os.fsync(file.fileno())
    (folder / "stored").unlink()


def attach(upload: bytes, folder: Path) -> None:
    """What `consult.photos.attach` does to the bytes: durable means fsync of the folder, too."""
    instance = dicom.wrap(scrub(upload), context())
    write_durably(folder / "stored", [instance.data], partials=folder)
    (folder / "stored").unlink()


def context() -> dicom.InstanceContext:
    photo_id, now = uuid4(), datetime.now(UTC)
    return dicom.InstanceContext(
        sop_instance_uid=dicom.instance_uid(photo_id),
        study_instance_uid=dicom.study_uid(photo_id),
        series_instance_uid=dicom.series_uid(photo_id, ""),
        series_number=1,
        instance_number=1,
        study_id="BENCH",
        received_at=now,
        study_started_at=now,
    )


def fill(folder: Path, sample: Sample, *, copies: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(copies):
        (folder / f"{number}{sample.suffix}").write_bytes(sample.upload)


def commands(folder: Path, work: Path) -> Variants:
    """Every tool on all files of `folder`; those that take one file are run once for each.

    The work differs: exiftool and jpegtran leave a picture as it lies, mat2 encodes it anew,
    img2dcm wraps without scrubbing; none of them decodes to see whether the photo is whole.
    """
    files = sorted(folder.iterdir())
    out = work / "out"
    consult = [sys.executable, "-m", "api", "scrub"]
    each: dict[str, list[list[str | Path]]] = {
        "consult scrub": [[*consult, *files, "--out", out]],
        "consult scrub --dicom": [[*consult, *files, "--out", out, "--dicom"]],
        "exiftool -all=": [["exiftool", "-q", "-all=", "-o", out, *files]],
        "mat2": [["mat2", *files]],
        "jpegtran -copy none": [
            ["jpegtran", "-copy", "none", "-outfile", out / f.name, f] for f in files
        ],
        "img2dcm": [["img2dcm", "-q", f, out / f"{f.stem}.dcm"] for f in files],
    }
    return {
        name: partial(run_all, lines, out)
        for name, lines in each.items()
        if shutil.which(lines[0][0]) and works(lines[0], out)
    }


def works(line: list[str | Path], out: Path) -> bool:
    """Tell whether the tool takes this kind of file at all."""
    fresh(out)
    return subprocess.run(line, capture_output=True, check=False).returncode == 0


def run_all(lines: list[list[str | Path]], out: Path) -> None:
    fresh(out)
    for line in lines:
        subprocess.run(line, capture_output=True, check=True)


def fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def medians(variants: Variants, rounds: int) -> dict[str, float]:
    """Seconds per call, each variant once per round; the first round only warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds + 1):
        for name, variant in variants.items():
            started = time.perf_counter()
            variant()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}


def show(taken: dict[str, float], heading: str, *, photos: int) -> None:
    base = next(iter(taken.values()))
    print(f"  {heading:<46} {'ms':>8} {'photos/s':>9} {'ratio':>6}")
    for name, seconds in taken.items():
        rate = photos / seconds
        print(f"    {name:<44} {seconds * 1e3:8.1f} {rate:9.1f} {seconds / base:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
