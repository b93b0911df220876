"""Who did what, to what, when: written in the transaction of the deed itself."""

from consult.audit.chain import ChainReport, rows_of_the_chain, verify
from consult.audit.recording import About, begin_occasion, record, rows_left

__all__ = [
    "About",
    "ChainReport",
    "begin_occasion",
    "record",
    "rows_left",
    "rows_of_the_chain",
    "verify",
]
