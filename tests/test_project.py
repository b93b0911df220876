"""What the project says about itself is true."""

import re
import subprocess
from pathlib import Path

import pytest

from api.__main__ import main
from consult import __version__
from consult.config import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_in_the_readme_in_the_same_words(name: str) -> None:
    description = Settings.model_fields[name].description

    assert description
    assert re.search(rf"`CONSULT_{name.upper()}` \|.*\| {re.escape(description)} \|", README)


def test_the_readme_names_no_setting_that_is_none() -> None:
    named = {name.lower() for name in re.findall(r"`CONSULT_(\w+)`", README)}

    assert named - {"mail_url_file"} <= set(Settings.model_fields)


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))

    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE)) <= targets


def test_every_command_in_the_readme_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out

    for command in set(
        re.findall(
            r"consult (serve|worker|migrate|doctor|demo|user|token|jobs|scrub|audit)\b", README
        )
    ):
        assert re.search(rf"^\s+{command}\b", listed, re.MULTILINE), command


def test_the_version_is_the_same_everywhere() -> None:
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_every_dependency_says_what_it_is_for() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lines = re.findall(r'^    "[a-z][\w.\[\]-]*>=[\d.]+",.*$', text, re.MULTILINE)

    assert len(lines) > 30
    for line in lines:
        assert re.search(r"# .{10,}", line), line


def test_the_page_makes_no_html_from_text() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")

    for path in tracked("static/*.js", "static/*.html"):
        assert not forbidden.search(path.read_text()), path


def test_the_page_carries_no_inline_script_or_style() -> None:
    page = (ROOT / "static" / "index.html").read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_modules_stay_small() -> None:
    for path in tracked("consult/*.py", "api/*.py", "static/*.js"):
        assert len(path.read_text().splitlines()) <= 300, f"{path}: split it by noun"
