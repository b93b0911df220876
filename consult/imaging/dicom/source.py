"""What an instance that we wrote tells about its photo: needed to make another one from it."""

from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from consult.imaging.dicom.context import SourceImage
from consult.imaging.dicom.part10 import read_header
from consult.imaging.photo import LossyStep


@dataclass(frozen=True)
class Source:
    reference: SourceImage
    lossy_steps: tuple[LossyStep, ...]
    """Oldest first."""
    derivation: str | None


def read_source(data: bytes) -> Source:
    """Raises pydicom's InvalidDicomError for a file that is no instance."""
    header = read_header(data)
    methods = _values(header, "LossyImageCompressionMethod")
    ratios = _values(header, "LossyImageCompressionRatio")
    return Source(
        reference=SourceImage(str(header.SOPClassUID), str(header.SOPInstanceUID)),
        lossy_steps=tuple(
            LossyStep(str(method), float(ratio))
            for method, ratio in zip(methods, ratios, strict=True)
        ),
        derivation=header.get("DerivationDescription"),
    )


def _values(header: Dataset, keyword: str) -> list[Any]:
    value: Any = header[keyword].value
    return list(value) if isinstance(value, MultiValue) else [value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - the items have no type
