"""`consult scrub` on real files; in a process of its own where the terminal matters."""

import argparse
import hashlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from api import scrubbing
from api.scrubbing import files
from consult.imaging.dicom import read_header
from consult.imaging.scrub import scrub
from tests.factories import People
from tests.imaging.instances import dciodvfy, make_jpeg

FIELDS = (
    "file ok error width height lossless orientation_applied orientation_uncertain found "
    "removed_bytes kept steps sha256_before sha256_after out_jpeg out_dicom"
)
COMMAND = [sys.executable, "-m", "api", "scrub"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photos, one of them in a folder, and a text that is none."""
    folder = tmp_path / "photos"
    (folder / "ward").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(make_jpeg(quality=80, comment=b"bed 4"))
    (folder / "ward" / "a.jpeg").write_bytes(make_jpeg("L"))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.jpg").write_bytes(make_jpeg())
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


class TestOnePhoto:
    def test_its_line_has_exactly_the_fields_that_are_promised(
        self, photos: Path, out: Path
    ) -> None:
        status, [line] = consult_scrub(photos / "a.jpg", out=out)

        assert status == 0
        assert list(line) == FIELDS.split()

    def test_its_line_tells_what_was_found_and_where_the_result_is(
        self, photos: Path, out: Path
    ) -> None:
        upload = (photos / "a.jpg").read_bytes()

        _, [line] = consult_scrub(photos / "a.jpg", out=out)

        assert line["file"] == str(photos / "a.jpg")
        assert (line["ok"], line["error"]) == (True, None)
        assert (line["width"], line["height"]) == (161, 99)
        assert (line["lossless"], line["steps"]) == (True, ["rebuilt"])
        assert (line["orientation_applied"], line["orientation_uncertain"]) == (1, False)
        assert [(f["kind"], f["count"]) for f in line["found"]] == [("comment", 1)]
        assert line["removed_bytes"] > len(b"bed 4")
        assert line["sha256_before"] == hashlib.sha256(upload).hexdigest()
        assert line["sha256_after"] == sha256(out / "a.jpg")
        assert (line["out_jpeg"], line["out_dicom"]) == (str(out / "a.jpg"), None)

    def test_the_result_is_the_scrubbed_photo(self, photos: Path, out: Path) -> None:
        upload = (photos / "a.jpg").read_bytes()

        consult_scrub(photos / "a.jpg", out=out)

        assert (out / "a.jpg").read_bytes() == scrub(upload).jpeg
        assert (photos / "a.jpg").read_bytes() == upload

    def test_dicom_holds_the_same_photo(self, photos: Path, out: Path) -> None:
        _, [line] = consult_scrub(photos / "a.jpg", "--dicom", out=out)

        assert line["out_dicom"] == str(out / "a.dcm")
        assert (out / "a.jpg").read_bytes() in (out / "a.dcm").read_bytes()
        [reminder] = dciodvfy(out / "a.dcm")
        assert "Laterality" in reminder

    def test_dicom_of_two_photos_claims_no_common_patient(self, photos: Path, out: Path) -> None:
        consult_scrub(photos / "a.jpg", photos / "a.jpg", "--dicom", out=out)

        one, other = (read_header((out / name).read_bytes()) for name in ("a.dcm", "a-2.dcm"))
        assert one.PatientID != other.PatientID
        assert one.StudyInstanceUID != other.StudyInstanceUID
        assert one.SOPInstanceUID != other.SOPInstanceUID


class TestManyFiles:
    def test_a_folder_is_walked_and_what_is_refused_stops_nothing(
        self, photos: Path, out: Path
    ) -> None:
        status, lines = consult_scrub(photos, out=out)

        assert status == 1
        assert [(Path(line["file"]).name, line["ok"]) for line in lines] == [
            ("a.jpg", True),
            ("notes.txt", False),
            ("a.jpeg", True),
        ]

    def test_lines_come_in_the_order_of_the_files(self, tmp_path: Path, out: Path) -> None:
        names = [f"{n}.jpg" for n in range(12)]
        for n, name in enumerate(names):  # the first ones are the slowest
            (tmp_path / name).write_bytes(make_jpeg(size=(1200 - 100 * n, 900)))

        _, lines = consult_scrub(*(tmp_path / name for name in names), out=out)

        assert [Path(line["file"]).name for line in lines] == names

    def test_photos_of_one_name_get_names_of_their_own(self, photos: Path, out: Path) -> None:
        _, lines = consult_scrub(photos / "a.jpg", photos / "ward" / "a.jpeg", out=out)

        assert [line["out_jpeg"] for line in lines] == [str(out / "a.jpg"), str(out / "a-2.jpg")]

    def test_names_that_differ_in_case_only_are_kept_apart(self, tmp_path: Path, out: Path) -> None:
        for name in ("b.jpg", "B.jpg"):
            (tmp_path / name).write_bytes(make_jpeg())

        _, lines = consult_scrub(tmp_path / "b.jpg", tmp_path / "B.jpg", out=out)

        assert [Path(line["out_jpeg"]).name for line in lines] == ["b.jpg", "B-2.jpg"]

    def test_nothing_that_lies_there_is_written_over(self, photos: Path) -> None:
        before = contents(photos)

        status, [line] = consult_scrub(photos / "a.jpg", out=photos)

        assert (status, line["out_jpeg"]) == (0, str(photos / "a-2.jpg"))
        assert before.items() <= contents(photos).items()

    def test_earlier_results_are_no_input(self, photos: Path) -> None:
        consult_scrub(photos, out=photos / "clean")

        _, lines = consult_scrub(photos, out=photos / "clean")

        assert len(lines) == 3


class TestRefusals:
    def test_a_refused_photo_leaves_no_file_and_has_a_code(self, photos: Path, out: Path) -> None:
        status, [line] = consult_scrub(photos / "notes.txt", out=out)

        assert (status, line["ok"], line["error"]["code"]) == (1, False, "not_a_photo")
        assert line["error"]["message"].endswith(".")
        assert list(line) == FIELDS.split()
        assert contents(out) == {}

    def test_a_missing_file_is_said_to_be_missing(self, photos: Path, out: Path) -> None:
        status, lines = consult_scrub(photos / "none.jpg", photos / "a.jpg", out=out)

        assert status == 1
        assert [line["ok"] for line in lines] == [False, True]
        assert lines[0]["error"]["code"] == "not_found"

    def test_an_empty_folder_is_said_to_be_empty(self, tmp_path: Path, out: Path) -> None:
        (tmp_path / "empty").mkdir()

        _, [line] = consult_scrub(tmp_path / "empty", out=out)

        assert line["error"]["code"] == "empty_folder"

    def test_a_device_is_not_read(self, out: Path) -> None:
        _, [line] = consult_scrub(Path("/dev/zero"), out=out)

        assert line["error"]["code"] == "not_a_file"

    def test_a_loop_of_links_cannot_be_read(self, tmp_path: Path, out: Path) -> None:
        (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")

        _, [line] = consult_scrub(tmp_path / "loop.jpg", out=out)

        assert line["error"]["code"] == "unreadable_file"

    def test_a_file_over_the_cap_is_refused(self, tmp_path: Path, out: Path) -> None:
        with (tmp_path / "huge.jpg").open("wb") as file:
            file.truncate(25 * 1024 * 1024 + 1)

        _, [line] = consult_scrub(tmp_path / "huge.jpg", out=out)

        assert line["error"]["code"] == "photo_too_large"

    def test_a_name_that_no_disk_takes_is_reported(self, photos: Path, out: Path) -> None:
        long = photos / ("x" * 252 + ".jp")  # its result would have a letter too many
        (photos / "a.jpg").rename(long)

        status, [line] = consult_scrub(long, out=out)

        assert (status, line["error"]["code"]) == (1, "cannot_write")
        assert contents(out) == {}

    def test_a_result_never_replaces_a_file_that_came_in_between(self, tmp_path: Path) -> None:
        draft, other = tmp_path / "draft", tmp_path / "a.jpg"
        draft.write_bytes(b"ours")
        other.write_bytes(b"theirs")

        with pytest.raises(FileExistsError):
            files._move(draft, other)
        assert other.read_bytes() == b"theirs"

    def test_a_place_that_is_no_folder_ends_with_2(
        self, photos: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status, lines = consult_scrub(photos / "a.jpg", out=photos / "notes.txt")

        assert (status, lines) == (2, [])
        assert "notes.txt: File exists" in capsys.readouterr().err


@pytest.fixture
def heeding_ctrl_c() -> Generator[None]:
    """Run in the background, a shell tells us to ignore ctrl-C, and our children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class TestTerminal:
    def test_progress_is_shown_on_a_terminal_only(self, photos: Path, out: Path) -> None:
        terminal, side = pty.openpty()

        subprocess.run(
            [*COMMAND, photos, "--out", out], stderr=side, stdout=subprocess.DEVNULL, check=False
        )

        assert b"-] 1 of 3 done" in (shown := os.read(terminal, 4096))
        assert b"#] 3 of 3 done, 1 refused\r\n" in shown
        os.close(terminal)
        os.close(side)

    @pytest.mark.usefixtures("heeding_ctrl_c")
    def test_ctrl_c_leaves_whole_files_only(self, tmp_path: Path, out: Path) -> None:
        upload = make_jpeg(size=(3000, 2000), progressive=True)
        for n in range(60):
            (tmp_path / f"{n}.jpg").write_bytes(upload)
        process = subprocess.Popen(
            [*COMMAND, *(tmp_path / f"{n}.jpg" for n in range(60)), "--out", out],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout
        first = process.stdout.readline()

        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)

        assert process.returncode == 130, told.decode()
        assert b"Traceback" not in told
        results = contents(out)
        assert json.loads(first)["ok"] is True
        assert 0 < len(results) < 60
        assert set(results.values()) == {scrub(upload).jpeg}

    def test_one_photo_is_scrubbed_without_loading_what_only_workers_need(
        self, photos: Path, out: Path
    ) -> None:
        """They take longer to load than a photo takes to be scrubbed."""
        program = (
            "import sys; from api.__main__ import main; status = main(sys.argv[1:]); "
            "print({'numpy', 'PIL', 'pydantic', 'pydicom'} & sys.modules.keys(), status)"
        )

        told = subprocess.run(
            [sys.executable, "-c", program, "scrub", photos / "a.jpg", "--out", out],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout

        assert told.splitlines()[-1] == b"set() 0"


class TestVerifying:
    @pytest.fixture
    def line(self, photos: Path, out: Path) -> Path:
        """What the first photo's line said, in a file."""
        _, [line] = consult_scrub(photos / "a.jpg", out=out)
        (photos / "line.json").write_text(json.dumps(line))
        return photos / "line.json"

    def test_a_line_holds_beside_the_original_and_the_scrubbed_photo(
        self, photos: Path, out: Path, line: Path
    ) -> None:
        before = contents(photos) | contents(out)

        status, told = consult_verify(line, photos / "a.jpg", out / "a.jpg")

        assert status == 0
        assert told == [
            {"file": str(photos / "a.jpg"), "ok": True, "is": "original", "differences": []},
            {"file": str(out / "a.jpg"), "ok": True, "is": "scrubbed", "differences": []},
        ]
        assert contents(photos) | contents(out) == before

    async def test_what_the_service_certifies_holds_offline(
        self, photos: Path, people: People
    ) -> None:
        upload = (photos / "a.jpg").read_bytes()
        photo = await people.patient.attach(await people.patient.open_consult(), upload)
        for rendition in ("certificate", "image"):
            answer = await people.patient.get(f"/api/photos/{photo['id']}/{rendition}")
            (photos / rendition).write_bytes(answer.content)

        status, told = consult_verify(photos / "certificate", photos / "a.jpg", photos / "image")

        assert status == 0
        assert [(each["ok"], each["is"]) for each in told] == [
            (True, "original"),
            (True, "scrubbed"),
        ]

    def test_a_lie_ends_with_1_and_is_named(self, photos: Path, out: Path, line: Path) -> None:
        said = json.loads(line.read_text())
        line.write_text(json.dumps(said | {"lossless": False}))

        status, told = consult_verify(line, out / "a.jpg", photos / "a.jpg")

        assert status == 1
        assert [each["ok"] for each in told] == [True, False]
        assert told[1]["differences"] == [
            {"field": "lossless", "certificate": False, "file": True, "note": None}
        ]

    def test_another_photo_ends_with_1(self, photos: Path, line: Path) -> None:
        status, [told] = consult_verify(line, photos / "ward" / "a.jpeg")

        assert (status, told["ok"], told["is"]) == (1, False, "neither")

    @pytest.mark.usefixtures("line")
    @pytest.mark.parametrize(
        ("names", "reason"),
        [
            ("notes.txt a.jpg", "notes.txt: This is not one certificate of a photo."),
            ("none.json a.jpg", "none.json: There is no such file."),
            ("line.json none.jpg", "none.jpg: There is no such file."),
            ("line.json ward", "ward: This is a folder."),
        ],
    )
    def test_what_cannot_be_read_ends_with_2(
        self, photos: Path, capsys: pytest.CaptureFixture[str], names: str, reason: str
    ) -> None:
        status, told = consult_verify(*(photos / name for name in names.split()))

        assert (status, told) == (2, [])
        assert reason in capsys.readouterr().err

    def test_one_file_that_cannot_be_read_stops_no_other(self, photos: Path, line: Path) -> None:
        status, told = consult_verify(line, photos / "none.jpg", photos / "a.jpg")

        assert status == 2
        assert [each["ok"] for each in told] == [True]

    def test_a_photo_that_was_refused_has_no_certificate(
        self, photos: Path, out: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, [line] = consult_scrub(photos / "notes.txt", out=out)
        (photos / "line.json").write_text(json.dumps(line))

        status, _ = consult_verify(photos / "line.json", photos / "notes.txt")

        assert status == 2
        assert "not one certificate" in capsys.readouterr().err

    def test_it_does_not_scrub_into_a_folder_at_the_same_time(
        self, photos: Path, out: Path, line: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            scrub_command(photos / "a.jpg", "--out", out, "--verify", line)
        assert "not allowed with" in capsys.readouterr().err


def consult_scrub(*arguments: Path | str, out: Path) -> tuple[int, list[dict[str, Any]]]:
    return scrub_command(*arguments, "--out", out)


def consult_verify(certificate: Path, *files: Path) -> tuple[int, list[dict[str, Any]]]:
    return scrub_command("--verify", certificate, *files)


def scrub_command(*arguments: Path | str) -> tuple[int, list[dict[str, Any]]]:
    parser = argparse.ArgumentParser()
    scrubbing.add_arguments(parser)
    told = io.StringIO()
    with redirect_stdout(told):
        status = scrubbing.run(parser.parse_args([*map(str, arguments)]))
    return status, [json.loads(line) for line in told.getvalue().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
