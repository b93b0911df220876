"""Who did what, to what, when: written in the transaction of the deed itself."""

from consult.audit.anchors import (
    Anchor,
    ChainContradicted,
    drop_anchor,
    newest_seq,
    read_anchors,
)
from consult.audit.chain import ChainReport, rows_of_the_chain, verify
from consult.audit.reading import Filter, list_rows, was_shown
from consult.audit.recording import About, begin_occasion, record, rows_left

__all__ = [
    "About",
    "Anchor",
    "ChainContradicted",
    "ChainReport",
    "Filter",
    "begin_occasion",
    "drop_anchor",
    "list_rows",
    "newest_seq",
    "read_anchors",
    "record",
    "rows_left",
    "rows_of_the_chain",
    "verify",
    "was_shown",
]
