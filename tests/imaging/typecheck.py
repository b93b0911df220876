"""A judge beside dciodvfy: the Type 1 and Type 2 rules of PS3.3, read from highdicom's tables.

Type 1 is present with a value, Type 2 is present. Only mandatory modules are checked, also inside
the items of sequences; conditional types are left to dciodvfy. highdicom itself is never
imported: the tables are three JSON files in its wheel (MIT), in a private folder, so its version
is pinned in the lock.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import files
from typing import Any

from pydicom.dataset import Dataset


def problems(ds: Dataset) -> list[str]:
    """One line per broken rule; empty when the data set keeps them all."""
    modules = _modules(str(ds.get("SOPClassUID")))
    if not modules:
        return [f"no IOD for SOP class {ds.get('SOPClassUID')}"]
    return [problem for module in modules for problem in _module_problems(ds, module)]


def mandatory(sop_class: str) -> set[str]:
    """Keywords that are Type 1 or Type 2 at the top of a data set of this class."""
    rules = [rule for module in _modules(sop_class) for rule in _rules(module)]
    return {r["keyword"] for r in rules if r["type"] in {"1", "2"} and not r["path"]}


def _module_problems(ds: Dataset, module: str) -> Iterator[str]:
    for rule in _rules(module):
        for item in _items(ds, rule["path"]):
            if not _keeps(item, rule["keyword"], rule["type"]):
                where = ".".join([*rule["path"], rule["keyword"]])
                yield f"{module}: {where} breaks Type {rule['type']}"


def _items(ds: Dataset, path: list[str]) -> Iterator[Dataset]:
    if not path:
        yield ds
    for item in ds.get(path[0], ()) if path else ():
        yield from _items(item, path[1:])


def _keeps(item: Dataset, keyword: str, kind: str) -> bool:
    if kind == "1":
        return keyword in item and not item[keyword].is_empty
    return kind != "2" or keyword in item


def _modules(sop_class: str) -> list[str]:
    """The mandatory modules of its IOD; none for a class that has no IOD."""
    iod = _table("sop_class_iod_map").get(sop_class)
    return [m["key"] for m in _table("iod_module_map").get(iod, []) if m["usage"] == "M"]


def _rules(module: str) -> list[dict[str, Any]]:
    return _table("module_attribute_map")[module]


@cache
def _table(name: str) -> Any:
    paths = [p for p in files("highdicom") or () if p.match(f"_standard/{name}.json")]
    return json.loads(paths[0].read_text())
