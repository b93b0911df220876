"""What a test needs of the machine: without it the test is skipped, and CI calls the skip a failure.

A skip is right only where nothing that we wrote could be tested: each place says by the program or
the folder what is missing. CONSULT_REQUIRE_TOOLS=1 (`.ci/run`) turns a missing program into a failure.
"""

import shutil

import pytest

from consult.imaging import upright


def needs(program: str) -> str:
    """Return the path of a program that judges or serves in a test, or skip the test."""
    found = shutil.which(program)
    if not found:
        pytest.skip(f"needs {program}")  # a judge of another make: ours cannot stand in for it
    return found


def needs_turbo() -> None:
    """Skip where libturbojpeg is not installed: photos are then turned by encoding them anew."""
    if not upright.library():
        pytest.skip("needs libturbojpeg")  # the way without it has tests of its own
