"""DICOM Part 10 bytes: the data set by pydicom, the JPEG appended as it is.

The JPEG becomes one encapsulated fragment (PS3.5 A.4) in one join, so that an instance costs
one copy of the photo, and `/image` can serve the JPEG straight out of it.
"""

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Final, cast

from pydicom import (
    config,
    dcmread,  # noqa: TID251  the one place that may # pyright: ignore[reportUnknownVariableType]  its PathLike has no argument
    dcmwrite,  # pyright: ignore[reportUnknownVariableType]  its PathLike has no argument
)
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, JPEGBaseline8Bit

from consult.imaging.dicom.attributes import Attributes, attributes
from consult.imaging.dicom.context import InstanceContext
from consult.imaging.photo import ScrubbedPhoto


@dataclass(frozen=True)
class Instance:
    """One DICOM file, and where in it the JPEG lies."""

    data: bytes
    jpeg_offset: int
    jpeg_length: int


def wrap(photo: ScrubbedPhoto, context: InstanceContext) -> Instance:
    """Build the file. Raises ValueError for an id, a UID or a number that DICOM cannot hold."""
    padding = b"\0" * (len(photo.jpeg) % 2)
    before = b"".join(
        [
            _header(_dataset(attributes(photo, context))),
            _PIXEL_DATA,
            _item(0),  # the Basic Offset Table: one frame needs none
            _item(len(photo.jpeg) + len(padding)),
        ]
    )
    return Instance(
        b"".join([before, photo.jpeg, padding, _SEQUENCE_DELIMITER]),
        jpeg_offset=len(before),
        jpeg_length=len(photo.jpeg),
    )


def read_header(data: bytes) -> Dataset:
    """Everything before the pixels. Raises pydicom's InvalidDicomError for any other file."""
    return dcmread(BytesIO(data), stop_before_pixels=True)


def _dataset(values: Attributes) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        if value is not None:
            ds.add(_element(keyword, value))
    return ds


def _element(keyword: str, value: object) -> DataElement:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    vr = dictionary_VR(tag)
    if vr == "SQ":
        value = [_dataset(item) for item in cast("list[Attributes]", value)]
    return DataElement(tag, vr, value, validation_mode=config.RAISE)


def _header(ds: Dataset) -> bytes:
    """Preamble, file meta information (7.1 of PS3.10) and the data set in Explicit VR LE."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.file_meta.ImplementationClassUID = _IMPLEMENTATION_UID
    ds.file_meta.ImplementationVersionName = _IMPLEMENTATION_NAME
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def _item(length: int) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, length)


_IMPLEMENTATION_UID: Final = UID("2.25.70726185942816493799843964760049372997")
_IMPLEMENTATION_NAME: Final = "CONSULT_0.1"
_PIXEL_DATA: Final = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_SEQUENCE_DELIMITER: Final = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
