import hmac
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap

from consult.backends.files import exclusive
from consult.backends.keys import UnknownSubject, open_keys, rotate, table
from consult.backends.keys.ring import KeyEncryptionKey, Ring, make_ring, read_ring, write_ring
from consult.config import InvalidSettings, Settings
from consult.errors import Conflict, Damaged, Gone
from tests.consult.backends.rotations import rehearsal

SUBJECT, OTHER = uuid4(), uuid4()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


class TestSealing:
    def test_what_was_sealed_opens_after_a_restart(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
        with open_keys(settings) as keys:
            assert keys.open(sealed, "user.name") == b"Ana"

        assert b"Ana" not in sealed

    def test_a_value_of_another_column_is_refused(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
            with pytest.raises(Damaged):
                keys.open(sealed, "consult.reason")

    def test_a_value_under_another_subject_is_refused(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT, OTHER)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
            moved = sealed[:1] + OTHER.bytes + sealed[17:]
            with pytest.raises(Damaged):
                keys.open(moved, "user.name")

    def test_every_flipped_bit_and_every_cut_is_refused(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
            for bit in range(8 * len(sealed)):
                flipped = bytearray(sealed)
                flipped[bit // 8] ^= 1 << bit % 8
                with pytest.raises((Damaged, UnknownSubject)):
                    keys.open(bytes(flipped), "user.name")
            for length in range(len(sealed)):
                with pytest.raises(Damaged):
                    keys.open(sealed[:length], "user.name")

    def test_the_same_text_has_the_same_index_and_no_other_column_has(
        self, settings: Settings
    ) -> None:
        with open_keys(settings) as keys:
            index = keys.index("ana@example.org", "user.email")
        with open_keys(settings) as keys:
            assert keys.index("ana@example.org", "user.email") == index
            assert keys.index("ana@example.org", "user.name") != index
            assert keys.index("eva@example.org", "user.email") != index

    def test_a_subject_that_nobody_made_a_key_for_is_an_error(self, settings: Settings) -> None:
        with open_keys(settings) as keys, pytest.raises(UnknownSubject, match=str(SUBJECT)):
            keys.get(SUBJECT)

    def test_no_text_at_all_is_sealed_and_opens(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            assert keys.open(keys.get(SUBJECT).seal(b"", "user.name"), "user.name") == b""

    def test_the_form_of_all_is_the_one_that_is_written_down(self, settings: Settings) -> None:
        """Made by hand, from the description alone: in another form nothing kept would open."""
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
            wrapped = keys.get(SUBJECT).wrap(b"o" * 32)
            index = keys.index("ana@example.org", "user.email")
        (kek,) = read_ring(settings.key_file).keys
        own, service = (
            aes_key_unwrap(kek.key, one) for one in wrapped_keys(settings, [SUBJECT, UUID(int=0)])
        )

        values = AESGCM(hmac.digest(own, b"consult values key", "sha256"))
        label = b"consult-value-v1\0" + SUBJECT.bytes + b"user.name"
        assert sealed[:17] == b"\x01" + SUBJECT.bytes
        assert values.decrypt(sealed[17:29], sealed[29:], label) == b"Ana"
        objects = hmac.digest(own, b"consult objects key", "sha256")
        assert aes_key_unwrap(objects, wrapped) == b"o" * 32
        indexes = hmac.digest(service, b"consult indexes key", "sha256")
        assert index == hmac.digest(indexes, b"user.email\0ana@example.org", "sha256")

    def test_the_key_file_is_the_one_that_is_written_down(self, settings: Settings) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        used(settings)
        (kek,) = read_ring(settings.key_file).keys

        name = hmac.digest(kek.key, b"consult kek id", "sha256")[:8].hex()
        assert settings.key_file.read_text() == (
            '{\n "keys": [\n  {\n'
            f'   "id": "{name}",\n   "key": "{kek.key.hex()}",\n   "made_at": "{kek.made_at}"\n'
            "  }\n ]\n}\n"
        )
        assert before <= datetime.fromisoformat(kek.made_at) <= datetime.now(UTC)
        assert kek.made_at.endswith("+00:00")

    def test_who_runs_already_needs_the_key_file_for_nothing_that_it_knows(
        self, settings: Settings
    ) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            settings.key_file.unlink()

            assert keys.get(SUBJECT)

    def test_the_keys_of_subjects_are_wrapped_as_rfc_3394_has_it(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
        (kek,) = read_ring(settings.key_file).keys
        with closing(sqlite3.connect(settings.keys_path)) as connection:
            wrapped = connection.execute("SELECT wrapped FROM subject").fetchall()

        unwrapped = {aes_key_unwrap(kek.key, row[0]) for row in wrapped}
        assert len(unwrapped) == 2  # the service's own is one
        assert {len(key) for key in unwrapped} == {32}


class TestRefusals:
    """EN-5. A key file that is missing, in the wrong place or the wrong one refuses to start."""

    def test_a_first_start_makes_one_that_nobody_else_can_read(self, settings: Settings) -> None:
        with open_keys(settings):
            pass

        for path in (settings.key_file, settings.keys_path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not settings.key_file.is_relative_to(settings.data_dir)

    @pytest.mark.parametrize("name", ["kek.json", "deeper/kek.json", "objects/kek.json"])
    def test_in_the_data_folder(self, settings: Settings, name: str) -> None:
        inside = settings.model_copy(update={"key_file": settings.data_dir / name})

        assert refusal(inside) == (
            f"CONSULT_KEY_FILE: {inside.key_file} lies beside what it seals. Move it to another "
            "folder, and say where."
        )
        assert not inside.key_file.exists()

    def test_in_the_data_folder_by_a_link(self, settings: Settings, tmp_path: Path) -> None:
        (settings.data_dir / "hidden").mkdir(parents=True)
        (tmp_path / "keys").symlink_to(settings.data_dir / "hidden")
        linked = settings.model_copy(update={"key_file": tmp_path / "keys" / "kek.json"})
        with pytest.raises(InvalidSettings, match="beside what it seals"), open_keys(linked):
            pass

    def test_the_data_folder_itself_is_a_link_to_where_it_lies(self, settings: Settings) -> None:
        settings.key_file.parent.mkdir()
        settings.data_dir.symlink_to(settings.key_file.parent)
        with pytest.raises(InvalidSettings, match="beside what it seals"), open_keys(settings):
            pass

    def test_beside_a_database_or_among_photos_that_lie_elsewhere(self, tmp_path: Path) -> None:
        key_file = tmp_path / "elsewhere" / "kek.json"
        for name, value in (
            ("database_url", f"sqlite:///{tmp_path}/elsewhere/consult.db"),
            ("storage_url", (tmp_path / "elsewhere").as_uri()),
        ):
            settings = Settings.model_validate(
                {"data_dir": tmp_path / "data", "key_file": key_file, name: value}
            )
            with pytest.raises(InvalidSettings, match="beside what it seals"), open_keys(settings):
                pass

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o610])
    def test_readable_by_others(self, settings: Settings, mode: int) -> None:
        used(settings)
        settings.key_file.chmod(mode)
        with pytest.raises(InvalidSettings, match="chmod 600"), open_keys(settings):
            pass

    def test_missing_while_keys_are_wrapped_with_it(self, settings: Settings) -> None:
        used(settings)
        settings.key_file.unlink()

        assert refusal(settings) == (
            f"CONSULT_KEY_FILE: {settings.key_file} is missing, and what is kept is sealed with "
            "it. Put it back from its backup, or say where it is."
        )
        assert not settings.key_file.exists()

    def test_missing_keys_while_the_database_is_sealed_with_them(self, settings: Settings) -> None:
        used(settings)
        with closing(sqlite3.connect(settings.database_path)) as connection, connection:
            connection.execute('CREATE TABLE "user" (email_index BLOB)')
            connection.execute("INSERT INTO \"user\" VALUES (x'00')")
        with open_keys(settings):
            pass  # as long as both are there
        for path in settings.data_dir.glob("keys.db*"):
            path.unlink()

        assert refusal(settings) == (
            f"CONSULT_DATA_DIR: {settings.keys_path} is missing or empty, and the database needs "
            "the keys in it. Put it back from its backup."
        )

    def test_unreadable(self, settings: Settings) -> None:
        used(settings)
        settings.key_file.unlink()
        settings.key_file.mkdir(mode=0o700)

        assert refusal(settings) == (
            f"CONSULT_KEY_FILE: {settings.key_file} cannot be read. Put it back from its backup: "
            "without it nothing that is kept can be read."
        )

    def test_a_key_under_another_keys_name(self) -> None:
        wrapped = KeyEncryptionKey.make().wrap(b"k" * 32)
        with pytest.raises(InvalidSettings) as refused:
            KeyEncryptionKey.make().unwrap(wrapped)

        assert str(refused.value) == (
            "CONSULT_KEY_FILE: does not open what was sealed with it. Put the right file back."
        )

    def test_one_that_is_there_is_never_made_anew(self, settings: Settings) -> None:
        used(settings)
        before = settings.key_file.read_bytes()
        with pytest.raises(FileExistsError, match=settings.key_file.name):
            make_ring(settings.key_file)

        assert settings.key_file.read_bytes() == before

    def test_another_one(self, settings: Settings, tmp_path: Path) -> None:
        used(settings)
        other = Settings(data_dir=tmp_path / "other")
        used(other)
        (kek,) = read_ring(settings.key_file).keys
        shutil.copy(other.key_file, settings.key_file)

        assert refusal(settings) == (
            f"CONSULT_KEY_FILE: has no key {kek.id}, and keys.db needs it. Put the right file back."
        )

    @pytest.mark.parametrize(
        ("part", "instead"),
        [
            (r".*", ""),
            (r".{20}$", ""),
            (r".*", "{}"),
            (r".*", '{"keys": []}'),
            (r'"key": "', '"key": "00'),
            (r'"key": "\w\w', '"key": "'),
        ],
    )
    def test_damaged(self, settings: Settings, part: str, instead: str) -> None:
        used(settings)
        before = settings.key_file.read_text()
        settings.key_file.write_text(re.sub(part, instead, before, count=1, flags=re.DOTALL))
        said = r"^CONSULT_KEY_FILE: is damaged, its check values do not fit\. Put it back from its backup\.$"
        with pytest.raises(InvalidSettings, match=said), open_keys(settings):
            pass

    @pytest.mark.parametrize("field", ["key", "id"])
    def test_with_a_wrong_digit(self, settings: Settings, field: str) -> None:
        used(settings)
        settings.key_file.write_text(flipped(settings.key_file.read_text(), f'"{field}": "'))
        with pytest.raises(InvalidSettings, match="is damaged"), open_keys(settings):
            pass

    @pytest.mark.parametrize(
        ("name", "setting"),
        [("keys.db", "CONSULT_DATA_DIR"), ("consult.db", "CONSULT_DATABASE_URL")],
    )
    def test_a_database_that_is_none(self, settings: Settings, name: str, setting: str) -> None:
        used(settings)
        for path in settings.data_dir.glob(f"{name}-*"):
            path.unlink()
        (settings.data_dir / name).write_bytes(b"not a database at all" * 500)

        path = settings.data_dir / name
        assert refusal(settings) == (
            f"{setting}: {path} cannot be read. Put it back from its backup."
        )

    def test_no_refusal_tells_a_key(self, settings: Settings) -> None:
        used(settings)
        key = read_ring(settings.key_file).newest.key.hex()
        settings.key_file.write_text(flipped(settings.key_file.read_text(), '"id": "'))
        with pytest.raises(InvalidSettings) as refused, open_keys(settings):
            pass

        assert key not in str(refused.value)
        assert key not in repr(refused.value.__cause__)


class TestShredding:
    """EN-4. A shredded subject's key is nowhere any more."""

    def test_nothing_opens_any_more_and_nothing_is_sealed(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT, OTHER)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
            others = keys.get(OTHER).seal(b"Eva", "user.name")
            keys.shred(SUBJECT)

            assert keys.open(sealed, "user.name") is None
            assert keys.open(others, "user.name") == b"Eva"
            for attempt in (keys.get, keys.make):
                with pytest.raises(Gone):
                    attempt(SUBJECT)

    def test_no_byte_of_its_key_is_left_in_any_file(self, settings: Settings) -> None:
        dice = random.Random(3)
        with open_keys(settings) as keys:
            subjects = [uuid4() for _ in range(1500)]
            for start in range(0, 1500, 50):  # pages split, and split again
                keys.make(*subjects[start : start + 50])
            doomed = dice.sample(subjects, 300)
            gone = wrapped_keys(settings, doomed)
            assert all(any(key in content for content in contents(settings)) for key in gone)

            keys.shred(*doomed)

            left = b"".join(contents(settings))
            pieces = [key[at : at + 8] for key in gone for at in range(0, 40, 8)]
            assert [piece for piece in pieces if piece in left] == []
            kept = wrapped_keys(settings, sorted(set(subjects) - set(doomed)))
            assert all(key in left for key in kept)

    def test_no_byte_of_the_only_key_that_was_made_is_left(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            (gone,) = wrapped_keys(settings, [SUBJECT])
            assert gone in b"".join(contents(settings))

            keys.shred(SUBJECT)

            assert gone[:8] not in b"".join(contents(settings))
            assert settings.keys_path.with_name("keys.db-wal").stat().st_size == 0

    def test_when_each_was_shredded_is_kept_the_first_one_first(self, settings: Settings) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            keys.shred(OTHER, SUBJECT)
            shredded = keys.status().shredded

        assert [it.subject for it in shredded] == sorted((SUBJECT, OTHER))
        assert all(before <= it.at <= datetime.now(UTC) for it in shredded)

    def test_another_process_sees_it_at_its_next_look(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            sealed = keys.get(SUBJECT).seal(b"Ana", "user.name")
            assert keys.open(sealed, "user.name") == b"Ana"
            shred = "import sys; from uuid import UUID; from pathlib import Path\n"
            shred += "from consult.config import Settings; from consult.backends.keys import *\n"
            shred += "with open_keys(Settings(data_dir=Path(sys.argv[1]))) as keys:\n"
            shred += "    keys.shred(UUID(sys.argv[2]))"
            command = [sys.executable, "-c", shred, str(settings.data_dir), str(SUBJECT)]
            subprocess.run(command, check=True)

            assert keys.open(sealed, "user.name") is None

    def test_another_connection_sees_it_at_its_next_look(self, settings: Settings) -> None:
        with open_keys(settings) as keys, closing(table.connect(settings.keys_path)) as other:
            keys.make(SUBJECT, OTHER)
            for known in (SUBJECT, OTHER):
                assert keys.find(known)
            for doomed in (SUBJECT, OTHER):
                with table.writing(other):
                    table.shred(other, doomed)
                assert keys.find(doomed) is None

    def test_twice_changes_nothing_and_keeps_the_first_time(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            keys.make(SUBJECT)
            keys.shred(SUBJECT)
            first = keys.status().shredded
            keys.shred(SUBJECT)

            assert keys.status().shredded == first
            assert [it.subject for it in first] == [SUBJECT]

    def test_a_reader_that_never_ends_is_told_of(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(table, "_EMPTY_SECONDS", 0.1)
        with open_keys(settings) as keys, reading(settings) as reader:
            keys._connection.execute("PRAGMA busy_timeout=0")
            keys.make(SUBJECT)
            reader.execute("SELECT count(*) FROM subject").fetchall()
            with pytest.raises(Conflict) as refused:
                keys.shred(SUBJECT)
            reader.execute("COMMIT")
            keys.shred(SUBJECT)

            assert settings.keys_path.with_name("keys.db-wal").stat().st_size == 0
        assert refused.value.code == "keys_busy"
        assert str(refused.value) == (
            "Another program reads keys.db, and so keeps old bytes in its log. Run this again."
        )

    def test_one_that_ends_soon_is_waited_for(self, settings: Settings) -> None:
        with open_keys(settings) as keys, reading(settings) as reader:
            keys._connection.execute("PRAGMA busy_timeout=0")
            keys.make(SUBJECT)
            reader.execute("SELECT count(*) FROM subject").fetchall()
            ending = Timer(0.2, lambda: reader.execute("COMMIT"))
            ending.start()
            keys.shred(SUBJECT)
            ending.join()

            assert settings.keys_path.with_name("keys.db-wal").stat().st_size == 0


class TestRotation:
    """EN-3. Rotation is online, and goes on after kill -9."""

    def test_a_new_key_wraps_all_and_the_old_one_is_removed(self, settings: Settings) -> None:
        with open_keys(settings) as keys:
            subjects = [uuid4() for _ in range(450)]
            keys.make(*subjects)
            sealed = [keys.get(subject).seal(subject.bytes, "x.y") for subject in subjects]
            before = wrapped_keys(settings, subjects)
            (old,) = read_ring(settings.key_file).keys

            done = rotate(settings)

            (new,) = read_ring(settings.key_file).keys
            assert (done.removed, done.newest, done.rewrapped) == ((old.id,), new.id, 451)
            assert [keys.open(it, "x.y") for it in sealed] == [it.bytes for it in subjects]
            left = b"".join(contents(settings))
            assert [key for key in before if key in left] == []
            assert old.key.hex() not in settings.key_file.read_text()

    def test_a_service_that_runs_meanwhile_makes_keys_with_the_new_one(
        self, settings: Settings
    ) -> None:
        with open_keys(settings) as service:
            service.make(SUBJECT)
            rotate(settings)
            service.make(OTHER)
            sealed = service.get(OTHER).seal(b"Eva", "user.name")
        with open_keys(settings) as keys:
            assert keys.open(sealed, "user.name") == b"Eva"
            assert [count for _, count in keys.status().wrapping] == [3]

    def test_two_at_once_are_one(self, settings: Settings) -> None:
        used(settings)
        with (
            exclusive(settings.data_dir / "keys.lock", wait=False),
            pytest.raises(Conflict, match=r"^Another rotation is running\.$") as refused,
        ):
            rotate(settings)

        assert refused.value.code == "keys_busy"
        assert len(read_ring(settings.key_file).keys) == 1

    def test_one_that_was_cut_off_is_finished_and_no_third_key_made(
        self, settings: Settings
    ) -> None:
        used(settings)
        (old,) = read_ring(settings.key_file).keys
        new = KeyEncryptionKey.make()
        write_ring(settings.key_file, Ring((old, new)))
        with open_keys(settings) as keys:
            assert keys.status().wrapping == ((old, 2), (new, 0))

        done = rotate(settings)

        assert (done.resumed, done.newest, done.removed) == (True, new.id, (old.id,))
        assert read_ring(settings.key_file).keys == (new,)

    def test_a_key_that_is_made_with_an_old_one_meanwhile_is_not_left_behind(
        self, settings: Settings
    ) -> None:
        """EN-3. An old key goes only when it wraps nothing, however often that takes a look."""
        used(settings)
        (oldest,) = read_ring(settings.key_file).keys
        old, new = KeyEncryptionKey.make(), KeyEncryptionKey.make()
        write_ring(settings.key_file, Ring((oldest, old, new)))
        with closing(sqlite3.connect(settings.keys_path)) as connection, connection:
            table.add(connection, UUID(int=1), old.wrap(b"1" * 32), old.id)
            # By a service that has read the file before this rotation began.
            made = f"X'{UUID(int=2).hex}', X'{oldest.wrap(b'2' * 32).hex()}', '{oldest.id}', 'now'"
            connection.execute(
                "CREATE TRIGGER meanwhile AFTER UPDATE ON subject"
                f" WHEN OLD.kek_id = '{old.id}' BEGIN"
                " INSERT INTO subject (subject, wrapped, kek_id, created_at)"
                f" VALUES ({made}); END"
            )

        done = rotate(settings)

        assert (done.removed, done.rewrapped) == ((oldest.id, old.id), 4)
        assert read_ring(settings.key_file).keys == (new,)
        with closing(sqlite3.connect(settings.keys_path)) as connection:
            assert table.count_by_kek(connection) == {new.id: 4}

    def test_killed_at_any_moment_nothing_is_lost_and_the_next_run_finishes(
        self, settings: Settings
    ) -> None:
        dice = random.Random(11)
        with rehearsal(settings, subjects=1000) as rehearsed:
            for _ in range(4):
                rehearsed.rotate_and_kill(dice)
                rehearsed.check()
            rehearsed.rotate()

            assert not rehearsed.check()


@contextmanager
def reading(settings: Settings) -> Generator[sqlite3.Connection]:
    """Another program that has begun to read."""
    opened = sqlite3.connect(settings.keys_path, check_same_thread=False, isolation_level=None)
    with closing(opened) as reader:
        reader.execute("BEGIN")
        yield reader


def refusal(settings: Settings) -> str:
    with pytest.raises(InvalidSettings) as refused, open_keys(settings):
        pass
    return str(refused.value)


def used(settings: Settings) -> None:
    with open_keys(settings) as keys:
        keys.make(SUBJECT)


def flipped(text: str, before: str) -> str:
    at = text.index(before) + len(before)
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]


def wrapped_keys(settings: Settings, subjects: list[UUID]) -> list[bytes]:
    query = "SELECT wrapped FROM subject WHERE subject = ?"
    with closing(sqlite3.connect(settings.keys_path)) as connection:
        return [connection.execute(query, (it.bytes,)).fetchone()[0] for it in subjects]


def contents(settings: Settings) -> list[bytes]:
    return [path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file()]
