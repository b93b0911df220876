"""The DICOM document that says that a photo was rejected, and who from outside understands it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydicom import dcmread  # pyright: ignore[reportUnknownVariableType]  PathLike lacks its argument
from pydicom.dataset import FileDataset
from pydicom.sr.codedict import codes

from consult.imaging.dicom import (
    QUALITY_REASONS,
    Rejection,
    SopClass,
    rejection_note,
    wrap,
)
from consult.models import RejectionReason
from tests.imaging.instances import SOP_CLASSES, dciodvfy, make_context, make_photo, run

REVIEW_ID = UUID("0f7b7c6e-4b7e-4a52-9c5e-6a7f7c0d1e2f")
REJECTED = Rejection(
    review_id=REVIEW_ID,
    reason="too_dark",
    rejected_at=datetime(2026, 3, 5, 8, 9, 10, tzinfo=UTC),
    rejected_by="Sol Núñez",
)
DAMAGE: dict[str, Callable[[FileDataset], None]] = {
    "no evidence": lambda ds: ds.__delattr__("CurrentRequestedProcedureEvidenceSequence"),
    "no title": lambda ds: ds.__delattr__("ConceptNameCodeSequence"),
    "no reference": lambda ds: ds.ContentSequence[-1].__delattr__("ReferencedSOPSequence"),
    "another modality": lambda ds: setattr(ds, "Modality", "SR"),
}


def photo(**context: Any) -> bytes:
    return wrap(make_photo(), make_context(**context)).data


def read(document: bytes) -> FileDataset:
    return dcmread(BytesIO(document))


def written(document: bytes, folder: Path) -> Path:
    path = folder / "rejection.dcm"
    path.write_bytes(document)
    return path


def template_of(document: bytes) -> tuple[str, str]:
    (template,) = read(document).ContentTemplateSequence
    return template.MappingResource, template.TemplateIdentifier


class TestJudges:
    @pytest.mark.parametrize("reason", RejectionReason)
    @pytest.mark.parametrize("sop_class", SOP_CLASSES)
    def test_dciodvfy_has_nothing_to_say(
        self, reason: RejectionReason, sop_class: SopClass, tmp_path: Path
    ) -> None:
        document = rejection_note(
            photo(sop_class=sop_class), replace(REJECTED, reason=reason.value)
        )

        assert dciodvfy(written(document, tmp_path)) == []

    def test_dcmtk_reads_its_tree(self, tmp_path: Path) -> None:
        told = run("dsrdump", written(rejection_note(photo(), REJECTED), tmp_path))

        assert told.returncode == 0
        assert "Key Object Selection Document" in told.stdout
        for line in (
            '"Rejected for Quality Reasons")=SEPARATE',
            '"Document Title Modifier")=(111211,DCM,"Under exposed")',
            '"Key Object Description")="Too dark"',
            "contains IMAGE",
        ):
            assert line in told.stdout

    @pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
    def test_a_fault_is_noticed(
        self, damage: Callable[[FileDataset], None], tmp_path: Path
    ) -> None:
        ds = read(rejection_note(photo(), REJECTED))
        damage(ds)
        path = tmp_path / "damaged.dcm"
        ds.save_as(path)

        assert dciodvfy(path) != []


class TestContent:
    def test_it_names_the_photo_in_its_study_and_series(self) -> None:
        instance = read(photo())

        ds = read(rejection_note(photo(), REJECTED))

        (study,) = ds.CurrentRequestedProcedureEvidenceSequence
        (series,) = study.ReferencedSeriesSequence
        (reference,) = series.ReferencedSOPSequence
        assert study.StudyInstanceUID == ds.StudyInstanceUID == instance.StudyInstanceUID
        assert series.SeriesInstanceUID == instance.SeriesInstanceUID != ds.SeriesInstanceUID
        assert reference.ReferencedSOPClassUID == instance.SOPClassUID
        assert reference.ReferencedSOPInstanceUID == instance.SOPInstanceUID
        assert ds.ContentSequence[-1].ReferencedSOPSequence[0] == reference

    def test_it_is_about_the_patient_of_the_photo(self) -> None:
        instance, ds = read(photo()), read(rejection_note(photo(), REJECTED))

        for keyword in (
            "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
            "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
        ):  # fmt: skip
            assert ds[keyword].value == instance[keyword].value

    def test_its_title_and_every_reason_are_codes_of_the_standard(self) -> None:
        """PS3.16 CID 7010 and 7011, as pydicom carries them."""
        title = read(rejection_note(photo(), REJECTED)).ConceptNameCodeSequence[0]
        because = {
            code.value: code.meaning for code in map(codes.cid7011.__getattr__, codes.cid7011.dir())
        }

        assert title.CodeValue == codes.cid7010.RejectedForQualityReasons.value == "113001"
        assert template_of(rejection_note(photo(), REJECTED)) == ("DCMR", "2010")
        assert title.CodeMeaning == codes.cid7010.RejectedForQualityReasons.meaning
        for reason in RejectionReason:
            ds = read(rejection_note(photo(), replace(REJECTED, reason=reason.value)))
            (code,) = ds.ContentSequence[0].ConceptCodeSequence
            assert because[code.CodeValue] == code.CodeMeaning
            assert (reason.value in QUALITY_REASONS) == (code.CodeValue != "111220")

    def test_the_same_rejection_is_the_same_document_and_another_is_not(self) -> None:
        again = rejection_note(photo(), REJECTED)
        other = read(rejection_note(photo(), replace(REJECTED, review_id=UUID(int=5))))

        assert again == rejection_note(photo(), REJECTED)
        assert read(again).SOPInstanceUID != other.SOPInstanceUID
        assert read(again).SeriesInstanceUID != other.SeriesInstanceUID

    def test_its_time_stands_in_the_zone_of_the_photo(self) -> None:
        ds = read(rejection_note(photo(), REJECTED))

        assert (ds.ContentDate, ds.TimezoneOffsetFromUTC) == ("20260305", "+0200")
        assert str(ds.ContentTime).startswith("100910")

    def test_where_the_zone_of_the_photo_is_unknown_none_is_named(self) -> None:
        unzoned = wrap(make_photo(captured_offset=None), make_context()).data

        ds = read(rejection_note(unzoned, REJECTED))

        assert "TimezoneOffsetFromUTC" not in ds
        assert str(ds.ContentTime).startswith("080910")

    def test_what_stands_before_the_pixels_is_enough(self) -> None:
        whole = photo()
        head = whole[: wrap(make_photo(), make_context()).jpeg_offset]

        assert rejection_note(head, REJECTED) == rejection_note(whole, REJECTED)

    def test_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            replace(REJECTED, rejected_at=datetime(2026, 3, 5, 8, 9, 10))  # noqa: DTZ001
