"""The commands of the audit trail: is it whole, anchor it, hand it on."""

import json
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from consult import audit
from consult.audit import fhir
from consult.bootstrap import Backends

_PAGE = 1000


async def verify(backends: Backends, *, extra: Path | None) -> int:
    """0 whole; 1 tampered with; 2 nothing remembers how far it went, so a cut cannot be told."""
    path = backends.settings.audit_anchor
    anchors = [*audit.read_anchors(path), *(_given(extra) if extra else ())]
    async with backends.database.reads() as session:
        report = await audit.verify(session, anchors)
    if report.first_bad_seq is not None:
        print(f"The chain is broken at row {report.first_bad_seq}.")
        return 1
    print(f"The chain of {report.rows} rows is whole.")
    if report.rows and not report.anchored:
        print(f"consult: no anchor in {path}: a cut end would not be seen", file=sys.stderr)
        return 2
    return 0


async def anchor(backends: Backends) -> int:
    """Drop an anchor and print the newest: for a place that the service cannot reach."""
    path = backends.settings.audit_anchor
    await drop_anchor(backends)
    anchors = audit.read_anchors(path)
    print(anchors[-1].line if anchors else "", end="")
    return 0 if anchors else 1


async def export(backends: Backends, *, wanted: audit.Filter, as_fhir: bool) -> int:
    """Print every row, oldest first. That it was printed is on record before the first line."""
    observer = fhir.Observer(backends.settings.organisation, backends.settings.origin)
    async with backends.database.writes.begin() as session:
        await audit.record(session, None, "audit.exported")
    after = 0
    while True:
        async with backends.database.reads() as session:
            rows = await audit.list_rows(session, wanted, after=after, limit=_PAGE)
        for row in rows:
            plain = row.model_dump() | {"mac": row.mac.hex()}
            print(json.dumps(fhir.event(row, observer) if as_fhir else plain))
        if not rows:
            return 0
        after = rows[-1].seq


async def drop_anchor(backends: Backends) -> None:
    """Anchor what a command has just recorded. The deed is done: what fails here is only said."""
    try:
        await audit.drop_anchor(backends.database, backends.settings.audit_anchor)
    except (OSError, SQLAlchemyError) as error:
        print(f"consult: no anchor was written: {type(error).__name__}", file=sys.stderr)
    except audit.ChainContradicted:
        print("consult: the audit trail was cut; see: consult audit verify", file=sys.stderr)


def _given(path: Path) -> list[audit.Anchor]:
    """Raises OSError when there is none: somebody who names a file means one that says something."""
    anchors = audit.read_anchors(path)
    if not anchors:
        raise OSError(f"{path}: holds no anchor")
    return anchors
