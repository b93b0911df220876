"""What photos cost as whole commands, beside other tools that are installed.

    python -m tests.bench commands|folder [ROUNDS]

The work differs: exiftool and jpegtran leave a picture as it lies, mat2 encodes it anew, img2dcm
wraps without scrubbing; none of them decodes to see whether the photo is whole. All of them read
from one folder and write to another. A folder of the test corpus, where it lies: photos of every
kind and size, as people send them; else made ones.

In one process for a whole folder exiftool stays ahead, by about eight to one in time of the
processor: it copies what it does not know, and never looks at the picture. The strict decode alone
takes longer than that.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.bench.samples import folder_samples, samples

Line = list[str | Path]
CONSULT: Line = [sys.executable, "-m", "api", "scrub"]
EXIFTOOL: Line = ["exiftool", "-q", "-q", "-m", "-all="]


def one_file(rounds: int) -> None:
    """Each tool on one 12 MP photo of each kind."""
    for sample in samples():
        with tempfile.TemporaryDirectory(prefix="consult-bench-") as name:
            source, out = Path(name, f"photo{sample.suffix}"), Path(name, "out")
            source.write_bytes(sample.upload)
            able = {tool: line for tool, line in lines(source, out).items() if works(line, out)}
            taken = best({tool: [line] for tool, line in able.items()}, out, max(3, rounds // 4))
            show(taken, f"{sample.title}, one file, whole process", photos=1)


def lines(source: Path, out: Path) -> dict[str, Line]:
    return {
        "consult scrub": [*CONSULT, source, "--out", out],
        "consult scrub --dicom": [*CONSULT, source, "--out", out, "--dicom"],
        "exiftool -all=": [*EXIFTOOL, "-o", out, source],
        "mat2": ["mat2", source],
        "jpegtran -copy none": ["jpegtran", "-copy", "none", "-outfile", out / "o.jpg", source],
        "img2dcm": ["img2dcm", "-q", source, out / "o.dcm"],
    }


def whole_folder(rounds: int) -> None:
    """`consult scrub` beside exiftool, in one process for the folder and in one for each file."""
    if not shutil.which("exiftool"):
        print("\nA folder: exiftool is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="consult-bench-") as name:
        source, out = Path(name, "photos"), Path(name, "out")
        source.mkdir()
        for number, sample in enumerate(folder_samples()):
            (source / f"{number:03}{sample.suffix}").write_bytes(sample.upload)
        files = sorted(source.iterdir())
        tools = {
            "consult scrub FOLDER": [[*CONSULT, source, "--out", out]],
            "exiftool -all= FOLDER": [[*EXIFTOOL, "-o", out, source]],
            "exiftool -all= FILE, one by one": [[*EXIFTOOL, "-o", out, file] for file in files],
        }
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        taken = best(tools, out, max(2, rounds // 5))
        show(taken, f"A folder of {len(files)} photos, {megabytes:.0f} MB", photos=len(files))


def works(line: Line, out: Path) -> bool:
    """Tell whether the tool is here, and takes this kind of file at all."""
    fresh(out)
    found = shutil.which(line[0])
    return bool(found) and subprocess.run(line, capture_output=True, check=False).returncode == 0


def best(tools: Mapping[str, list[Line]], out: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds by the clock and by the processor, in interleaved rounds; the best counts."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
    for _ in range(rounds + 1):
        for name, calls in tools.items():
            fresh(out)
            taken[name].append(measured(partial(run_all, calls)))
    return {name: min(each[1:]) for name, each in taken.items()}


def measured(work: Callable[[], None]) -> tuple[float, float]:
    clock, processor = time.perf_counter(), _processor()
    work()
    return time.perf_counter() - clock, _processor() - processor


def run_all(calls: list[Line]) -> None:
    """Some photos of a folder may be refused, by any of the tools."""
    for call in calls:
        subprocess.run(call, capture_output=True, check=False)


def show(taken: dict[str, tuple[float, float]], heading: str, *, photos: int) -> None:
    base = next(iter(taken.values()))[0]
    print(f"\n{heading}")
    print(f"  {'':<34} {'ms a photo':>10} {'ratio':>6} {'CPU ms':>7} {'cores in use':>13}")
    for name, (clock, processor) in taken.items():
        each = f"{clock / photos * 1e3:10.1f} {clock / base:6.2f} {processor / photos * 1e3:7.1f}"
        print(f"  {name:<34} {each} {processor / clock:13.2f}")


def fresh(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
