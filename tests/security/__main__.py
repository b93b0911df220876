"""Prints requirement -> tests -> how they went; ends with 1 where one has no test or fails."""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.security.proofs import ROOT, by_requirement, proofs
from tests.security.requirements import NOT_APPLICABLE, REQUIREMENTS

_SHOWN = 3
"""Tests named per requirement; the others are counted."""


def main(arguments: list[str]) -> int:
    found = by_requirement(proofs())
    if "--list" in arguments:
        return _print_table(found, outcomes=None)
    return _print_table(found, outcomes=_run({test for tests in found.values() for test in tests}))


def verdict(tests: Iterable[str], outcomes: Mapping[str, str] | None) -> str:
    """`none` and `fail` are failures, and so is `skip`: nothing was shown then."""
    tests = list(tests)
    if not tests:
        return "none"
    if outcomes is None:
        return "-"
    kinds = {outcomes.get(test, "fail") for test in tests}
    return "fail" if "fail" in kinds else "pass" if "pass" in kinds else "skip"


def _run(tests: set[str]) -> dict[str, str]:
    """The browser's tests apart: their loop would be in the way of the others."""
    pages = {test for test in tests if test.startswith("tests/web/")}
    return _pytest(tests - pages) | _pytest(pages)


def _pytest(tests: set[str]) -> dict[str, str]:
    if not tests:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        names = Path(folder) / "tests"
        names.write_text("\n".join(sorted(tests)))
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
        subprocess.run([*command, f"--junitxml={report}", f"@{names}"], cwd=ROOT, check=False)
        return outcomes_in(report) if report.exists() else {}


def outcomes_in(report: Path) -> dict[str, str]:
    """Of each test over all its parameters: one failure is one, and one pass is enough else."""
    seen = dict[str, set[str]]()
    for case in ET.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        kind = "fail" if kinds & {"failure", "error"} else "skip" if "skipped" in kinds else "pass"
        seen.setdefault(_name_of(case), set()).add(kind)
    order = ("fail", "pass", "skip")
    return {name: next(kind for kind in order if kind in kinds) for name, kinds in seen.items()}


def _name_of(case: ET.Element) -> str:
    """`tests.api.test_edge.TestMethods` and `test_x[a]` are tests/api/test_edge.py::TestMethods::test_x."""
    parts = case.get("classname", "").split(".")
    at = next(n for n, part in enumerate(parts, start=1) if part.startswith("test_"))
    file = "/".join(parts[:at]) + ".py"
    return "::".join([file, *parts[at:], case.get("name", "").partition("[")[0]])


def _print_table(found: Mapping[str, list[str]], outcomes: Mapping[str, str] | None) -> int:
    verdicts = Counter[str]()
    for requirement, words in REQUIREMENTS.items():
        tests = found.get(requirement, [])
        outcome = verdict(tests, outcomes)
        verdicts[outcome] += 1
        print(f"{requirement:6} {outcome:5} {words}")
        if requirement in NOT_APPLICABLE:
            print(f"             not applicable: {NOT_APPLICABLE[requirement]}")
        for test in tests[:_SHOWN]:
            print(f"             {test}")
        if len(tests) > _SHOWN:
            print(f"             and {len(tests) - _SHOWN} more")
        for test in tests[_SHOWN:]:
            if (outcomes or {}).get(test) == "fail":
                print(f"             fails: {test}")
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(verdicts.items())))
    return int(bool(verdicts.keys() & {"none", "fail", "skip"}))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
