import stat
from pathlib import Path
from uuid import uuid4

import pytest

from consult.backends.database import upgrade
from consult.backends.jobs import UnknownTask
from consult.backends.mail.folder import FolderMailer
from consult.backends.mail.smtp import SmtpMailer
from consult.bootstrap import open_backends, read_or_make_secret
from consult.config import InvalidSettings, Settings

SUBJECT = uuid4()


class TestOpenBackends:
    async def test_a_first_start_needs_nothing(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path / "new" / "data")
        upgrade(settings)
        async with open_backends(settings, task_names=["notify"]) as backends:
            backends.keys.make(SUBJECT)
            file = await backends.storage.put(b"photo", subject=SUBJECT)
            async with backends.database.writes.begin() as session:
                await backends.jobs.enqueue(session, "notify")

            assert await backends.storage.read(file.key, subject=SUBJECT) == b"photo"
            assert (await backends.jobs.counts()).todo == 1
            assert isinstance(backends.mailer, FolderMailer)

    async def test_nobody_else_on_the_machine_can_read_a_thing(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path / "data")
        upgrade(settings)
        async with open_backends(settings, task_names=[]) as backends:
            backends.keys.make(SUBJECT)
            await backends.storage.put(b"photo", subject=SUBJECT)

        for folder in (settings.data_dir, settings.key_file.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for file in (settings.secret_file, settings.key_file, settings.keys_path):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600

    async def test_only_the_tasks_named_can_be_enqueued(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path / "data")
        upgrade(settings)
        async with (
            open_backends(settings, task_names=["notify"]) as backends,
            backends.database.writes.begin() as session,
        ):
            with pytest.raises(UnknownTask):
                await backends.jobs.enqueue(session, "nottify")

    async def test_every_session_carries_the_same_audit_key_at_every_start(
        self, tmp_path: Path
    ) -> None:
        settings = Settings(data_dir=tmp_path / "data")
        keys: list[bytes] = []
        for _ in range(2):
            async with open_backends(settings, task_names=[]) as backends:
                keys.append(backends.database.reads().info["audit_key"])
                keys.append(backends.database.writes().info["audit_key"])

        assert keys == [keys[0]] * 4
        assert keys[0] != read_or_make_secret(settings.secret_file)

    async def test_a_mail_server_is_used_when_one_is_set(self, tmp_path: Path) -> None:
        settings = Settings.model_validate(
            {"data_dir": tmp_path / "data", "mail_url": "smtp://mail.example.org"}
        )
        async with open_backends(settings, task_names=[]) as backends:
            assert isinstance(backends.mailer, SmtpMailer)


class TestSecret:
    def test_is_made_once(self, tmp_path: Path) -> None:
        first = read_or_make_secret(tmp_path / "keys" / "secret.key")

        assert len(first) == 32
        assert read_or_make_secret(tmp_path / "keys" / "secret.key") == first
        assert read_or_make_secret(tmp_path / "other.key") != first

    @pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
    def test_a_damaged_one_is_refused_and_kept(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "secret.key"
        path.write_bytes(content)
        with pytest.raises(InvalidSettings, match="CONSULT_SECRET_FILE"):
            read_or_make_secret(path)

        assert path.read_bytes() == content
