"""Programs that know nothing of us read what we wrote.

dciodvfy and the type check judge the data set, pydicom and DCMTK the pixels. Neither of the first
two notices an RGB label on a YCbCr JPEG, missing lossy flags or another modality: for these the
golden data set of `test_dicom.py` is the judge.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from consult.clinical.body_sites import BodySite, Laterality, Site, View, find_site
from consult.imaging.dicom import InstanceContext, SopClass, read_header, sop_class_for, wrap
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from tests.imaging.instances import (
    SOP_CLASSES,
    dciodvfy,
    make_context,
    make_jpeg,
    make_photo,
    read,
    run,
)
from tests.imaging.typecheck import problems

UPLOADS: dict[str, Callable[[], bytes]] = {
    "4:4:4": lambda: make_jpeg(subsampling="4:4:4"),
    "4:2:2": lambda: make_jpeg(subsampling="4:2:2"),
    "4:2:0": lambda: make_jpeg(subsampling="4:2:0"),
    "grey": lambda: make_jpeg("L"),
    "RGB": lambda: make_jpeg(keep_rgb=True),
    "CMYK": lambda: make_jpeg("CMYK"),
    "progressive": lambda: make_jpeg(progressive=True),
    "turned": lambda: make_jpeg(size=(160, 96), exif=orientation(6)),
    "turned imperfectly": lambda: make_jpeg(subsampling="4:2:0", exif=orientation(3)),
}
SITES = {
    f"{site.body_site} {site.code} {site.image_laterality}": site
    for body_site in BodySite
    for laterality in (Laterality.R, Laterality.L, Laterality.B)
    for view in (None, View.FRONT, View.BACK)
    if (site := find_site(body_site, laterality, view))
}
# Terms of PS3.16 Annex L that dciodvfy's own list lacks. They are written all the same: a receiver
# may refuse no Defined Term, QIDO and hanging protocols ask for this attribute and not for the
# codes, and a coarser term (EXTREMITY for a forearm) would tell them less than we know.
BEYOND_DCIODVFY = {"TRUNK", "UPPERARM", "FOREARM", "PERINEUM", "LOWERLEG"}
MANDATORY = """
    PatientName PatientID PatientBirthDate PatientSex
    StudyInstanceUID StudyDate StudyTime StudyID AccessionNumber ReferringPhysicianName
    SeriesInstanceUID SeriesNumber Modality Manufacturer ConversionType
    InstanceNumber PatientOrientation ImageLaterality SOPClassUID SOPInstanceUID
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns
    BitsAllocated BitsStored HighBit PixelRepresentation
"""
MANDATORY_VL = f"{MANDATORY} ImageType AcquisitionContextSequence LossyImageCompression".replace(
    "ConversionType", ""
)
WRONG = {
    "AnatomicRegionSequence": [],
    "Laterality": "L",
    "PhotometricInterpretation": "YBR_FULL",
    "ConversionType": "XX",
    "StudyID": "",
    "SOPInstanceUID": "",
    "BodyPartExamined": "LEFT HAND",
    "PatientName": "Ana Núñez",
    "ImageType": ["ORIGINAL"],
}


NAMES = [
    "محمد بن علي",
    "שרה כהן",
    "王小明",
    "Wang^Xiao=王^小明",
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "Hong^Gildong=洪^吉洞=홍^길동",
    "สมชาย ใจดี",
    "Иван Иванов",
    "José Núñez",
    "Ana 👩🏽\u200d🚒",
]
every_class = pytest.mark.parametrize("sop_class", SOP_CLASSES)


@dataclass
class Damaged:
    """An instance that was clean until a test broke it."""

    path: Path
    ds: Dataset

    def complaints(self) -> list[str]:
        self.ds.save_as(self.path)
        return dciodvfy(self.path) + problems(self.ds)


class TestEveryKindOfUpload:
    @pytest.fixture(params=UPLOADS.values(), ids=list(UPLOADS))
    def photo(self, request: pytest.FixtureRequest) -> ScrubbedPhoto:
        return scrub(request.param())

    @every_class
    def test_dciodvfy_has_nothing_to_say(
        self, photo: ScrubbedPhoto, sop_class: SopClass, tmp_path: Path
    ) -> None:
        sop_class = sop_class_for(photo, sop_class)

        assert dciodvfy(saved(photo, tmp_path, sop_class=sop_class)) == []

    @every_class
    def test_the_type_check_has_nothing_to_say(
        self, photo: ScrubbedPhoto, sop_class: SopClass
    ) -> None:
        context = make_context(sop_class=sop_class_for(photo, sop_class))

        assert problems(read_header(wrap(photo, context).data)) == []

    def test_pydicom_shows_the_colours_of_the_jpeg(
        self, photo: ScrubbedPhoto, tmp_path: Path
    ) -> None:
        shown = read(saved(photo, tmp_path)).pixel_array

        assert np.abs(shown - pixels(photo.jpeg)).max() <= 3

    def test_dcmtk_shows_the_colours_of_the_jpeg(
        self, photo: ScrubbedPhoto, tmp_path: Path
    ) -> None:
        out = tmp_path / "raw.dcm"
        told = run("dcmdjpeg", "+cp", saved(photo, tmp_path), out)

        shown = read(out).pixel_array

        assert told.stderr == ""
        assert np.abs(shown - pixels(photo.jpeg)).mean() <= 1.5

    def test_dcmdump_reads_it_to_the_end(self, photo: ScrubbedPhoto, tmp_path: Path) -> None:
        told = run("dcmdump", saved(photo, tmp_path))

        assert (told.returncode, told.stderr) == (0, "")
        assert "PixelSequence #=2" in told.stdout


@every_class
class TestEverySite:
    @pytest.mark.parametrize("site", SITES.values(), ids=SITES.keys())
    def test_dciodvfy_knows_the_side_and_the_region_and_all_but_five_body_parts(
        self, site: Site, sop_class: SopClass, tmp_path: Path
    ) -> None:
        term = site.body_part_examined

        lines = dciodvfy(saved(make_photo(), tmp_path, site=site, sop_class=sop_class))

        assert lines == ([unrecognized(term)] if term in BEYOND_DCIODVFY else [])

    @pytest.mark.parametrize("site", [None, find_site(BodySite.HAND)], ids=["no site", "no side"])
    def test_an_unknown_side_only_earns_a_reminder(
        self, site: Site | None, sop_class: SopClass, tmp_path: Path
    ) -> None:
        [line] = dciodvfy(saved(make_photo(), tmp_path, site=site, sop_class=sop_class))

        assert line.startswith("Warning")
        assert "only permitted to be empty when actually unknown" in line


def test_the_body_parts_beyond_dciodvfy_are_terms_of_the_standard() -> None:
    """PS3.16 Annex L, as the wheel of highdicom carries it."""
    [table] = [p for p in files("highdicom") or () if p.name == "anatomic_regions.json"]

    assert json.loads(table.read_text()).keys() >= BEYOND_DCIODVFY


class TestEveryScript:
    @pytest.mark.parametrize("name", NAMES)
    def test_names_are_read_as_they_were_written(self, name: str, tmp_path: Path) -> None:
        path = saved(make_photo(), tmp_path, patient_name=name, study_description=name[:64])

        told = run("dcmdump", "+P", "PatientName", path)

        assert dciodvfy(path) == []
        assert name in told.stdout
        assert list(read(path).PatientName.components) == name_groups(name)


class TestJudgesAreAwake:
    @pytest.mark.parametrize("keyword", MANDATORY.split())
    def test_a_missing_attribute_is_noticed(self, keyword: str, damaged: Damaged) -> None:
        del damaged.ds[keyword]

        assert damaged.complaints() != []

    @pytest.mark.parametrize("keyword", MANDATORY_VL.split())
    def test_a_missing_attribute_of_a_vl_photo_is_noticed(
        self, keyword: str, tmp_path: Path
    ) -> None:
        path = saved(make_photo(), tmp_path, sop_class="vl-photographic")
        damaged = Damaged(path, read(path))
        del damaged.ds[keyword]

        assert damaged.complaints() != []

    @pytest.mark.parametrize("keyword", WRONG)
    def test_a_wrong_value_is_noticed(self, keyword: str, damaged: Damaged) -> None:
        setattr(damaged.ds, keyword, WRONG[keyword])

        assert damaged.complaints() != []

    @pytest.mark.parametrize("keyword", ["CodeValue", "CodingSchemeDesignator", "CodeMeaning"])
    def test_an_incomplete_code_is_noticed(self, keyword: str, damaged: Damaged) -> None:
        del damaged.ds.AnatomicRegionSequence[0][keyword]

        assert damaged.complaints() != []

    def test_a_private_tag_is_noticed(self, damaged: Damaged) -> None:
        damaged.ds.add_new(0x00091001, "LO", "x")

        assert damaged.complaints() != []

    @pytest.fixture
    def damaged(self, tmp_path: Path) -> Damaged:
        path = saved(make_photo(), tmp_path)
        return Damaged(path, read(path))


def saved(photo: ScrubbedPhoto, folder: Path, **context: Any) -> Path:
    path = folder / "photo.dcm"
    made: InstanceContext = make_context(**context)
    path.write_bytes(wrap(photo, made).data)
    return path


def pixels(jpeg: bytes) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.asarray(Image.open(io.BytesIO(jpeg))).astype(np.int16)


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def unrecognized(term: str) -> str:
    where = "</BodyPartExamined(0018,0015)[1]>"
    return f"Warning - {where} - Unrecognized defined term = <{term}>"


def name_groups(name: str) -> list[str]:
    """A name as people write it, without any `^`, is one family name."""
    return [group if "^" in group else f"{group}^" for group in name.split("=")]
