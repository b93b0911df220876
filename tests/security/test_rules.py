"""Rules about what there is not, and what does not start."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import SQLModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.app import API_ROUTES, create_app
from api.operations import DOCUMENT
from consult.config import InvalidSettings, Settings, read_settings
from tests.security.proofs import ROOT

OTHER_WAYS_IN = re.compile(
    r"passw|passphrase|passcode|\bpins?\b|\bsms\b|\botps?\b|totp|maiden|"
    r"(security|secret)[ _-]?question|phone_?number",
    re.IGNORECASE,
)


class TestNoOtherWayIn:
    """ID-1. A passkey, a token or a one-time link: nothing that a person could be asked for."""

    def test_in_no_column(self) -> None:
        columns = [
            f"{table.name}.{column.name}"
            for table in SQLModel.metadata.tables.values()
            for column in table.columns
        ]

        assert "user.email" in columns
        assert [name for name in columns if OTHER_WAYS_IN.search(name)] == []

    def test_in_no_route_and_no_field_on_the_wire(self) -> None:
        assert OTHER_WAYS_IN.findall(DOCUMENT.read_text()) == []

    def test_on_no_screen(self) -> None:
        page = (ROOT / "static" / "index.html").read_text()
        asked = re.findall(r"<(?:input|label|select|textarea|legend)\b[^>]*>[^<]*", page)

        assert len(asked) > 10
        assert [field for field in asked if OTHER_WAYS_IN.search(field)] == []
        assert 'type="password"' not in page

    @pytest.mark.parametrize(
        "word", ["password_hash", "user.pin", "Enter the PIN", "sms", "security question", "otp"]
    )
    def test_one_would_be_noticed(self, word: str) -> None:
        assert OTHER_WAYS_IN.search(word)


class TestLint:
    """UP-3."""

    @pytest.mark.parametrize("name", ["load", "insert", "remove", "transplant"])
    @pytest.mark.parametrize("where", ["api/new.py", "consult/new.py", "consult/imaging/exif.py"])
    def test_forbids_what_reads_exif_of_strangers(self, name: str, where: str) -> None:
        for code in (
            f"import piexif\n\npiexif.{name}(b'')\n",
            f"from piexif import {name}\n\n{name}(b'')\n",
        ):
            assert "TID251" in self.complaints(code, where)

    def test_lets_what_writes_pass(self) -> None:
        assert "TID251" not in self.complaints("import piexif\n\npiexif.dump({})\n", "api/new.py")

    def complaints(self, code: str, where: str) -> str:
        command = [sys.executable, "-m", "ruff", "check", "--output-format=concise"]
        done = subprocess.run(
            [*command, f"--stdin-filename={where}", "-"],
            cwd=ROOT, input=code, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout


class TestUndeclared:
    """AZ-8."""

    def test_a_route_that_does_not_say_what_it_does_keeps_the_service_from_starting(
        self, settings: Settings
    ) -> None:
        async def get_everything(_: Request) -> Response:
            return Response()

        API_ROUTES.append(Route("/api/everything", get_everything))
        try:
            with pytest.raises(RuntimeError, match="/api/everything"):
                create_app(settings)
        finally:
            API_ROUTES.pop()


class TestNotApplicable:
    @pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
    def test_another_database_keeps_the_service_from_starting(
        self, tmp_path: Path, scheme: str
    ) -> None:
        """AZ-14. Row security is PostgreSQL's, and there is no adapter for it."""
        with pytest.raises(InvalidSettings, match="only SQLite is supported"):
            read_settings(data_dir=tmp_path, database_url=f"{scheme}://consult@localhost/consult")

    def test_the_page_keeps_no_photo_on_the_device(self) -> None:
        """PW-2. What waits in the page ends with the page, which says so before it closes.

        The one store there is holds the key of a tablet.
        """
        scripts = [*(ROOT / "static").rglob("*.js")]
        keeper = ROOT / "static" / "lib" / "device.js"
        assert keeper in scripts
        for script in set(scripts) - {keeper}:
            text = script.read_text()
            assert not re.search(r"indexedDB|serviceWorker\.register|caches\.open", text), script
        assert not re.search(r"photo|blob|caches", keeper.read_text(), re.IGNORECASE)
        assert not (ROOT / "static" / "service-worker.js").exists()
