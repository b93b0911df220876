"""One assertion per attribute, and the rules that decide when an attribute is there."""

import io
import struct
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import ImageCms
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from consult.clinical.body_sites import BodySite, Laterality, find_site
from consult.imaging import icc
from consult.imaging.dicom import (
    InstanceContext,
    SopClass,
    instance_uid,
    read_header,
    series_uid,
    sop_class_for,
    study_uid,
    wrap,
)
from consult.imaging.photo import LossyStep, ScrubbedPhoto
from tests.imaging.instances import (
    CONSULT_ID,
    PHOTO_ID,
    SOP_CLASSES,
    make_certificate,
    make_context,
    make_jpeg,
    make_photo,
)
from tests.imaging.typecheck import mandatory

FILE_META_LENGTH = 0x00020000
EXPECTED: dict[str, Any] = {
    "SpecificCharacterSet": "ISO_IR 192",
    "ImageType": ["ORIGINAL", "PRIMARY"],
    "InstanceCreationDate": "20260305",
    "InstanceCreationTime": "030203",
    "StudyDate": "20260305",
    "SeriesDate": "20260305",
    "ContentDate": "20260304",
    "AcquisitionDateTime": "20260304233001.120000+0200",
    "StudyTime": "000000",
    "SeriesTime": "000500",
    "ContentTime": "233001.120000",
    "AccessionNumber": "A-9",
    "Modality": "XC",
    "Manufacturer": "Consult",
    "InstitutionName": "County Ambulance",
    "ReferringPhysicianName": "Okafor^Ada",
    "TimezoneOffsetFromUTC": "+0200",
    "StudyDescription": "Burn consult",
    "SeriesDescription": "Left hand, back",
    "AnatomicRegionSequence": [
        {
            "CodeValue": "281642007",
            "CodingSchemeDesignator": "SCT",
            "CodeMeaning": "Skin of part of dorsal surface of hand",
            "AnatomicRegionModifierSequence": [
                {"CodeValue": "7771000", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Left"}
            ],
        }
    ],
    "PatientName": "Núñez^Ana",
    "PatientID": "P-1",
    "IssuerOfPatientID": "Consult",
    "IssuerOfPatientIDQualifiersSequence": [
        {"UniversalEntityID": "2.25.1234", "UniversalEntityIDType": "ISO"}
    ],
    "PatientBirthDate": "19800229",
    "PatientSex": "F",
    "BodyPartExamined": "HAND",
    "SoftwareVersions": "0.1.0",
    "StudyInstanceUID": study_uid(CONSULT_ID),
    "SeriesInstanceUID": series_uid(CONSULT_ID, "hand_left"),
    "StudyID": "C-17",
    "SeriesNumber": 2,
    "InstanceNumber": 3,
    "PatientOrientation": "",
    "ImageLaterality": "L",
    "SamplesPerPixel": 3,
    "PhotometricInterpretation": "YBR_FULL_422",
    "PlanarConfiguration": 0,
    "Rows": 99,
    "Columns": 161,
    "BitsAllocated": 8,
    "BitsStored": 8,
    "HighBit": 7,
    "PixelRepresentation": 0,
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": 12.35,
    "LossyImageCompressionMethod": "ISO_10918_1",
}
EXPECTED_OF_CLASS: dict[SopClass, dict[str, Any]] = {
    "secondary-capture": {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.7",
        "SOPInstanceUID": "2.25.42632494552106827300343583539990323013",
        "ConversionType": "DI",
        "DateOfSecondaryCapture": "20260305",
        "TimeOfSecondaryCapture": "030203",
        "SecondaryCaptureDeviceManufacturer": "Apple",
        "SecondaryCaptureDeviceManufacturerModelName": "iPhone 13",
        "DigitalImageFormatAcquired": "JPEG",
    },
    "vl-photographic": {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.4",
        "SOPInstanceUID": "2.25.137318855242985582173465324306035807452",
        "AcquisitionContextSequence": [],
        "ContributingEquipmentSequence": [
            {
                "PurposeOfReferenceCodeSequence": [
                    {
                        "CodeValue": "109101",
                        "CodingSchemeDesignator": "DCM",
                        "CodeMeaning": "Acquisition Equipment",
                    }
                ],
                "Manufacturer": "Apple",
                "ManufacturerModelName": "iPhone 13",
            }
        ],
    },
}
EXPECTED_FILE_META = {
    "FileMetaInformationVersion": b"\x00\x01",
    "TransferSyntaxUID": "1.2.840.10008.1.2.4.50",
    "ImplementationClassUID": "2.25.70726185942816493799843964760049372997",
    "ImplementationVersionName": "CONSULT_0.1",
}
EMPTY_WHEN_UNKNOWN = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientOrientation",
    "Laterality",
]
ABSENT_WHEN_UNKNOWN = [
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "InstitutionName",
    "StudyDescription",
    "SeriesDescription",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "ImageLaterality",
    "RecognizableVisualFeatures",
    "AcquisitionDateTime",
    "SecondaryCaptureDeviceManufacturer",
    "SecondaryCaptureDeviceManufacturerModelName",
    "ICCProfile",
    "ColorSpace",
    "DerivationDescription",
    "BurnedInAnnotation",
    "ContributingEquipmentSequence",
]


@pytest.mark.parametrize("sop_class", SOP_CLASSES)
class TestGoldenDataSet:
    @pytest.mark.parametrize("keyword", EXPECTED)
    def test_each_attribute_has_its_value(self, keyword: str, sop_class: SopClass) -> None:
        assert golden(sop_class)[keyword] == EXPECTED[keyword]

    def test_each_attribute_of_the_class_has_its_value(self, sop_class: SopClass) -> None:
        expected = EXPECTED_OF_CLASS[sop_class]

        assert {keyword: golden(sop_class).get(keyword) for keyword in expected} == expected

    def test_there_is_no_other_attribute(self, sop_class: SopClass) -> None:
        assert golden(sop_class).keys() == {*EXPECTED, *EXPECTED_OF_CLASS[sop_class]}

    def test_every_type_1_and_type_2_attribute_of_the_standard_is_among_them(
        self, sop_class: SopClass
    ) -> None:
        expected = EXPECTED | EXPECTED_OF_CLASS[sop_class]

        required = mandatory(expected["SOPClassUID"])

        assert len(required) > 20
        assert required <= expected.keys()

    def test_each_file_meta_attribute_has_its_value(self, sop_class: SopClass) -> None:
        of_class = EXPECTED_OF_CLASS[sop_class]
        ds = header({}, {"sop_class": sop_class})

        assert {
            e.keyword: e.value for e in ds.file_meta if e.tag != FILE_META_LENGTH
        } == EXPECTED_FILE_META | {
            "MediaStorageSOPClassUID": of_class["SOPClassUID"],
            "MediaStorageSOPInstanceUID": of_class["SOPInstanceUID"],
        }

    @pytest.mark.parametrize("keyword", EMPTY_WHEN_UNKNOWN)
    def test_what_must_be_there_is_empty_when_unknown(
        self, keyword: str, sop_class: SopClass
    ) -> None:
        assert bare_header(sop_class)[keyword].is_empty

    @pytest.mark.parametrize("keyword", ABSENT_WHEN_UNKNOWN)
    def test_what_may_be_missing_is_missing_when_unknown(
        self, keyword: str, sop_class: SopClass
    ) -> None:
        assert keyword not in bare_header(sop_class)


class TestEquipment:
    def test_a_vl_photo_names_no_phone_of_which_only_the_model_is_known(self) -> None:
        ds = header({"device_make": None}, {"sop_class": "vl-photographic"})

        assert "ContributingEquipmentSequence" not in ds

    def test_a_vl_photo_names_a_phone_of_unknown_model_by_its_make(self) -> None:
        ds = header({"device_model": None}, {"sop_class": "vl-photographic"})

        [phone] = ds.ContributingEquipmentSequence
        assert phone.Manufacturer == "Apple"
        assert "ManufacturerModelName" not in phone

    def test_software_version_is_that_of_the_project(self) -> None:
        project = tomllib.loads(Path("pyproject.toml").read_text())["project"]

        assert header().SoftwareVersions == project["version"]


class TestBytes:
    @pytest.mark.parametrize("extra", [b"", b"\xd9"], ids=["even", "odd"])
    def test_the_jpeg_lies_in_the_file_byte_for_byte(self, extra: bytes) -> None:
        jpeg = make_even_jpeg() + extra

        instance = wrap(make_photo(jpeg), make_context())

        start = instance.jpeg_offset
        assert instance.data[start : start + instance.jpeg_length] == jpeg

    @pytest.mark.parametrize("extra", [b"", b"\xd9"], ids=["even", "odd"])
    def test_the_pixel_data_is_one_even_fragment_behind_an_empty_offset_table(
        self, extra: bytes
    ) -> None:
        jpeg = make_even_jpeg() + extra
        fragment = jpeg + b"\0" * len(extra)

        instance = wrap(make_photo(jpeg), make_context())

        start = instance.jpeg_offset - 28
        assert instance.data[start:] == (
            bytes.fromhex("e07f1000 4f42 0000 ffffffff feff00e0 00000000 feff00e0")
            + struct.pack("<L", len(fragment))
            + fragment
            + bytes.fromhex("feffdde0 00000000")
        )

    def test_pydicom_finds_one_frame(self) -> None:
        jpeg = make_even_jpeg()
        instance = wrap(make_photo(jpeg), make_context())

        frames = list(
            generate_frames(instance.data[instance.jpeg_offset - 16 :], number_of_frames=1)
        )

        assert frames == [jpeg]

    def test_the_same_photo_gives_the_same_bytes(self) -> None:
        assert wrap(make_photo(), make_context()) == wrap(make_photo(), make_context())

    def test_the_header_can_be_read_without_the_pixels(self) -> None:
        instance = wrap(make_photo(), make_context())

        assert read_header(instance.data[: instance.jpeg_offset]) == read_header(instance.data)

    def test_there_is_no_private_tag_and_no_camera_group(self) -> None:
        tags = [element.tag for element in header().iterall()]

        assert [tag for tag in tags if tag.is_private or tag.group == 0x0016] == []


class TestTimes:
    def test_every_time_is_told_in_the_zone_of_the_phone(self) -> None:
        ds = header({"captured_offset": "-09:30"})

        assert ds.TimezoneOffsetFromUTC == "-0930"
        assert ds.AcquisitionDateTime == "20260304233001.120000-0930"
        assert (ds.ContentDate, ds.ContentTime) == ("20260304", "233001.120000")
        assert (ds.InstanceCreationDate, ds.InstanceCreationTime) == ("20260304", "153203")
        assert (ds.DateOfSecondaryCapture, ds.TimeOfSecondaryCapture) == ("20260304", "153203")
        assert (ds.StudyDate, ds.StudyTime) == ("20260304", "123000")
        assert (ds.SeriesDate, ds.SeriesTime) == ("20260304", "123500")

    @pytest.mark.parametrize("offset", [None, "-14:00", "+14:30"])
    def test_no_zone_is_named_when_the_phone_named_none_that_exists(
        self, offset: str | None
    ) -> None:
        ds = header({"captured_offset": offset})

        assert "TimezoneOffsetFromUTC" not in ds
        assert ds.AcquisitionDateTime == "20260304233001.120000"
        assert (ds.InstanceCreationDate, ds.InstanceCreationTime) == ("20260305", "010203")

    def test_our_own_times_stand_as_given_when_the_zone_is_unknown(self) -> None:
        here = timezone(timedelta(hours=-5))

        ds = header(
            {"captured_offset": None}, {"received_at": datetime(2026, 3, 5, 1, tzinfo=here)}
        )

        assert (ds.InstanceCreationDate, ds.InstanceCreationTime) == ("20260305", "010000")

    def test_a_photo_without_a_capture_time_is_told_in_utc(self) -> None:
        here = timezone(timedelta(hours=5))
        received = datetime(2026, 3, 5, 1, 2, 3, tzinfo=here)

        ds = header({"captured_at": None, "captured_offset": None}, {"received_at": received})

        assert ds.TimezoneOffsetFromUTC == "+0000"
        assert (ds.ContentDate, ds.ContentTime) == ("20260304", "200203")

    @pytest.mark.parametrize("offset", ["+00:00", "-00:00"])
    def test_greenwich_is_never_written_with_a_minus(self, offset: str) -> None:
        assert header({"captured_offset": offset}).TimezoneOffsetFromUTC == "+0000"

    def test_a_series_without_its_own_start_began_with_the_study(self) -> None:
        ds = header({}, {"series_started_at": None})

        assert (ds.SeriesDate, ds.SeriesTime) == (ds.StudyDate, ds.StudyTime)

    @pytest.mark.parametrize("field", ["received_at", "study_started_at", "series_started_at"])
    def test_a_time_without_a_zone_is_refused(self, field: str) -> None:
        with pytest.raises(ValueError, match="need a zone"):
            make_context(**{field: datetime(2026, 3, 5)})  # noqa: DTZ001  the point of it


class TestAnatomy:
    @pytest.mark.parametrize(
        ("laterality", "side"),
        [(Laterality.R, "24028007"), (Laterality.L, "7771000"), (Laterality.B, "51440002")],
    )
    def test_a_side_is_told_in_letters_and_in_code(self, laterality: Laterality, side: str) -> None:
        ds = header({}, {"site": find_site(BodySite.FOOT, laterality)})

        assert ds.ImageLaterality == laterality
        assert ds.AnatomicRegionSequence[0].AnatomicRegionModifierSequence[0].CodeValue == side
        assert "Laterality" not in ds

    def test_an_unpaired_site_is_u_and_has_no_side_in_code(self) -> None:
        ds = header({}, {"site": find_site(BodySite.ABDOMEN)})

        assert ds.ImageLaterality == "U"
        assert "AnatomicRegionModifierSequence" not in ds.AnatomicRegionSequence[0]
        assert "Laterality" not in ds

    def test_an_unknown_side_of_a_paired_site_is_an_empty_laterality(self) -> None:
        ds = header({}, {"site": find_site(BodySite.FOOT)})

        assert "ImageLaterality" not in ds
        assert ds["Laterality"].is_empty
        assert "AnatomicRegionModifierSequence" not in ds.AnatomicRegionSequence[0]

    @pytest.mark.parametrize("body_site", [BodySite.FACE, BodySite.HEAD])
    def test_a_face_is_marked_as_recognizable(self, body_site: BodySite) -> None:
        assert header({}, {"site": find_site(body_site)}).RecognizableVisualFeatures == "YES"


class TestPixels:
    def test_grey_has_one_sample_and_no_planes(self) -> None:
        ds = header({"photometric": "MONOCHROME2"})

        assert ds.SamplesPerPixel == 1
        assert ds.PhotometricInterpretation == "MONOCHROME2"
        assert "PlanarConfiguration" not in ds

    def test_rgb_stays_rgb(self) -> None:
        ds = header({"photometric": "RGB"})

        assert (ds.SamplesPerPixel, ds.PhotometricInterpretation) == (3, "RGB")

    @pytest.mark.parametrize(
        ("photometric", "kept"),
        [
            ("YBR_FULL_422", "vl-photographic"),
            ("MONOCHROME2", "vl-photographic"),
            ("RGB", "secondary-capture"),
        ],
    )
    def test_an_rgb_jpeg_stays_a_secondary_capture(self, photometric: str, kept: str) -> None:
        assert sop_class_for(make_photo(photometric=photometric), "vl-photographic") == kept

    def test_an_rgb_jpeg_cannot_be_a_vl_photo(self) -> None:
        with pytest.raises(ValueError, match="not coded in RGB"):
            header({"photometric": "RGB"}, {"sop_class": "vl-photographic"})

    def test_a_re_encoded_photo_is_derived_and_says_how(self) -> None:
        ds = header(
            {
                "derivation": "Turned 90 degrees, encoded again.",
                "certificate": make_certificate(lossless=False),
                "lossy_steps": (LossyStep("ISO_23008_2", 30.0), LossyStep("ISO_10918_1", 4.5)),
                "source_format": "HEIC",
            }
        )

        assert ds.ImageType == ["DERIVED", "PRIMARY"]
        assert ds.DerivationDescription == "Turned 90 degrees, encoded again."
        assert ds.LossyImageCompressionMethod == ["ISO_23008_2", "ISO_10918_1"]
        assert [str(ratio) for ratio in ds.LossyImageCompressionRatio] == ["30.00", "4.50"]
        assert ds.DigitalImageFormatAcquired == "HEIC"


class TestColour:
    def test_a_wide_gamut_profile_becomes_an_input_profile_without_a_space(self) -> None:
        profile = icc.display_p3()

        ds = header(
            {
                "icc_profile": profile.content,
                "certificate": make_certificate(colour_profile=profile.name),
            }
        )

        assert ds.ICCProfile[12:16] == b"scnr"
        assert ds.ICCProfile[:12] + b"mntr" + ds.ICCProfile[16:] == padded(profile.content)
        assert "Display P3" in ImageCms.getProfileDescription(io.BytesIO(ds.ICCProfile))
        assert "ColorSpace" not in ds

    @pytest.mark.parametrize(("name", "space"), [(icc.SRGB, "SRGB"), (icc.ADOBE_RGB, "ADOBERGB")])
    def test_a_known_space_is_named(self, name: str, space: str) -> None:
        ds = header(
            {
                "icc_profile": icc.display_p3().content,
                "certificate": make_certificate(colour_profile=name),
            }
        )

        assert ds.ColorSpace == space

    def test_a_grey_photo_has_no_profile(self) -> None:
        ds = header({"icc_profile": icc.display_p3().content, "photometric": "MONOCHROME2"})

        assert "ICCProfile" not in ds


class TestTexts:
    @pytest.mark.parametrize(
        ("written", "stored"),
        [
            ("محمد بن علي", "محمد بن علي^"),
            ("王小明", "王小明^"),
            ("José Núñez", "José Núñez^"),
            ("שרה כהן", "שרה כהן^"),
            ("สมชาย ใจดี", "สมชาย ใจดี^"),
            ("Иван Иванов", "Иван Иванов^"),
            ("홍길동", "홍길동^"),
            ("Ana 👩🏽\u200d🚒", "Ana 👩🏽\u200d🚒^"),
            ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
            ("Wang^XiaoMing=王^小明", "Wang^XiaoMing=王^小明"),
            ("=王^小明", "=王^小明"),
            ("  a \\ b\r\n\x1b[31m ", "a b [31m^"),
            ("half \ud83d pair", "half pair^"),
            ("a=b=c=d", "a b c d^"),
            ("a^b^c^d^e^f", "a b c d e f^"),
            ("x" * 70, "x" * 63 + "^"),
            ("^" + "x" * 70, "^" + "x" * 63),
            ("", ""),
        ],
    )
    def test_a_name_in_any_script_survives(self, written: str, stored: str) -> None:
        ds = header({}, {"patient_name": written, "referring_physician_name": written})

        assert str(ds.PatientName) == stored
        assert str(ds.ReferringPhysicianName) == stored

    @pytest.mark.parametrize("field", ["StudyDescription", "SeriesDescription", "InstitutionName"])
    def test_long_and_hostile_words_are_made_to_fit(self, field: str) -> None:
        words = "Burn\\of\nthe\x00 手 " + "x" * 80

        ds = header(
            {},
            dict.fromkeys(["study_description", "series_description", "institution_name"], words),
        )

        assert ds[field].value == "Burn of the 手 " + "x" * 50

    @pytest.mark.parametrize(
        "field",
        ["patient_id", "accession_number", "study_id", "issuer_of_patient_id"],
    )
    @pytest.mark.parametrize("text", ["a\\b", "a\nb", " a", "x" * 65])
    def test_an_id_that_does_not_fit_is_refused_and_never_changed(
        self, field: str, text: str
    ) -> None:
        context = make_context(**{field: text})

        with pytest.raises(ValueError, match=r"identifier|exceeds the maximum length"):
            wrap(make_photo(), context)

    @pytest.mark.parametrize("study_id", ["", " "])
    def test_an_empty_study_id_is_refused(self, study_id: str) -> None:
        with pytest.raises(ValueError, match="may not be empty"):
            make_context(study_id=study_id)

    @pytest.mark.parametrize(
        "field", ["sop_instance_uid", "study_instance_uid", "series_instance_uid"]
    )
    @pytest.mark.parametrize(
        "uid", ["1.2." + "3" * 61, "1.02", "1.a"], ids=["long", "zero", "letter"]
    )
    def test_a_bad_uid_is_refused(self, field: str, uid: str) -> None:
        with pytest.raises(ValueError, match="VR UI"):
            wrap(make_photo(), make_context(**{field: uid}))


class TestUids:
    def test_the_same_thing_has_the_same_uid(self) -> None:
        assert instance_uid(PHOTO_ID) == "2.25.42632494552106827300343583539990323013"
        assert study_uid(CONSULT_ID) == "2.25.97271104201762589680401799197376858341"
        assert series_uid(CONSULT_ID, "hand_left") == "2.25.298498283940202556591059516081643076602"

    def test_other_things_have_other_uids(self) -> None:
        one, other = uuid4(), uuid4()
        uids = {
            *(
                instance_uid(photo, sop_class=sop_class, rendition=rendition)
                for photo in (one, other)
                for sop_class in SOP_CLASSES
                for rendition in (1, 2)
            ),
            *(series_uid(consult, key) for consult in (one, other) for key in ("", "head")),
            *(study_uid(consult) for consult in (one, other)),
        }

        assert len(uids) == 14
        assert max(len(uid) for uid in uids) < 64


def header(photo: dict[str, Any] | None = None, context: dict[str, Any] | None = None) -> Dataset:
    return read_header(wrap(make_photo(**photo or {}), make_context(**context or {})).data)


def golden(sop_class: SopClass) -> dict[str, Any]:
    return plain(header({}, {"sop_class": sop_class}))


def bare_header(sop_class: SopClass) -> Dataset:
    """What is left of a photo and a context of which nothing is known."""
    photo: ScrubbedPhoto = make_photo(
        captured_at=None, captured_offset=None, device_make=None, device_model=None
    )
    context = InstanceContext(
        sop_class=sop_class,
        sop_instance_uid=instance_uid(PHOTO_ID, sop_class=sop_class),
        study_instance_uid=study_uid(CONSULT_ID),
        series_instance_uid=series_uid(CONSULT_ID, ""),
        series_number=1,
        instance_number=1,
        study_id="C-17",
        received_at=datetime(2026, 3, 5, tzinfo=UTC),
        study_started_at=datetime(2026, 3, 5, tzinfo=UTC),
    )
    return read_header(wrap(photo, context).data)


def plain(ds: Dataset) -> dict[str, Any]:
    return {e.keyword: [plain(i) for i in e.value] if e.VR == "SQ" else e.value for e in ds}


def make_even_jpeg() -> bytes:
    jpeg = make_jpeg()
    return jpeg if len(jpeg) % 2 == 0 else jpeg[:-2] + b"\xff\xff\xd9"  # a fill byte


def padded(content: bytes) -> bytes:
    return content + b"\0" * (len(content) % 2)
