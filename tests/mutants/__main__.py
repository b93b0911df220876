"""How many small falsifications of what guards the record the tests notice: `make mutants`.

    python -m tests.mutants [GROUP ...] [--of PATTERN] [--again] [--table]

For each group of tests/mutants/groups.py mutmut changes one thing at a time in a copy of the
tree under build/mutants, and asks that group's tests. What was found before stands, unless the
function has changed since; `--of` asks again, about the mutants that a pattern names, `--again`
about those that nobody noticed. Ends with 1 when fewer than 95 of a hundred are noticed. The machine's other work goes first.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path

from mutmut.stats import status_by_exit_code

from consult.backends.database import upgrade
from consult.config import read_settings
from tests.mutants.groups import GROUPS, Group

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "mutants"
COPIED = ["alembic", "api", "consult", "static", "tests"]
IN_MEMORY = Path("/dev/shm")
ENOUGH = 95.0

# What takes half a second of every start, and this run can do without.
PLUGINS = [
    *("-p", "anyio.pytest_plugin", "-p", "tests.mutants.quick_first"),
    *("-p", "no:cacheprovider", "-p", "no:unraisableexception"),
]
SQL = r"""["'] ?(SELECT|INSERT|UPDATE|ON CONFLICT|ORDER BY|WHERE|PRAGMA|BEGIN|COMMIT|ROLLBACK)\b"""
"""Lines that are left as they are: SQL in capitals or small letters says the same."""


def main(arguments: list[str]) -> int:
    parser = ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="all of them, unless named")
    parser.add_argument("--of", metavar="PATTERN", action="append", default=[])
    parser.add_argument("--again", action="store_true", help="ask again about what was not noticed")
    parser.add_argument("--table", action="store_true", help="only print what was found before")
    asked = parser.parse_args(arguments)
    chosen = [one for one in GROUPS if not asked.groups or one.name in asked.groups]
    if not asked.table:
        os.nice(19)
        for group in chosen:
            run(group, [*asked.of, *(unnoticed(group) if asked.again else [])])
    return int(min([report(group) for group in chosen]) < ENOUGH)


def run(group: Group, patterns: list[str]) -> None:
    folder = PLACE / group.name
    lay_out(group, folder)
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "2", *patterns]
    # In memory where there is such a place: what the tests sync to the disk is gone in a second.
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as temporary:
        given = {
            "CONSULT_MIGRATED": str(migrated(Path(temporary))),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "TMPDIR": temporary,
        }
        subprocess.run(command, cwd=folder, env=os.environ | given, check=True)


def lay_out(group: Group, folder: Path) -> None:
    """Bring the copy up to date; what mutmut found in it stays while its settings do."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = (ROOT / "pyproject.toml").read_text() + table_of(group)
    if not same(folder / "pyproject.toml", settings):
        shutil.rmtree(folder / "mutants", ignore_errors=True)
    (folder / "pyproject.toml").write_text(settings)
    for name in COPIED:
        shutil.rmtree(folder / name, ignore_errors=True)
        unneeded = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=unneeded)


def same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def table_of(group: Group) -> str:
    """mutmut's settings. A mutant that runs on and on has ended as noticed, as a hanging test is."""
    selection = [*group.tests, *(f"--deselect={test}" for test in group.but)]
    values = {
        "source_paths": ["consult"],
        "only_mutate": group.mutated,
        "also_copy": ["alembic", "api", "static"],
        "pytest_add_cli_args_test_selection": selection,
        "pytest_add_cli_args": PLUGINS,
        "do_not_mutate_patterns": [SQL],
        "use_git_change_detection": False,
        "on_dependency_change": "ignore",
        "timeout_constant": 3.0,
        "timeout_multiplier": 20.0,
    }
    lines = (f"{name} = {json.dumps(value)}" for name, value in values.items())
    return "\n[tool.mutmut]\n" + "\n".join(lines) + "\n"


def migrated(folder: Path) -> Path:
    """A database for the tests to copy, so that not every mutant runs all migrations."""
    settings = read_settings(data_dir=folder / "migrated")
    settings.data_dir.mkdir()
    upgrade(settings)
    return settings.database_path


def report(group: Group) -> float:
    """Print how it went, with the names of what nobody noticed; return the share noticed."""
    found = verdicts(PLACE / group.name)
    counted = Counter(found.values())
    noticed = counted["killed"] + counted["timeout"] + counted["segfault"]
    score = 100 * noticed / max(1, len(found))
    words = ", ".join(f"{count} {verdict}" for verdict, count in counted.most_common())
    print(f"{group.name}: {score:.1f} % of {len(found)} ({words})")
    for mutant, verdict in sorted(found.items()):
        if verdict not in ("killed", "not checked"):
            print(f"    {verdict}: {mutant}")
    return score


def unnoticed(group: Group) -> list[str]:
    found = verdicts(PLACE / group.name)
    return [mutant for mutant, verdict in found.items() if verdict not in ("killed", "not checked")]


def verdicts(folder: Path) -> dict[str, str]:
    found = dict[str, str]()
    for path in sorted((folder / "mutants").rglob("*.py.meta")):
        exits = json.loads(path.read_text())["exit_code_by_key"]
        found |= {mutant: status_by_exit_code[code] for mutant, code in exits.items()}
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
