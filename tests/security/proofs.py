"""Which tests prove which requirement: read from their docstrings, without running them.

The ids stand first in the docstring of a test, or else of its class, or else of its module:
`"SE-2, SE-5. A new session ends the old one."`
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_IDS = re.compile(r"\s*((?:[A-Z]{2}-\d+(?:, | and )?)+)[.:]")
_Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Proof(NamedTuple):
    requirement: str
    test: str
    """As pytest names it: file::class::function."""


def proofs(folder: Path = ROOT / "tests") -> list[Proof]:
    found = [
        proof for path in sorted(folder.rglob("test_*.py")) for proof in _in_file(path, folder)
    ]
    return sorted(found, key=lambda proof: (_order(proof.requirement), proof.test))


def by_requirement(found: list[Proof]) -> dict[str, list[str]]:
    grouped = defaultdict[str, list[str]](list)
    for proof in found:
        grouped[proof.requirement].append(proof.test)
    return dict(grouped)


def ids_of(docstring: str | None) -> list[str]:
    match = _IDS.match(docstring or "")
    return re.findall(r"[A-Z]{2}-\d+", match[1]) if match else []


def _in_file(path: Path, folder: Path) -> Iterator[Proof]:
    name = path.relative_to(folder.parent).as_posix()
    yield from _within(ast.parse(path.read_text()), name, [])


def _within(node: _Definition, name: str, inherited: list[str]) -> Iterator[Proof]:
    ids = ids_of(ast.get_docstring(node)) or inherited
    for child in node.body:
        match child:
            case ast.ClassDef() if child.name.startswith("Test"):
                yield from _within(child, f"{name}::{child.name}", ids)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if child.name.startswith("test_"):
                own = ids_of(ast.get_docstring(child)) or ids
                yield from (Proof(one, f"{name}::{child.name}") for one in own)
            case _:
                pass


def _order(requirement: str) -> tuple[str, int]:
    letters, _, number = requirement.partition("-")
    return letters, int(number)
