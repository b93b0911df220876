"""Photos that come in pieces, over links that break: begun, gone on with, made photos, given up."""

from consult.uploads.beginning import begin_upload, find_begun, make_upload, require_welcome
from consult.uploads.destination import Destination, Wish, find_destination
from consult.uploads.going_on import drop_upload, find_upload, finish_upload, give_upload_up
from consult.uploads.receiving import ALGORITHMS, Checksum, receive
from consult.uploads.sweeping import sweep_uploads

__all__ = [
    "ALGORITHMS",
    "Checksum",
    "Destination",
    "Wish",
    "begin_upload",
    "drop_upload",
    "find_begun",
    "find_destination",
    "find_upload",
    "finish_upload",
    "give_upload_up",
    "make_upload",
    "receive",
    "require_welcome",
    "sweep_uploads",
]
