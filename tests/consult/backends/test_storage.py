import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from consult.backends.storage import Storage
from consult.backends.storage.local import LocalStorage
from tests.needs import needs

DAY = timedelta(hours=24)
STRACE = ["strace", "-f", "-qq", "-y", "-e", "trace=fsync,rename,mkdir,chdir"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def storage(folder: Path) -> Storage:
    return LocalStorage(folder)


class TestPutAndRead:
    @pytest.mark.parametrize("size", [0, 1, 65_536, 4_000_001])
    async def test_what_went_in_comes_out(self, storage: Storage, size: int) -> None:
        content = os.urandom(size)
        file = await storage.put(content)

        assert (await storage.read(file.key), file.size) == (content, size)

    async def test_pieces_are_stored_in_a_row(self, storage: Storage) -> None:
        file = await storage.put([b"DICM", bytearray(b"head"), memoryview(b"frame")])

        assert await storage.read(file.key) == b"DICMheadframe"

    async def test_the_same_bytes_twice_are_two_files(self, storage: Storage) -> None:
        first, second = await storage.put(b"same"), await storage.put(b"same")
        await storage.delete(first.key)

        assert await storage.read(second.key) == b"same"

    @pytest.mark.parametrize(
        ("start", "end", "expected"),
        [
            (0, 3, b"012"),
            (7, None, b"789"),
            (3, 5, b"34"),
            (8, 99, b"89"),
            (5, 5, b""),
            (12, 14, b""),
        ],
    )
    async def test_a_range_is_what_a_slice_would_be(
        self, storage: Storage, start: int, end: int | None, expected: bytes
    ) -> None:
        key = (await storage.put(b"0123456789")).key

        assert await storage.read(key, start, end) == expected
        assert b"".join([chunk async for chunk in storage.chunks(key, start, end)]) == expected

    async def test_chunks_are_no_larger_than_asked(self, storage: Storage) -> None:
        content = os.urandom(1000)
        key = (await storage.put(content)).key
        chunks = [chunk async for chunk in storage.chunks(key, 10, 990, size=256)]

        assert [len(chunk) for chunk in chunks] == [256, 256, 256, 212]
        assert b"".join(chunks) == content[10:990]

    async def test_a_deletion_does_not_cut_off_who_reads(self, storage: Storage) -> None:
        key = (await storage.put(b"0123456789")).key
        reader = storage.chunks(key, size=5)
        first = await anext(reader)
        await storage.delete(key)

        assert first + b"".join([chunk async for chunk in reader]) == b"0123456789"

    async def test_many_at_once_do_not_mix(self, storage: Storage) -> None:
        kept: dict[str, bytes] = {}

        async def put(content: bytes) -> None:
            kept[(await storage.put(content)).key] = content

        async with anyio.create_task_group() as group:
            for _ in range(16):
                group.start_soon(put, os.urandom(10_000))

        assert len(kept) == 16
        for key, content in kept.items():
            assert await storage.read(key) == content


class TestMissing:
    @pytest.mark.parametrize("key", ["0" * 32, "", "../secret.key", "/etc/passwd", "A" * 32])
    async def test_a_key_that_names_no_file_is_not_found(self, storage: Storage, key: str) -> None:
        with pytest.raises(FileNotFoundError):
            await storage.read(key)
        with pytest.raises(FileNotFoundError):
            await storage.delete(key)
        with pytest.raises(FileNotFoundError):
            await anext(storage.chunks(key))


class TestSweep:
    async def test_only_what_is_old_enough_is_listed(self, storage: Storage, folder: Path) -> None:
        old, _new = await storage.put(b"old"), await storage.put(b"new")
        age(folder, old.key, hours=25)

        assert [key async for key in storage.keys(older_than=DAY)] == [old.key]

    async def test_a_file_that_is_no_photo_is_left_alone(
        self, storage: Storage, folder: Path
    ) -> None:
        await storage.put(b"photo")
        (folder / "00" / "11").mkdir(parents=True)
        (folder / "00" / "11" / "README.txt").write_text("not ours")
        age(folder, "README.txt", hours=25)

        assert [key async for key in storage.keys(older_than=DAY)] == []

    async def test_a_file_that_goes_meanwhile_is_not_listed(
        self, storage: Storage, folder: Path
    ) -> None:
        old = await storage.put(b"old")
        age(folder, old.key, hours=25)
        (folder / old.key[:2] / old.key[2:4] / ("0" * 32)).symlink_to("/nowhere")

        assert [key async for key in storage.keys(older_than=DAY)] == [old.key]

    async def test_what_a_crash_left_unfinished_goes_at_the_next_start(self, folder: Path) -> None:
        LocalStorage(folder)
        (folder / "partial" / "crashed").write_bytes(b"half a pho")
        (folder / "partial" / "being-written").write_bytes(b"half a pho")
        age(folder, "crashed", hours=2)
        LocalStorage(folder)

        assert [path.name for path in (folder / "partial").iterdir()] == ["being-written"]


class TestCheck:
    async def test_passes_and_leaves_nothing(self, storage: Storage, folder: Path) -> None:
        await storage.check()

        assert files_in(folder) == []

    async def test_fails_when_the_folder_is_gone(self, storage: Storage, folder: Path) -> None:
        shutil.rmtree(folder)
        with pytest.raises(OSError, match="partial"):
            await storage.check()


class TestDurability:
    async def test_a_photo_is_private_and_its_name_tells_nothing(
        self, storage: Storage, folder: Path
    ) -> None:
        file = await storage.put(b"photo")
        path = folder / file.key[:2] / file.key[2:4] / file.key

        assert path.stat().st_mode & 0o777 == 0o600
        assert re.fullmatch(r"[0-9a-f]{32}", file.key)

    def test_file_name_and_folder_are_on_the_disk_before_put_returns(self, folder: Path) -> None:
        needs("strace")
        script = (
            "import sys, anyio, os\n"
            "from pathlib import Path\n"
            "from consult.backends.storage.local import LocalStorage\n"
            "storage = LocalStorage(Path(sys.argv[1]))\n"
            "anyio.run(storage.put, b'photo')\n"
            "os.chdir('/')\n"  # marks the return
        )
        trace = folder.parent / "trace"
        subprocess.run(
            [*STRACE, "-o", trace, sys.executable, "-c", script, folder],
            check=True,
            timeout=60,
        )

        calls = [*map(calls_of(folder), trace.read_text().splitlines())]
        assert calls[calls.index("fsync partial/…") : calls.index("chdir") + 1] == [
            "fsync partial/…",
            "mkdir x",
            "fsync .",
            "mkdir x/y",
            "fsync x",
            "rename partial/… to x/y/…",
            "fsync x/y",
            "chdir",
        ]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def age(folder: Path, name: str, *, hours: float) -> None:
    moment = time.time() - hours * 3600
    for path in folder.rglob(name):
        os.utime(path, (moment, moment))


def calls_of(folder: Path) -> Callable[[str], str]:
    """Shorten a line of strace to what it does inside `folder`, with x and y for the key's folders."""
    inside = re.escape(str(folder))
    key = re.compile(inside + r"/[0-9a-f]{2}(/[0-9a-f]{2})?(/[0-9a-f]{32})?(?![\w])")

    def shorten(line: str) -> str:
        paths = [short(match) for match in re.findall(rf"({inside}[^\">,]*)", line)]
        name = re.search(r"(fsync|rename|mkdir|chdir)\(", line)
        assert name
        return " to ".join([f"{name[1]} {paths[0]}", *paths[1:]]) if paths else name[1]

    def short(path: str) -> str:
        if match := key.fullmatch(path):
            return "x" + ("/y" if match[1] else "") + ("/…" if match[2] else "")
        path = path.removeprefix(str(folder)).removeprefix("/")
        return re.sub(r"^partial/.+", "partial/…", path) or "."

    return shorten
