"""The demo, as a newcomer runs it."""

import re
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest

from tests.imaging.photos import SECRET, make_jpeg, tell_all_exif
from tests.service import ROOT, free_port


def demo(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "api", "demo", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Generator[Path]:
    yield tmp_path / "demo"
    demo("--stop", "--folder", str(tmp_path / "demo"))


def test_the_story_is_told_and_the_service_runs_on(folder: Path) -> None:
    port = free_port()

    told = demo("--port", str(port), "--folder", str(folder))

    assert told.returncode == 0, told.stderr
    for step in (
        "1. The patient opens",
        "2. The patient sends",
        "3. The specialist",
        "4. The patient is notified",
        "5. The patient reads",
    ):
        assert step in told.stdout
    assert "gps" in told.stdout
    assert "orientation_applied: 6" in told.stdout
    assert len(re.findall(rf"http://localhost:{port}/enrol#t=\S+", told.stdout)) == 2
    assert httpx2.get(f"http://localhost:{port}/readyz").status_code == 200

    demo("--stop", "--folder", str(folder))

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://localhost:{port}/livez")


def test_it_takes_a_photo_of_ones_own(folder: Path, tmp_path: Path) -> None:
    photo = tmp_path / "burn.jpg"
    photo.write_bytes(make_jpeg(640, 480, exif=tell_all_exif(), comment=SECRET))

    told = demo(str(photo), "--port", str(free_port()), "--folder", str(folder))

    assert told.returncode == 0, told.stderr
    assert "device_model: Phone 9" in told.stdout
    assert SECRET not in (folder / "photo.dcm").read_bytes()


@pytest.mark.parametrize("photo", ["nowhere.jpg", __file__])
def test_a_photo_that_is_none_gets_a_clear_word(folder: Path, photo: str) -> None:
    told = demo(photo, "--port", str(free_port()), "--folder", str(folder))

    assert told.returncode != 0
    assert "Traceback" not in told.stderr
    assert "nowhere.jpg" in told.stderr or "unsupported_format" in told.stderr


def test_a_port_that_is_taken_gets_a_clear_word(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = demo("--port", str(port), "--folder", str(folder))

    assert told.returncode == 2
    assert f"make demo PORT={port + 1}" in told.stderr
