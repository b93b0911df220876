"""The policy as a table for people: policy.csv. A change of who may do what is a change of it.

Each row allows one action; a cell of it holds the words for which it does, `*` for all of them.
What no row allows is refused. `python -m tests.consult.access.policy` writes the table anew from
the code, so that a change can be read as the difference; whether it is right is for a person.
"""

import csv
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tests.consult.access.cells import AXES, SHAPE, Allowed, allowed, box

TABLE = Path(__file__).with_name("policy.csv")

_COLUMNS = ("action", *(name for name in AXES if name != "action"))
Row = dict[str, frozenset[Any]]


def expected() -> Allowed:
    """The cells that the table allows."""
    cells = np.zeros(SHAPE, np.bool_)
    for row in read():
        cells[box(**row)] = True
    return cells


def read() -> list[Row]:
    with TABLE.open(newline="") as file:
        return [
            {name: _values(name, written) for name, written in row.items()}
            for row in csv.DictReader(file)
        ]


def write(rows: Iterable[Row]) -> None:
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows([_written(name, row[name]) for name in _COLUMNS] for row in rows)


def derived() -> list[Row]:
    """Rows that say the same as the code: each as wide as it can be, none that others cover."""
    cells = allowed()
    missing, rows = cells.copy(), list[Row]()
    while missing.any():
        first = np.argwhere(missing)[0]
        point = zip(AXES.items(), first, strict=True)
        rows.append(
            _widened({name: frozenset({values[at]}) for (name, values), at in point}, cells)
        )
        missing[box(**rows[-1])] = False
    return sorted(_needed(rows), key=_order)


def _widened(row: Row, cells: Allowed) -> Row:
    """Take in whatever value of any column leaves every cell of the row allowed."""
    for name, values in AXES.items():
        for value in values if name != "action" else ():
            wider = row | {name: row[name] | {value}}
            if cells[box(**wider)].all():
                row = wider
    return row


def _needed(rows: list[Row]) -> list[Row]:
    times_covered = np.zeros(SHAPE, np.uint8)
    for row in rows:
        times_covered[box(**row)] += 1
    needed: list[Row] = []
    for row in rows:
        if (times_covered[box(**row)] > 1).all():
            times_covered[box(**row)] -= 1
        else:
            needed.append(row)
    return needed


def _order(row: Row) -> list[list[int]]:
    return [sorted(AXES[name].index(value) for value in row[name]) for name in _COLUMNS]


def _values(name: str, written: str) -> frozenset[Any]:
    words = {_word(value): value for value in AXES[name]}
    return frozenset(words.values() if written == "*" else map(words.__getitem__, written.split()))


def _written(name: str, values: frozenset[Any]) -> str:
    if len(values) == len(AXES[name]):
        return "*"
    return " ".join(_word(value) for value in AXES[name] if value in values)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nobody" if value is None else str(value.value)


def differences(found: Allowed, wanted: Allowed, *, most: int = 10) -> list[str]:
    """The first cells in which the two differ, in words."""
    places = itertools.islice(np.argwhere(found != wanted), most)
    return [
        " ".join(
            f"{name}={_word(values[place])}"
            for (name, values), place in zip(AXES.items(), point, strict=True)
        )
        for point in places
    ]


if __name__ == "__main__":
    write(derived())
