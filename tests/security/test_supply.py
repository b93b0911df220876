"""SC-1. What we are made of is pinned, listed and allowed, and no secret is committed."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.security import supply
from tests.security.supply import ALLOWED, EXCEPTIONS, ROOT, kinds_of_secret, licences, pins


def test_every_requirement_is_pinned_by_hash() -> None:
    assert [*supply.unpinned()] == []
    assert len(pins(ROOT / "requirements.txt")) > 30


def test_what_is_not_pinned_is_noticed() -> None:
    pinned = "anyio==4.16.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"

    assert supply.pinned_in(pinned) == {"anyio": "4.16.0"}
    for loose in ("anyio==4.16.0\n", "anyio>=4.16 \\\n    --hash=sha256:" + "0" * 64 + "\n"):
        assert supply.pinned_in(loose) == {}


def test_the_bill_of_materials_has_every_pin_and_its_hashes(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    subprocess.run(
        ["make", "-s", "-o", ".venv/.dev", "sbom", f"OUT={bill}"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip

    listed = json.loads(bill.read_text())
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    assert listed["metadata"]["component"]["name"] == "consult"
    named = {part["name"]: part["version"] for part in listed["components"]}
    assert named == pins(ROOT / "requirements.txt")
    assert all("sha256" in json.dumps(part) for part in listed["components"])


def test_no_licence_asks_for_more_than_we_give() -> None:
    assert [*supply.licence_faults()] == []
    assert not any("GPL" in name for name in ALLOWED)
    assert {name: licences(distribution(name)) for name in EXCEPTIONS} == {
        name: {words} for name, words in EXCEPTIONS.items()
    }


def test_a_licence_that_is_not_allowed_is_noticed() -> None:
    assert licences(distribution("pi-heif")) - ALLOWED == {EXCEPTIONS["pi-heif"]}


def test_no_secret_is_committed() -> None:
    assert [*supply.secrets_in(supply.tracked())] == []


# In halves, or this file would be refused itself.
@pytest.mark.parametrize(
    "halves",
    [
        ("-----BEGIN EC PRI", "VATE KEY-----"),
        ("AKIA", "IOSFODNN7EXAMPLE"),
        ("ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("xoxb", "-1234567890-abcdefghij"),
        ("bct_5b8f9c1e5a4d4f0e9a513f1f6b1f2a77", "_Kx93hfPq0sLmVn27RtYwZbC4dJ6gA8eUoIyTrEwQaSd"),
        ('api_key = "', 'Kx93hfPq0sLmVn27RtYw"'),
        ('"password": "', 'q8#Lm2!vT9zR4pWx"'),
    ],
    ids=lambda halves: halves[0],
)
def test_a_secret_is_noticed(halves: tuple[str, str]) -> None:
    assert [*kinds_of_secret("".join(halves))]
    assert not [*kinds_of_secret(halves[1])]


def test_lint_looks_for_what_is_unsafe_in_all_that_runs() -> None:
    """Ruff's S rules are those of bandit: a second tool would say the same again."""
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]

    assert lint["select"] == ["ALL"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == ["S101"]
    unsafe = {path for path, rules in lint["per-file-ignores"].items() if "S" in rules}
    assert unsafe == {"tests/**"}
    waived = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for folder in ("consult", "api")
        for path in (ROOT / folder).rglob("*.py")
        for match in re.finditer(r"noqa: [A-Z0-9, ]*\bS\d{3}.*", path.read_text())
    ]
    assert all(" - " in line for line in waived), waived


def test_the_check_ends_with_one_where_something_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("anyio>=4\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    done = subprocess.run(
        [sys.executable, "-m", "tests.security.supply", str(tmp_path)],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 1
    assert done.stdout == "requirements.txt: 1 requirements, 0 of them pinned by hash\n"
