"""The table of requirements is made of what is there, and tells what is not."""

from pathlib import Path

import pytest

from tests.security.__main__ import outcomes_in, verdict
from tests.security.proofs import Proof, ids_of, proofs
from tests.security.requirements import NOT_APPLICABLE, REQUIREMENTS


def test_no_test_claims_a_requirement_that_there_is_not() -> None:
    claimed = {proof.requirement for proof in proofs()}

    assert claimed <= set(REQUIREMENTS)
    assert len(claimed) > 20


def test_what_does_not_apply_has_a_test_of_why() -> None:
    assert set(NOT_APPLICABLE) <= {proof.requirement for proof in proofs()}


@pytest.mark.parametrize(
    ("docstring", "ids"),
    [
        ("SE-2. A new session.", ["SE-2"]),
        ("SE-2, SE-5. Both.", ["SE-2", "SE-5"]),
        ("SE-2 and SE-5: both.", ["SE-2", "SE-5"]),
        ("\n    ID-1. On the next line.", ["ID-1"]),
        ("As SE-2. has it.", []),
        ("SE-2 without an end", []),
        (None, []),
    ],
)
def test_ids_stand_first_in_a_docstring(docstring: str | None, ids: list[str]) -> None:
    assert ids_of(docstring) == ids


def test_a_test_takes_the_ids_of_its_class_and_module_unless_it_has_its_own(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_a.py").write_text(
        '"""ID-1. All."""\n'
        "def test_a(): ...\n"
        "class TestB:\n"
        '    """SE-2."""\n'
        "    def test_b(self): ...\n"
        '    async def test_c(self):\n        """SE-10, SE-9. Own."""\n'
        "    def helper(self): ...\n"
    )

    assert proofs(folder) == [
        Proof("ID-1", "tests/test_a.py::test_a"),
        Proof("SE-2", "tests/test_a.py::TestB::test_b"),
        Proof("SE-9", "tests/test_a.py::TestB::test_c"),
        Proof("SE-10", "tests/test_a.py::TestB::test_c"),
    ]


def test_every_way_that_a_test_can_go_is_read(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    cases = (
        ("good[1]", ""),
        ("good[2]", "<skipped/>"),
        ("bad[1]", ""),
        ("bad[2]", "<failure/>"),
        ("broken", "<error/>"),
        ("left", "<skipped/>"),
    )
    report.write_text(
        "<testsuites>"
        + "".join(
            f'<testcase classname="tests.api.test_x.TestY" name="test_{name}">{inside}</testcase>'
            for name, inside in cases
        )
        + "</testsuites>"
    )

    outcomes = outcomes_in(report)

    name = "tests/api/test_x.py::TestY::test_{}".format
    assert outcomes == {
        name("good"): "pass",
        name("bad"): "fail",
        name("broken"): "fail",
        name("left"): "skip",
    }
    assert verdict([name("good"), name("left")], outcomes) == "pass"
    assert verdict([name("good"), name("bad")], outcomes) == "fail"
    assert verdict([name("left")], outcomes) == "skip"
    assert verdict([name("never ran")], outcomes) == "fail"
    assert verdict([], outcomes) == "none"
