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
    iod = _table("sop_class_iod_map").get(str(ds.get("SOPClassUID")))
    if iod is None:
        return [f"no IOD for SOP class {ds.get('SOPClassUID')}"]
    modules = [m["key"] for m in _table("iod_module_map")[iod] if m["usage"] == "M"]
    return [problem for module in modules for problem in _module_problems(ds, module)]


def _module_problems(ds: Dataset, module: str) -> Iterator[str]:
    for rule in _table("module_attribute_map")[module]:
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


@cache
def _table(name: str) -> Any:
    paths = [p for p in files("highdicom") or () if p.match(f"_standard/{name}.json")]
    return json.loads(paths[0].read_text())
