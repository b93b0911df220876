import csv
import io
import json
from importlib.metadata import files

import pytest
from pydicom.sr.codedict import Collection

from consult.clinical.body_sites import (
    BodySite,
    Laterality,
    Site,
    View,
    find_site,
    label,
    parse_site,
)

# The 33 regions of the body map of burn charts: region, side, SNOMED CT, laterality, body part.
BODY_MAP = """\
head,front,70762009,U,HEAD
head,back,70762009,U,HEAD
neck,front,11584001,U,NECK
neck,back,4658004,U,NECK
trunk,front,181491009,U,TRUNK
trunk,back,66643007,U,BACK
upper_arm_right,front,45981001,R,UPPERARM
upper_arm_right,back,72939005,R,UPPERARM
upper_arm_left,front,45981001,L,UPPERARM
upper_arm_left,back,72939005,L,UPPERARM
forearm_right,front,70559009,R,FOREARM
forearm_right,back,41550009,R,FOREARM
forearm_left,front,70559009,L,FOREARM
forearm_left,back,41550009,L,FOREARM
hand_right,front,70887009,R,HAND
hand_right,back,281642007,R,HAND
hand_left,front,70887009,L,HAND
hand_left,back,281642007,L,HAND
buttock_right,back,22180002,R,BUTTOCK
buttock_left,back,22180002,L,BUTTOCK
genitalia_perineum,front,60944009,U,PERINEUM
thigh_right,front,61248009,R,THIGH
thigh_right,back,4578000,R,THIGH
thigh_left,front,61248009,L,THIGH
thigh_left,back,4578000,L,THIGH
lower_leg_right,front,25763004,R,LOWERLEG
lower_leg_right,back,47224004,R,LOWERLEG
lower_leg_left,front,25763004,L,LOWERLEG
lower_leg_left,back,47224004,L,LOWERLEG
foot_right,front,60496002,R,FOOT
foot_right,back,60496002,R,FOOT
foot_left,front,60496002,L,FOOT
foot_left,back,60496002,L,FOOT
"""
ROWS = list(csv.reader(io.StringIO(BODY_MAP)))
EVERY_SITE = {
    f"{site.body_site} {site.code}": site
    for body_site in BodySite
    for view in [None, *View]
    if (site := find_site(body_site, Laterality.L, view))
}
every_site = pytest.mark.parametrize("site", EVERY_SITE.values(), ids=EVERY_SITE.keys())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_each_region_of_the_body_map_has_its_codes(row: list[str]) -> None:
    region, side, code, laterality, part = row

    body_site, of_side = parse_site(region)
    site = find_site(body_site, of_side, View(side))

    assert site is not None
    assert (site.code, site.image_laterality, site.body_part_examined) == (code, laterality, part)


@every_site
def test_codes_and_meanings_are_those_of_the_standards_skin_sites(site: Site) -> None:
    skin_sites = Collection("CID4029").concepts.values()

    assert (site.code, site.meaning) in {(c.value, c.meaning) for c in skin_sites}


@every_site
def test_body_parts_are_terms_of_the_standard_paired_as_it_pairs_them(
    site: Site, paired_body_parts: dict[str, bool]
) -> None:
    assert paired_body_parts[site.body_part_examined] is site.paired


@pytest.mark.parametrize("laterality", [None, *Laterality])
def test_an_unpaired_site_is_unpaired_whatever_was_said(laterality: Laterality | None) -> None:
    site = find_site(BodySite.ABDOMEN, laterality)

    assert site is not None
    assert site.image_laterality == "U"


@pytest.mark.parametrize("laterality", [None, Laterality.U])
def test_a_paired_site_without_its_side_stays_unknown(laterality: Laterality | None) -> None:
    site = find_site(BodySite.HAND, laterality)

    assert site is not None
    assert site.image_laterality is None


@pytest.mark.parametrize("view", [None, View.OVERVIEW, View.REGIONAL, View.CLOSE_UP])
def test_a_view_that_names_no_face_gives_the_whole_site(view: View | None) -> None:
    site = find_site(BodySite.HAND, Laterality.B, view)

    assert site is not None
    assert (site.meaning, site.image_laterality) == ("Skin of hand", "B")


def test_no_body_site_is_no_site() -> None:
    assert find_site(None, Laterality.L, View.FRONT) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hand_left", (BodySite.HAND, Laterality.L)),
        ("Upper_Arm_Right", (BodySite.UPPER_ARM, Laterality.R)),
        (" hand ", (BodySite.HAND, None)),
        ("lower_leg", (BodySite.LOWER_LEG, None)),
        ("genitalia_perineum", (BodySite.GENITALIA_PERINEUM, None)),
    ],
)
def test_reads_the_words_of_a_sender(
    text: str, expected: tuple[BodySite, Laterality | None]
) -> None:
    assert parse_site(text) == expected


@pytest.mark.parametrize(
    "text", ["", "_left", "left", "hand_both", "soul", "tail_left", "hand left"]
)
def test_any_other_word_is_no_body_site(text: str) -> None:
    with pytest.raises(ValueError, match="not a body site"):
        parse_site(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R", "R"),
        ("l", "L"),
        ("Right", "R"),
        (" left ", "L"),
        ("BILATERAL", "B"),
        ("both", "B"),
        ("unpaired", "U"),
        ("u", "U"),
    ],
)
def test_reads_a_side_in_words_or_letters(text: str, expected: str) -> None:
    assert Laterality(text) == expected


@pytest.mark.parametrize("text", ["", "top", "RL", None, 1])
def test_any_other_side_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a valid Laterality"):
        Laterality(text)


@pytest.mark.parametrize(
    ("body_site", "laterality", "view", "key"),
    [
        (BodySite.HAND, Laterality.L, View.BACK, "hand_left"),
        (BodySite.HAND, Laterality.R, None, "hand_right"),
        (BodySite.HAND, Laterality.B, None, "hand_both"),
        (BodySite.HAND, None, None, "hand"),
        (BodySite.TRUNK, None, View.FRONT, "trunk"),
        (BodySite.TRUNK, None, View.BACK, "back"),
    ],
)
def test_photos_of_one_body_part_and_side_share_a_key(
    body_site: BodySite, laterality: Laterality | None, view: View | None, key: str
) -> None:
    site = find_site(body_site, laterality, view)

    assert site is not None
    assert site.key == key


def test_only_sites_of_the_head_show_who_somebody_is() -> None:
    shown = {site.body_site for site in EVERY_SITE.values() if site.recognizable}

    assert shown == {BodySite.HEAD, BodySite.FACE, BodySite.SCALP, BodySite.EAR}


@pytest.mark.parametrize(
    ("body_site", "laterality", "view", "words"),
    [
        (BodySite.HAND, Laterality.L, View.BACK, "Left hand, back"),
        (BodySite.HAND, Laterality.R, View.FRONT, "Right hand, palm"),
        (BodySite.HAND, Laterality.B, None, "Both hands"),
        (BodySite.FOOT, Laterality.B, View.CLOSE_UP, "Both feet, close-up"),
        (BodySite.LOWER_LEG, None, View.OVERVIEW, "Lower leg, overview"),
        (BodySite.THIGH, Laterality.U, None, "Thigh"),
        (BodySite.FACE, Laterality.L, View.FRONT, "Face, front"),
        (BodySite.BACK, None, View.BACK, "Back"),
        (BodySite.GENITALIA_PERINEUM, None, None, "Genital area"),
    ],
)
def test_labels_are_plain_words(
    body_site: BodySite, laterality: Laterality | None, view: View | None, words: str
) -> None:
    assert label(body_site, laterality, view) == words


@pytest.fixture(scope="module")
def paired_body_parts() -> dict[str, bool]:
    """BodyPartExamined terms of PS3.16 Annex L, as highdicom's wheel carries them."""
    [table] = [p for p in files("highdicom") or () if p.name == "anatomic_regions.json"]
    return {term: row[3] for term, row in json.loads(table.read_text()).items()}
