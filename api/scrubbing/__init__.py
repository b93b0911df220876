"""`consult scrub`: photos and whole folders of them, one JSON line each, in their order.

With `--verify` nothing is written: each file is held against one certificate, offline.
The decode workers start first of all: they and the rest of this program load side by side.
"""

import argparse
import os
from pathlib import Path

from consult.imaging import workers

INTERRUPTED = 130  # what a shell makes of ctrl-C


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
        from api.scrubbing import checking  # noqa: PLC0415 - long to load, and seldom needed

        return checking.verify(args.verify, args.files)
    try:
        return _scrub(args)
    except KeyboardInterrupt:
        return INTERRUPTED


def _scrub(args: argparse.Namespace) -> int:
    alone = len(args.files) == 1 and not args.files[0].is_dir()
    workers.start(1 if alone else os.cpu_count() or 1)
    from api.scrubbing import photos  # noqa: PLC0415 - see above

    return photos.scrub_all(args.files, args.out, as_dicom=args.dicom)
