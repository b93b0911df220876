import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from consult.errors import PhotoTooLarge, UnreadablePhoto
from consult.imaging import formats, framing, preview, profiles, workers
from consult.imaging.advice import Measures
from consult.imaging.scrub import scrub
from tests.imaging.photos import chunk, make_icc, make_jpeg, make_png


@pytest.fixture(autouse=True)
def fresh() -> Generator[None]:
    workers.close()
    yield
    workers.close()
    workers._pool._size = workers.SIZE


def children() -> set[int]:
    """The processes that this one, by any thread, started and not yet reaped."""
    listings = Path("/proc/self/task").glob("*/children")
    return {int(pid) for listing in listings for pid in listing.read_text().split()}


def decode(width: int = 40) -> int:
    content, _ = workers.run("png", make_png(width), orientation=1, max_pixels=10**7, gamma=None)
    return len(content)


def memory_of(worker: workers._Worker) -> Path:
    """The memory that the worker shares, as a file of the system's."""
    maps = Path(f"/proc/{worker.process.pid}/map_files")
    return next(path for path in maps.iterdir() if "memfd:photo" in str(path.readlink()))


@cache
def heavy_png(side: int) -> bytes:
    """A picture of one colour: small as a file, large in memory."""
    header = side.to_bytes(4, "big") * 2 + b"\x08\x06\x00\x00\x00"
    row = b"\x00" + bytes(4 * side)
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


class TestLife:
    def test_warm_workers_are_used_again(self) -> None:
        workers.warm(2)
        before = children()
        decode()
        decode()
        assert children() == before
        assert len(before) == 2 + 1  # one more, for quick jobs

    def test_close_leaves_no_process_behind(self) -> None:
        workers.warm(2)
        started = children()
        workers.close()
        assert started
        assert not children() & started

    def test_after_close_the_next_photo_starts_a_worker(self) -> None:
        workers.close()
        assert decode() > 0

    def test_workers_end_when_their_service_is_killed(self) -> None:
        program = "import time; from consult.imaging import workers; workers.warm(1); "
        program += "print(workers._pool._idle[0].process.pid, flush=True); time.sleep(60)"
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as service:
            assert service.stdout
            worker = Path("/proc") / service.stdout.readline().decode().strip()
            assert worker.exists()
            service.kill()
        deadline = time.monotonic() + 5
        while worker.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not worker.exists()

    def test_many_threads_share_few_workers(self) -> None:
        workers.warm(2)
        before, sizes = children(), list[int]()
        threads = [threading.Thread(target=lambda: sizes.append(decode())) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(sizes) == 12
        assert len(set(sizes)) == 1
        assert children() == before

    def test_warming_up_leaves_no_watchdog_that_would_kill_a_later_photo(self) -> None:
        workers.warm(2)

        watchdogs = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
        assert [each for each in watchdogs if not each.finished.is_set()] == []

    def test_a_worker_is_replaced_after_many_photos(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workers, "PHOTOS_PER_WORKER", 3)
        decode()
        first = children()
        decode()
        decode()
        assert not children() & first

    def test_a_worker_knows_no_secrets_of_the_service(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CONSULT_SECRET", "hush")
        decode()
        (pid,) = children()
        assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()

    def test_a_worker_has_its_limits(self) -> None:
        decode()
        (pid,) = children()
        listing = Path(f"/proc/{pid}/limits").read_text().splitlines()
        limits = {line[:26].strip(): line[26:].split()[0] for line in listing}
        assert limits["Max address space"] == str(768 << 20)
        assert limits["Max file size"] == "0"
        assert limits["Max core file size"] == "0"
        assert int(limits["Max open files"]) <= 16
        assert 0 < int(limits["Max cpu time"]) <= 60


class TestSharedMemory:
    def test_a_photo_as_large_as_the_cap_comes_through_and_leaves_little_behind(self) -> None:
        decode()
        large = make_png(40) + bytes(formats.MAX_BYTES)
        notes = {"orientation": 1, "max_pixels": 10**7, "gamma": None}

        content, _ = workers.run("png", large, **notes)

        (worker,) = workers._pool._idle
        assert len(content) == decode()
        assert memory_of(worker).stat().st_blocks * 512 <= 8 << 20

    def test_a_body_too_large_to_share_goes_through_the_pipe(self) -> None:
        notes = {"orientation": 1, "max_pixels": 10**7, "gamma": None}
        content, _ = workers.run("png", make_png(40) + bytes(framing.SHARED), **notes)
        assert len(content) == decode()

    def test_without_memory_files_everything_goes_through_the_pipe(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shared = decode()
        workers.close()
        monkeypatch.delattr(os, "memfd_create")
        assert decode() == shared
        assert workers._pool._idle[0].line.shared is None

    @pytest.mark.parametrize("size", [0, 4096, framing.SHARED + 1])
    def test_a_worker_cannot_take_the_memory_away_under_a_reader(self, size: int) -> None:
        """A reader of a mapped file that shrank would be killed by SIGBUS."""
        memory = framing.memory_file()
        assert memory is not None
        with pytest.raises(PermissionError):
            os.ftruncate(memory, size)
        os.close(memory)

    def test_a_worker_that_claims_more_than_there_is_talks_nonsense(self) -> None:
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as incoming, os.fdopen(writing, "wb") as outgoing:
            line = framing.Line(incoming, outgoing, framing.mapped(framing.memory_file()))
            outgoing.write(framing._HEADER.pack(2, framing.SHARED + 1, True) + b"{}")
            outgoing.flush()
            with pytest.raises(ValueError, match=r"^$"):
                framing.receive(line)


class TestTwoSteps:
    def test_the_caller_works_while_the_worker_does(self) -> None:
        with workers.running("hello") as answer:
            started = children()
            content, _ = answer()
        assert (content, len(started)) == (b"", 1)
        assert children() == started

    def test_a_worker_whose_answer_nobody_fetched_is_not_asked_again(self) -> None:
        with pytest.raises(RuntimeError, match="ours"), workers.running("hello"):
            raise RuntimeError("ours")
        assert not children()
        assert decode() > 0

    @pytest.mark.parametrize("lie", [float("nan"), float("inf"), "much", None, [1]])
    def test_a_worker_that_lies_about_a_measure_costs_its_photo(self, lie: framing.Note) -> None:
        truth: framing.Notes = {f.name: 0.5 for f in fields(Measures)}
        with pytest.raises(UnreadablePhoto):
            preview._verified(scrub(make_jpeg()).preview, truth | {"sharpness": lie})

    def test_workers_start_without_being_waited_for(self) -> None:
        workers.start(2)
        started = children()
        assert decode() > 0
        assert len(started) == 2
        assert children() == started

    def test_ctrl_c_on_a_terminal_does_not_reach_them(self) -> None:
        decode()
        (pid,) = children()
        assert os.getpgid(pid) == pid != os.getpgrp()


class TestFairness:
    @contextmanager
    def slow_photo(self) -> Generator[threading.Thread]:
        upload = heavy_png(5000)
        notes = {"orientation": 6, "max_pixels": 10**9, "gamma": None}
        thread = threading.Thread(target=lambda: workers.run("png", upload, **notes))
        thread.start()
        while not workers._pool._busy["slow"]:
            time.sleep(0.001)
        yield thread
        thread.join()

    def test_a_slow_photo_does_not_delay_ordinary_ones(self) -> None:
        workers.warm(1)
        with self.slow_photo() as thread:
            photos = [scrub(make_jpeg(quality=90 - number)) for number in range(5)]
            assert thread.is_alive()
        assert len({photo.jpeg for photo in photos}) == 5

    def test_a_slow_photo_leaves_the_other_workers_to_the_others(self) -> None:
        workers.warm(2)
        with self.slow_photo() as thread:
            sizes = {decode() for _ in range(5)}
            assert thread.is_alive()
        assert len(sizes) == 1

    def test_who_waits_for_a_worker_is_served_in_turn(self) -> None:
        workers.warm(1)
        order = list[int]()

        def wait(number: int) -> None:
            decode()
            order.append(number)

        waiting = [threading.Thread(target=wait, args=(number,)) for number in range(6)]
        with self.slow_photo():
            for number, thread in enumerate(waiting):
                thread.start()
                while len(workers._pool._queues["slow"]) <= number:
                    time.sleep(0.001)
        for thread in waiting:
            thread.join()
        assert order == [0, 1, 2, 3, 4, 5]


class TestTrouble:
    def test_a_photo_that_needs_too_much_memory_is_too_large(self) -> None:
        workers.warm(1)
        with pytest.raises(PhotoTooLarge) as refusal:
            workers.run("png", heavy_png(14_000), orientation=1, max_pixels=10**9, gamma=None)
        assert refusal.value.code == "too_heavy"
        assert decode() > 0

    def test_a_worker_that_hangs_is_killed_and_replaced(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workers.warm(1)
        monkeypatch.setattr(workers, "WALL_SECONDS", 0.05)
        start = time.monotonic()
        with pytest.raises(UnreadablePhoto) as refusal:
            workers.run("png", heavy_png(5000), orientation=6, max_pixels=10**9, gamma=None)
        assert refusal.value.code == "took_too_long"
        assert time.monotonic() - start < 2
        monkeypatch.undo()
        assert decode() > 0

    def test_a_worker_that_dies_at_work_costs_only_its_own_photo(self) -> None:
        decode()
        (pid,), upload = children(), heavy_png(5000)
        killer = threading.Timer(0.1, os.kill, (pid, 11))
        killer.start()
        with pytest.raises(UnreadablePhoto) as refusal:
            workers.run("png", upload, orientation=6, max_pixels=10**9, gamma=None)
        killer.join()
        assert refusal.value.code == "damaged_photo"
        assert decode() > 0

    def test_a_worker_that_died_in_its_sleep_costs_no_photo(self) -> None:
        decode()
        (pid,) = children()
        os.kill(pid, 9)
        time.sleep(0.2)
        assert decode() > 0

    def test_a_profile_that_ends_its_worker_is_no_profile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decode()
        (pid,) = children()
        os.kill(pid, signal.SIGSTOP)
        monkeypatch.setattr(workers, "WALL_SECONDS", 0.05)
        assert profiles.rebuilt(make_icc()) is None
        monkeypatch.undo()
        assert profiles.rebuilt(make_icc())

    def test_an_unknown_job_is_answered(self) -> None:
        with pytest.raises(UnreadablePhoto):
            workers.run("nonsense", make_jpeg())
        assert decode() > 0

    def test_a_worker_that_cannot_start_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.executable", "/bin/false")
        with pytest.raises(RuntimeError, match="does not start"):
            workers.warm(1)
