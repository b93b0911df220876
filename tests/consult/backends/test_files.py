import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from consult.backends.files import exclusive, make_directory, write_durably


class TestWriteDurably:
    def test_the_file_is_whole_private_and_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "a" / "b" / "file"
        size = write_durably(path, [b"one", bytearray(b"two"), memoryview(b"3")], partials=tmp_path)

        assert (size, path.read_bytes()) == (7, b"onetwo3")
        assert path.stat().st_mode & 0o777 == 0o600
        assert files_in(tmp_path) == [path]

    def test_what_was_written_once_is_never_changed(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        write_durably(path, [b"first"], partials=tmp_path)
        with pytest.raises(FileExistsError):
            write_durably(path, [b"second"], partials=tmp_path)

        assert path.read_bytes() == b"first"
        assert files_in(tmp_path) == [path]

    def test_a_failure_in_the_middle_leaves_no_file(self, tmp_path: Path) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"first"
            raise OSError("the source is gone")

        with pytest.raises(OSError, match="gone"):
            write_durably(tmp_path / "file", pieces(), partials=tmp_path)

        assert files_in(tmp_path) == []


class TestMakeDirectory:
    def test_all_the_folders_made_are_private(self, tmp_path: Path) -> None:
        make_directory(tmp_path / "a" / "b")

        for folder in (tmp_path / "a", tmp_path / "a" / "b"):
            assert folder.stat().st_mode & 0o777 == 0o700

    def test_a_folder_that_is_there_keeps_its_mode(self, tmp_path: Path) -> None:
        folder = tmp_path / "shared"
        folder.mkdir(mode=0o750)
        make_directory(folder)

        assert folder.stat().st_mode & 0o777 == 0o750


class TestExclusive:
    def test_the_second_is_refused_until_the_first_has_gone(self, tmp_path: Path) -> None:
        lock = tmp_path / "lock"
        with (
            exclusive(lock, wait=False),
            pytest.raises(BlockingIOError),
            exclusive(lock, wait=False),
        ):
            pass

        with exclusive(lock, wait=False):
            assert lock.stat().st_mode & 0o777 == 0o600

    def test_the_lock_of_a_killed_process_is_free(self, tmp_path: Path) -> None:
        script = (
            "import sys, pathlib, time; from consult.backends.files import exclusive\n"
            "with exclusive(pathlib.Path(sys.argv[1]), wait=False):\n"
            "    print('held', flush=True); time.sleep(60)"
        )
        arguments = [sys.executable, "-c", script, str(tmp_path / "lock")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(BlockingIOError), exclusive(tmp_path / "lock", wait=False):
                pass
            holder.kill()
            holder.wait()

            with exclusive(tmp_path / "lock", wait=False):
                pass


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
