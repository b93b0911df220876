"""What is mutated, and the tests that are asked about it: quick ones, in this process.

Left out of every group are tests that kill processes, wait for clocks, or read our own source;
of the decision, those over all its millions of cells: a sample of them stands in for the mutants.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Group:
    name: str
    mutated: list[str]
    """Files, or patterns of them."""
    tests: list[str]
    """As pytest is given them."""
    but: list[str] = field(default_factory=list[str])
    """Tests that are left out."""


GROUPS = [
    Group(
        "decision",
        ["consult/access/*.py"],
        ["tests/consult/access/test_decision.py", "tests/consult/access/test_asking.py"],
        but=["tests/consult/access/test_asking.py::TestLint"],
    ),
    Group(
        "sealing",
        [
            "consult/backends/keys/*.py",
            "consult/backends/storage/sealed.py",
            "consult/backends/storage/segments.py",
        ],
        [
            "tests/consult/backends/test_keys.py",
            "tests/consult/backends/test_sealed_storage.py",
            "tests/consult/test_sealed.py",
        ],
        but=[
            "tests/consult/backends/test_keys.py::TestShredding::test_no_byte_of_its_key_is_left_in_any_file",
            "tests/consult/backends/test_keys.py::TestShredding::test_another_process_sees_it_at_its_next_look",
            "tests/consult/backends/test_keys.py::TestRotation::test_killed_at_any_moment_nothing_is_lost_and_the_next_run_finishes",
        ],
    ),
    Group(
        "audit",
        ["consult/audit/*.py"],
        [
            "tests/consult/test_audit.py",
            "tests/consult/test_audit_anchors.py",
            "tests/consult/test_audit_fhir.py",
            "tests/consult/test_audit_reading.py",
            "tests/consult/test_audit_tampering.py::TestRowsOfTheFirstForm",
        ],
        but=[
            "tests/consult/test_audit_anchors.py::TestWorker",
            "tests/consult/test_audit_anchors.py::TestOfficer",
        ],
    ),
    Group(
        "sessions",
        [
            "consult/accounts/challenges.py",
            "consult/accounts/endings.py",
            "consult/accounts/secret.py",
            "consult/accounts/sessions.py",
            "consult/accounts/standing.py",
        ],
        [
            "tests/consult/accounts/test_challenges.py",
            "tests/consult/accounts/test_secret.py",
            "tests/consult/accounts/test_session_rows.py",
            "tests/consult/accounts/test_sessions.py",
            "tests/consult/accounts/test_standing.py",
        ],
    ),
]
