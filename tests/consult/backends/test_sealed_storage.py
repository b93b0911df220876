import os
import struct
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from structlog.testing import capture_logs

from consult.backends.keys import Keys, open_keys
from consult.backends.storage.local import LocalStorage
from consult.backends.storage.sealed import SealedStorage
from consult.backends.storage.segments import HEAD, SEALED_SEGMENT, SEGMENT
from consult.config import Settings
from consult.errors import Damaged, Gone

SUBJECT, OTHER = uuid4(), uuid4()
LARGE = os.urandom(3 * SEGMENT + 100)


@pytest.fixture
def keys(tmp_path: Path) -> Generator[Keys]:
    with open_keys(Settings(data_dir=tmp_path / "data")) as keys:
        keys.make(SUBJECT, OTHER)
        yield keys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def storage(folder: Path, keys: Keys) -> SealedStorage:
    return SealedStorage(LocalStorage(folder), keys)


class TestPutAndRead:
    @pytest.mark.parametrize(
        "size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 8 * SEGMENT, 9 * SEGMENT, 4_000_001]
    )
    async def test_what_went_in_comes_out(self, storage: SealedStorage, size: int) -> None:
        content = os.urandom(size)
        file = await storage.put(content, subject=SUBJECT)

        assert (await storage.read(file.key, subject=SUBJECT), file.size) == (content, size)

    async def test_pieces_are_stored_in_a_row(self, storage: SealedStorage) -> None:
        pieces = [b"DICM", bytearray(b"head"), memoryview(b"frame")]
        file = await storage.put(pieces, subject=SUBJECT)

        assert (await storage.read(file.key, subject=SUBJECT), file.size) == (b"DICMheadframe", 13)

    @pytest.mark.parametrize("edge", [0, SEGMENT, 2 * SEGMENT, len(LARGE)])
    async def test_a_range_is_what_a_slice_would_be(
        self, storage: SealedStorage, edge: int
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        for start in (0, max(0, edge - 1), edge, edge + 1):
            for end in (start, edge, edge + 1, edge + SEGMENT + 7, len(LARGE), 10**9, None):
                read = await storage.read(key, start, end, subject=SUBJECT)
                assert read == LARGE[start:end], (start, end)

    @pytest.mark.parametrize("size", [256, SEGMENT, 100_000, 10**6])
    async def test_chunks_are_no_larger_than_asked(self, storage: SealedStorage, size: int) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        chunks = [
            chunk
            async for chunk in storage.chunks(key, 10, len(LARGE) - 10, subject=SUBJECT, size=size)
        ]

        assert max(len(chunk) for chunk in chunks) <= size
        assert b"".join(chunks) == LARGE[10:-10]

    async def test_a_deletion_does_not_cut_off_who_reads(self, storage: SealedStorage) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        reader = storage.chunks(key, subject=SUBJECT, size=SEGMENT)
        first = await anext(reader)
        await storage.delete(key)

        assert first + b"".join([chunk async for chunk in reader]) == LARGE

    async def test_one_of_another_kind_is_read_as_what_it_is(self, storage: SealedStorage) -> None:
        key = (await storage.put(b"frame", subject=SUBJECT, kind="upload")).key

        assert await storage.read(key, subject=SUBJECT, kind="upload") == b"frame"

    async def test_an_empty_range_reads_nothing(self, storage: SealedStorage, folder: Path) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it[:HEAD] + bytes([it[HEAD] ^ 1]) + it[HEAD + 1 :])

        assert await storage.read(key, 10, 10, subject=SUBJECT) == b""

    async def test_what_was_stored_is_listed_once_it_is_old_enough(
        self, storage: SealedStorage
    ) -> None:
        key = (await storage.put(b"frame", subject=SUBJECT)).key

        for age, listed in ((timedelta(seconds=-5), [key]), (timedelta(hours=1), [])):
            assert [found async for found in storage.keys(older_than=age)] == listed

    async def test_a_key_that_names_no_file_is_not_found(self, storage: SealedStorage) -> None:
        with pytest.raises(FileNotFoundError):
            await storage.read("0" * 32, subject=SUBJECT)

    async def test_a_large_photo_grows_by_little(
        self, storage: SealedStorage, folder: Path
    ) -> None:
        """16 bytes for each 64 KiB, and 63 in front."""
        key = (await storage.put(LARGE, subject=SUBJECT)).key

        assert path_of(folder, key).stat().st_size == len(LARGE) + 63 + 4 * 16

    async def test_the_form_is_the_one_that_is_written_down(
        self, storage: SealedStorage, folder: Path, keys: Keys
    ) -> None:
        """Opened by hand, from the description alone."""
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        stored = path_of(folder, key).read_bytes()
        magic, length, wrapped, prefix = struct.unpack(">8sQ40s7s", stored[:63])
        cipher = AESGCM(keys.get(SUBJECT).unwrap(wrapped))
        names = key.encode() + b"\0dicom-instance"
        label = b"consult-object-v1\0" + SUBJECT.bytes + struct.pack(">Q", length) + names

        opened = b"".join(
            cipher.decrypt(
                prefix + struct.pack(">IB", number, number == 3),
                stored[63 + number * 65552 : 63 + (number + 1) * 65552],
                label,
            )
            for number in range(4)
        )

        assert (magic, length, opened) == (b"CONSULT\x01", len(LARGE), LARGE)


class TestRefusals:
    """EN-2. What is not the object that was stored, whole, is refused, and an error is logged."""

    @pytest.mark.parametrize(
        "place", [0, 8, 15, 16, 55, 56, 62, 63, HEAD + SEGMENT, HEAD + SEALED_SEGMENT, -1, -17]
    )
    async def test_a_flipped_bit(self, storage: SealedStorage, folder: Path, place: int) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it[:place] + bytes([it[place] ^ 1]) + it[place:][1:])

        await refused(storage, key)

    async def test_a_flipped_bit_in_another_segment_is_not_read(
        self, storage: SealedStorage, folder: Path
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it[:-1] + bytes([it[-1] ^ 1]))

        assert await storage.read(key, 0, SEGMENT, subject=SUBJECT) == LARGE[:SEGMENT]

    @pytest.mark.parametrize("lost", [1, 16, 116, SEALED_SEGMENT, 3 * SEALED_SEGMENT])
    async def test_a_cut_end_even_for_a_range_before_it(
        self, storage: SealedStorage, folder: Path, lost: int
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it[:-lost])

        await refused(storage, key)
        await refused(storage, key, 0, 10)

    async def test_a_cut_by_whole_segments_that_tells_a_shorter_length(
        self, storage: SealedStorage, folder: Path
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        short = struct.pack(">Q", 2 * SEGMENT)
        change(folder, key, lambda it: it[:8] + short + it[16 : HEAD + 2 * SEALED_SEGMENT])

        await refused(storage, key, 0, 10)

    @pytest.mark.parametrize("length", [0, 1, HEAD - 1, HEAD, HEAD + 15])
    async def test_hardly_anything_left(
        self, storage: SealedStorage, folder: Path, length: int
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it[:length])

        await refused(storage, key)

    async def test_something_more_at_the_end(self, storage: SealedStorage, folder: Path) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it + b"\0")

        await refused(storage, key, 0, 10)

    async def test_swapped_segments(self, storage: SealedStorage, folder: Path) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        one, two = HEAD + SEALED_SEGMENT, HEAD + 2 * SEALED_SEGMENT
        change(folder, key, lambda it: it[:HEAD] + it[one:two] + it[HEAD:one] + it[two:])

        await refused(storage, key)

    async def test_a_renamed_object(self, storage: SealedStorage, folder: Path) -> None:
        first = (await storage.put(LARGE, subject=SUBJECT)).key
        second = (await storage.put(LARGE, subject=SUBJECT)).key
        path_of(folder, first).replace(path_of(folder, second))

        await refused(storage, second)

    async def test_another_patients_object(self, storage: SealedStorage) -> None:
        theirs = (await storage.put(LARGE, subject=OTHER)).key

        await refused(storage, theirs)

    async def test_a_subject_that_nobody_knows(self, storage: SealedStorage) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key

        await refused(storage, key, subject=uuid4())

    async def test_an_object_of_another_kind(self, storage: SealedStorage) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT, kind="upload")).key

        await refused(storage, key)

    async def test_a_photo_in_clear(self, storage: SealedStorage, folder: Path) -> None:
        plain = await LocalStorage(folder).put(LARGE)

        await refused(storage, plain.key)

    async def test_no_byte_of_a_damaged_segment_is_ever_yielded(
        self, storage: SealedStorage, folder: Path
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        change(folder, key, lambda it: it[:-50] + bytes([it[-50] ^ 1]) + it[-49:])
        reader = storage.chunks(key, subject=SUBJECT, size=SEGMENT)
        got = [await anext(reader) for _ in range(3)]
        with pytest.raises(Damaged):
            await anext(reader)

        assert b"".join(got) == LARGE[: 3 * SEGMENT]

    async def test_nothing_is_read_or_stored_for_somebody_who_was_shredded(
        self, storage: SealedStorage, keys: Keys
    ) -> None:
        key = (await storage.put(LARGE, subject=SUBJECT)).key
        keys.shred(SUBJECT)

        with pytest.raises(Gone):
            await storage.read(key, subject=SUBJECT)
        with pytest.raises(Gone):
            await storage.put(b"more", subject=SUBJECT)


class TestUnfinished:
    async def test_a_file_that_is_not_finished_holds_ciphertext_only(
        self, storage: SealedStorage, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """EN-1. A crash leaves no photo in clear: the disk is full before the file has its name."""
        left: list[bytes] = []

        def full(_: int) -> None:
            left.extend(path.read_bytes() for path in (folder / "partial").iterdir())
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            await storage.put(b"Canary" * 50_000, subject=SUBJECT)

        assert sum(map(len, left)) > 300_000
        assert b"Canary" not in b"".join(left)


async def refused(
    storage: SealedStorage,
    key: str,
    start: int = 0,
    end: int | None = None,
    *,
    subject: UUID = SUBJECT,
) -> None:
    with capture_logs() as logged, pytest.raises(Damaged):
        await storage.read(key, start, end, subject=subject)

    assert [(it["event"], it["log_level"], it["object_id"]) for it in logged] == [
        ("storage.object_refused", "error", key)
    ]


def change(folder: Path, key: str, to: Callable[[bytes], bytes]) -> None:
    path = path_of(folder, key)
    path.write_bytes(to(path.read_bytes()))


def path_of(folder: Path, key: str) -> Path:
    return folder / key[:2] / key[2:4] / key
