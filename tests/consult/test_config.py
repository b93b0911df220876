from pathlib import Path

import pytest
from pydantic import ValidationError

from consult.config import InvalidSettings, Settings, read_settings
from consult.config.checks import folder_of


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CONSULT_{name.upper()}", raising=False)
        monkeypatch.delenv(f"CONSULT_{name.upper()}_FILE", raising=False)


class TestDefaults:
    def test_everything_lies_in_one_absolute_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        settings = read_settings()

        assert settings.data_dir == tmp_path / "data"
        assert settings.database_path == tmp_path / "data" / "consult.db"
        assert settings.secret_file == tmp_path / "data" / "secret.key"
        assert folder_of(settings.storage_url) == tmp_path / "data" / "objects"
        assert folder_of(settings.mail_url.get_secret_value()) == tmp_path / "data" / "mail"

    def test_a_folder_with_odd_characters_is_found_again(self, tmp_path: Path) -> None:
        settings = read_settings(data_dir=tmp_path / "a b%20ü#")

        assert folder_of(settings.storage_url) == tmp_path / "a b%20ü#" / "objects"
        assert settings.database_path == tmp_path / "a b%20ü#" / "consult.db"

    def test_the_public_url_follows_the_port(self) -> None:
        settings = read_settings(port=9000)

        assert (settings.public_url, settings.origin) == ("http://localhost:9000",) * 2
        assert settings.rp_id == "localhost"

    def test_the_rp_id_follows_the_public_url(self) -> None:
        assert read_settings(public_url="https://Burns.Example.org/").rp_id == "burns.example.org"

    def test_notices_come_from_the_public_host(self) -> None:
        settings = read_settings(public_url="https://burns.example.org:8443")

        assert settings.mail_from == "consult@burns.example.org"
        assert read_settings().mail_from == "consult@localhost"

    def test_every_setting_is_described(self) -> None:
        assert [
            name for name, field in Settings.model_fields.items() if not field.description
        ] == []

    def test_nothing_can_be_changed_later(self) -> None:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(read_settings(), "port", 1)  # noqa: B010 - the type checker forbids it too


class TestEnvironment:
    def test_is_read_and_an_argument_wins(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONSULT_PORT", "9000")
        monkeypatch.setenv("CONSULT_LOG_LEVEL", "WARNING")
        monkeypatch.setenv("CONSULT_RP_NAME", "")

        settings = read_settings(port=9001)
        assert (settings.port, settings.log_level, settings.rp_name) == (9001, "warning", "Consult")

    def test_a_secret_may_come_from_a_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "mail"
        file.write_text("smtp://user:secret@mail.example.org:587\n")
        monkeypatch.setenv("CONSULT_MAIL_URL_FILE", str(file))

        mail_url = read_settings().mail_url
        assert mail_url.get_secret_value() == "smtp://user:secret@mail.example.org:587"

    def test_a_secret_file_that_is_missing_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONSULT_MAIL_URL_FILE", "/nowhere/mail")
        with pytest.raises(InvalidSettings, match=r"^CONSULT_MAIL_URL_FILE: cannot be read$"):
            read_settings()

    def test_a_secret_given_twice_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CONSULT_MAIL_URL", "smtp://mail.example.org")
        monkeypatch.setenv("CONSULT_MAIL_URL_FILE", str(tmp_path / "mail"))
        with pytest.raises(InvalidSettings, match="both set"):
            read_settings()

    def test_a_secret_is_not_shown(self) -> None:
        settings = read_settings(mail_url="smtp://user:secret@mail.example.org")

        assert "secret@" not in repr(settings)


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("database_url", "postgresql://localhost/consult"),
            ("database_url", "sqlite://"),
            ("database_url", "sqlite:///:memory:"),
            ("database_url", "sqlite:///consult.db?mode=memory"),
            ("database_url", "consult.db"),
            ("storage_url", "s3://bucket"),
            ("storage_url", "file://host/folder"),
            ("storage_url", "file:///"),
            ("storage_url", "objects"),
            ("mail_url", "mail.example.org:587"),
            ("mail_url", "smtp://"),
            ("mail_url", "smtp://user@mail.example.org"),
            ("mail_url", "smtp://mail.example.org:no"),
            ("mail_url", "smtp://mail.example.org/?starttls=no"),
            ("mail_url", "file://relative"),
            ("mail_from", "Consult <consult@example.org>"),
            ("mail_from", "a@example.org, b@example.org"),
            ("mail_from", "consult"),
            ("public_url", "http://burns.example.org"),
            ("public_url", "https://192.0.2.7"),
            ("public_url", "https://burns.example.org/consult"),
            ("public_url", "https://burns.example.org:no"),
            ("public_url", "https://user@burns.example.org"),
            ("public_url", "burns.example.org"),
            ("public_url", "https://bürns.example.org"),
            ("emergency_number", "call 911"),
            ("emergency_number", "-"),
            ("rp_name", "two\nlines"),
            ("organisation", "x" * 65),
            ("port", 65536),
            ("port", "http"),
            ("host", ""),
            ("max_upload_bytes", 0),
            ("max_pixels", 0),
            ("image_threads", 0),
            ("decode_workers", -1),
            ("log_level", "loud"),
        ],
    )
    def test_nonsense_is_refused_and_its_setting_named(self, name: str, value: object) -> None:
        with pytest.raises(InvalidSettings) as refused:
            read_settings(**{name: value})

        assert str(refused.value).startswith(f"CONSULT_{name.upper()}: ")
        assert "\n" not in str(refused.value)

    def test_every_mistake_has_a_line(self) -> None:
        with pytest.raises(InvalidSettings) as refused:
            read_settings(port=-1, public_url="ftp://x", mail_url="smtp://user:secret@")

        lines = str(refused.value).splitlines()
        assert [line.partition(":")[0] for line in lines] == [
            "CONSULT_MAIL_URL",
            "CONSULT_PORT",
            "CONSULT_PUBLIC_URL",
        ]
        assert "secret" not in str(refused.value)

    @pytest.mark.parametrize("rp_id", ["example.com", "xample.org", "www.burns.example.org"])
    def test_passkeys_are_bound_to_the_public_host_or_its_parent(self, rp_id: str) -> None:
        with pytest.raises(InvalidSettings, match=r"^CONSULT_RP_ID: "):
            read_settings(public_url="https://burns.example.org", rp_id=rp_id)

    def test_a_setting_that_does_not_exist_is_refused(self) -> None:
        with pytest.raises(InvalidSettings, match=r"^CONSULT_COLOUR: "):
            read_settings(colour="red")


class TestAccepted:
    @pytest.mark.parametrize(
        ("url", "origin"),
        [
            ("https://burns.example.org", "https://burns.example.org"),
            ("https://BURNS.example.org:443/", "https://burns.example.org"),
            ("https://burns.example.org:8443", "https://burns.example.org:8443"),
            ("http://localhost:8000/", "http://localhost:8000"),
            ("http://localhost:80", "http://localhost"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://[::1]:8000", "http://[::1]:8000"),
        ],
    )
    def test_the_origin_is_what_a_browser_sends(self, url: str, origin: str) -> None:
        assert read_settings(public_url=url).origin == origin

    def test_on_a_loopback_address_passkeys_belong_to_localhost(self) -> None:
        assert read_settings(public_url="http://127.0.0.1:8000").rp_id == "localhost"

    def test_the_rp_id_may_be_the_parent(self) -> None:
        settings = read_settings(public_url="https://burns.example.org", rp_id="example.org")

        assert settings.rp_id == "example.org"

    @pytest.mark.parametrize("url", ["sqlite:///here.db", "sqlite+aiosqlite:///here.db"])
    def test_a_database_beside_us_becomes_an_absolute_path(
        self, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        settings = read_settings(database_url=url)

        assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/here.db"
        assert settings.database_path == tmp_path / "here.db"

    @pytest.mark.parametrize(
        "url",
        [
            "smtp://mail.example.org",
            "smtp://user:p%40ss@mail.example.org:2525",
            "smtps://user:pass@mail.example.org",
            "file:///var/spool/consult",
        ],
    )
    def test_mail_goes_to_a_server_or_a_folder(self, url: str) -> None:
        assert read_settings(mail_url=url).mail_url.get_secret_value() == url


class TestDemoClock:
    def test_a_service_on_this_machine_alone_takes_one(self, tmp_path: Path) -> None:
        assert read_settings(demo_clock=tmp_path / "clock").demo_clock == tmp_path / "clock"

    @pytest.mark.parametrize(
        "setting",
        [
            {"public_url": "https://burns.example.org"},
            {"host": "0.0.0.0"},
            {"mail_url": "smtp://user:secret@mail.example.org:587"},
        ],
    )
    def test_one_that_people_may_use_does_not_start_with_it(
        self, tmp_path: Path, setting: dict[str, str]
    ) -> None:
        with pytest.raises(InvalidSettings, match="CONSULT_DEMO_CLOCK: makes the clock run wrong"):
            read_settings(demo_clock=tmp_path / "clock", **setting)
