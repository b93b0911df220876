"""The demo, as a newcomer runs it."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest

from consult.clock import Pace
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


def steps_of(story: str) -> list[str]:
    """What each step says, without its number and its time."""
    found = re.findall(r"^\d+\. \w{3} \d\d \w{3} \d\d:\d\d:\d\d  (.+)$", story, re.MULTILINE)
    return [str(line) for line in found]


def test_an_emergency_climbs_the_ladder_until_somebody_takes_it(folder: Path) -> None:
    port = free_port()

    told = demo("--emergency", "--port", str(port), "--folder", str(folder))

    assert told.returncode == 0, told.stderr
    story = told.stdout
    sent = minutes_of(story, r"^2\. \w{3} \d\d \w{3} (\S+)  Paramedic")
    assert minutes_of(story, r"backup +Dr\. Noor Haddad +paged (\S+)") - sent == 5
    assert minutes_of(story, r"supervisor +- +to come (\S+)") - sent == 10
    assert "took a webhook whose signature it checked: consult.paged, backup" in story
    assert "One that somebody made up is answered 401." in story
    assert "Do not wait: ring +1 312 555 0147" in story
    assert "Dr. Mika Laine, supervisor: 0 e-mails, 0 webhooks." in story
    assert "accepted by Dr. Noor Haddad, by ground" in story
    assert "is shown: went: burn centre, healing: operated, advice taken: followed" in story
    assert re.search(r"^   acknowledged .* 1 of 1 +6 min", story, re.MULTILINE)
    assert len(steps_of(story)) == 16
    runs_by_true_time(folder, port)


def test_a_pre_visit_request_is_reminded_of_and_taken_again(folder: Path) -> None:
    port = free_port()

    told = demo("--pre-visit", "--port", str(port), "--folder", str(folder))

    assert told.returncode == 0, told.stderr
    story = told.stdout
    assert "Subject: Le piden que envíe fotos" in story
    assert "the first reminder goes out Tue" in story
    assert re.search(r"E-mail of 12:0[01]:\d\d, the same words", story)
    assert "The back is accepted. The front is rejected: blurred." in story
    assert "Rejected for Quality Reasons (113001 DCM)" in story
    replaced = re.search(
        r"^ +(\w{8})  front .*rejected, taken again as (\w{8})$", story, re.MULTILINE
    )
    assert replaced
    assert re.search(
        rf"^ +{replaced[2]}  front .*accepted, takes the place of {replaced[1]}$",
        story,
        re.MULTILINE,
    )
    assert re.search(r"^ +\w{3} \d\d \w{3} \S+  closed +Dr\. Robin Burns", story, re.MULTILINE)
    assert "is shown: went: clinic, healing: healing, advice taken: followed" in story
    assert len(steps_of(story)) == 15
    runs_by_true_time(folder, port)


def minutes_of(story: str, pattern: str) -> int:
    """The time that the pattern finds, in whole minutes of its day."""
    found = re.search(pattern, story, re.MULTILINE)
    assert found, pattern
    hours, minutes, _ = found[1].split(":")
    return int(hours) * 60 + int(minutes)


def runs_by_true_time(folder: Path, port: int) -> None:
    """What is opened after the story is written down at the true time."""
    seconds = time.time()

    assert httpx2.get(f"http://localhost:{port}/readyz").status_code == 200
    assert abs(Pace.read(folder / "clock").time_at(seconds) - seconds) < 0.01


def test_two_stories_at_once_are_refused(folder: Path) -> None:
    told = demo("--emergency", "--pre-visit", "--folder", str(folder))

    assert told.returncode == 2
    assert "not allowed with" in told.stderr


def test_no_service_for_people_starts_on_the_clock_of_a_demo(tmp_path: Path) -> None:
    settings = {
        "CONSULT_DATA_DIR": str(tmp_path / "data"),
        "CONSULT_DEMO_CLOCK": str(tmp_path / "clock"),
        "CONSULT_PUBLIC_URL": "https://burns.example.org",
    }

    started = subprocess.run(
        [sys.executable, "-m", "api", "serve"],
        cwd=ROOT,
        env={**os.environ, **settings},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert started.returncode == 2
    assert "CONSULT_DEMO_CLOCK: makes the clock run wrong, for a demo alone" in started.stderr
    assert not (tmp_path / "data").exists()
