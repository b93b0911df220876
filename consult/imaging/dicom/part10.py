"""DICOM Part 10 bytes: the data set, and the JPEG appended as it is.

The JPEG becomes one encapsulated fragment (PS3.5 A.4) as it is, so that an instance costs no
copy of the photo, and `/image` can serve the JPEG straight out of it.
"""

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pydicom import (
    dcmread,  # noqa: TID251  the one place that may # pyright: ignore[reportUnknownVariableType]  its PathLike has no argument
)
from pydicom.dataset import Dataset
from pydicom.uid import JPEGBaseline8Bit

from consult.imaging.dicom.attributes import Attributes, attributes
from consult.imaging.dicom.context import InstanceContext
from consult.imaging.dicom.encoding import encode, item_head
from consult.imaging.photo import ScrubbedPhoto


@dataclass(frozen=True)
class Instance:
    """One DICOM file in three pieces, so that it can be written without a copy of the photo."""

    head: bytes
    jpeg: bytes
    tail: bytes

    @property
    def pieces(self) -> tuple[bytes, bytes, bytes]:
        return self.head, self.jpeg, self.tail

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    @property
    def jpeg_offset(self) -> int:
        return len(self.head)

    @property
    def jpeg_length(self) -> int:
        return len(self.jpeg)


def wrap(photo: ScrubbedPhoto, context: InstanceContext) -> Instance:
    """Build the file. Raises ValueError for an id, a UID or a number that DICOM cannot hold."""
    padding = b"\0" * (len(photo.jpeg) % 2)
    head = b"".join(
        [
            file_of(attributes(photo, context), transfer_syntax=JPEGBaseline8Bit),
            _PIXEL_DATA,
            item_head(0),  # the Basic Offset Table: one frame needs none
            item_head(len(photo.jpeg) + len(padding)),
        ]
    )
    return Instance(head, photo.jpeg, padding + _SEQUENCE_DELIMITER)


def read_header(data: bytes) -> Dataset:
    """Everything before the pixels. Raises pydicom's InvalidDicomError for any other file."""
    return dcmread(BytesIO(data), stop_before_pixels=True)


def file_of(values: Attributes, *, transfer_syntax: str) -> bytes:
    """Preamble, file meta information (PS3.10 7.1) and the data set, up to any pixels."""
    meta = encode(
        {
            "FileMetaInformationVersion": b"\x00\x01",
            "MediaStorageSOPClassUID": values["SOPClassUID"],
            "MediaStorageSOPInstanceUID": values["SOPInstanceUID"],
            "TransferSyntaxUID": transfer_syntax,
            "ImplementationClassUID": _IMPLEMENTATION_UID,
            "ImplementationVersionName": _IMPLEMENTATION_NAME,
        }
    )
    length = encode({"FileMetaInformationGroupLength": len(meta)})
    return b"".join([_PREAMBLE, length, meta, encode(values)])


_PREAMBLE: Final = bytes(128) + b"DICM"
_IMPLEMENTATION_UID: Final = "2.25.70726185942816493799843964760049372997"
_IMPLEMENTATION_NAME: Final = "CONSULT_0.1"
_PIXEL_DATA: Final = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_SEQUENCE_DELIMITER: Final = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
