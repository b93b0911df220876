"""Where on the body a photo was taken, in plain words and in the codes of DICOM.

Codes are SNOMED CT skin sites of PS3.16 CID 4029, body parts the defined terms of PS3.16
Annex L, as exact as it has them: archives search and viewers hang by that one attribute. (A
validator with an older list, dciodvfy for one, warns of TRUNK, UPPERARM, FOREARM, PERINEUM and
LOWERLEG.)

CID 4029 has no whole trunk, upper arm, forearm, elbow, wrist, thigh, knee, lower leg or
ankle: without a view these take the nearest site that contains them. The finer place lives
in our own record either way.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class BodySite(StrEnum):
    """The places a sender can choose; the values are the words on the wire."""

    WHOLE_BODY = "whole_body"
    HEAD = "head"
    FACE = "face"
    SCALP = "scalp"
    EAR = "ear"
    NECK = "neck"
    TRUNK = "trunk"
    CHEST = "chest"
    ABDOMEN = "abdomen"
    BACK = "back"
    ARMPIT = "armpit"
    UPPER_ARM = "upper_arm"
    ELBOW = "elbow"
    FOREARM = "forearm"
    WRIST = "wrist"
    HAND = "hand"
    FINGER = "finger"
    BUTTOCK = "buttock"
    GENITALIA_PERINEUM = "genitalia_perineum"
    THIGH = "thigh"
    KNEE = "knee"
    LOWER_LEG = "lower_leg"
    ANKLE = "ankle"
    FOOT = "foot"
    TOE = "toe"


class Laterality(StrEnum):
    """Image Laterality (PS3.3 C.7.6.1.1). `Laterality("left")` is understood too."""

    R = "R"
    L = "L"
    B = "B"
    U = "U"

    @classmethod
    def _missing_(cls, value: object) -> "Laterality | None":
        words = {
            "right": cls.R,
            "left": cls.L,
            "bilateral": cls.B,
            "both": cls.B,
            "unpaired": cls.U,
        }
        word = str(value).strip().lower()
        return words.get(word) or next((side for side in cls if side.lower() == word), None)


class View(StrEnum):
    """Which face of the site, or how much of it, a photo shows."""

    FRONT = "front"
    BACK = "back"
    OVERVIEW = "overview"
    REGIONAL = "regional"
    CLOSE_UP = "close_up"


@dataclass(frozen=True)
class Site:
    """A body site as a DICOM data set tells it."""

    body_site: BodySite
    code: str
    """SNOMED CT identifier for AnatomicRegionSequence."""
    meaning: str
    body_part_examined: str
    image_laterality: Laterality | None
    """None where a paired site came without its side: unknown is not `U`, unpaired."""

    @property
    def key(self) -> str:
        """Body part and side, such as `hand_left`: photos of one key make one DICOM series.

        Made of the DICOM term because BodyPartExamined may not change within a series.
        """
        side = _SIDE_WORDS.get(self.image_laterality)
        part = self.body_part_examined.lower()
        return f"{part}_{side}" if side else part

    @property
    def paired(self) -> bool:
        return self.body_site in _PAIRED

    @property
    def recognizable(self) -> bool:
        """Whether a photo of this site is likely to show who the person is."""
        return self.body_site in _RECOGNIZABLE


def find_site(
    body_site: BodySite | None, laterality: Laterality | None = None, view: View | None = None
) -> Site | None:
    """Give the most specific codes for a place; None without a place.

    An unpaired site is always `U`. A paired one keeps the side it came with; `U` on a paired
    site is a contradiction and counts as unknown.
    """
    if body_site is None:
        return None
    part, code, meaning = _REGIONS.get((body_site, view)) or _REGIONS[body_site, None]
    return Site(body_site, code, meaning, part, _image_laterality(body_site, laterality))


def parse_site(text: str) -> tuple[BodySite, Laterality | None]:
    """Read `hand` or, as body maps write it, `hand_left`. Raises ValueError for any other word."""
    word = text.strip().lower()
    name, _, side = word.rpartition("_")
    known = set(BodySite)
    if side in {"right", "left"} and name in known:
        return BodySite(name), Laterality(side)
    if word in known:
        return BodySite(word), None
    raise ValueError("This is not a body site that Consult knows.")


def label(
    body_site: BodySite, laterality: Laterality | None = None, view: View | None = None
) -> str:
    """Plain words for a screen: `Left hand, back`."""
    place = _sided(body_site, laterality)
    face = _VIEW_WORDS.get((body_site, view)) or (view or "").replace("_", "-")
    words = place if face in {"", place} else f"{place}, {face}"
    return words[0].upper() + words[1:]


def _image_laterality(body_site: BodySite, laterality: Laterality | None) -> Laterality | None:
    if body_site not in _PAIRED:
        return Laterality.U
    return None if laterality is Laterality.U else laterality


def _sided(body_site: BodySite, laterality: Laterality | None) -> str:
    name = _NAMES.get(body_site, body_site.replace("_", " "))
    if body_site not in _PAIRED or laterality in {None, Laterality.U}:
        return name
    if laterality is Laterality.B:
        return f"both {_PLURALS.get(body_site, f'{name}s')}"
    return f"{'left' if laterality is Laterality.L else 'right'} {name}"


_SIDE_WORDS: Final[dict[Laterality | None, str]] = {
    Laterality.R: "right",
    Laterality.L: "left",
    Laterality.B: "both",
}
_NAMES: Final = {BodySite.GENITALIA_PERINEUM: "genital area"}
_PLURALS: Final = {BodySite.FOOT: "feet"}
_VIEW_WORDS: Final[dict[tuple[BodySite, View | None], str]] = {
    (BodySite.HAND, View.FRONT): "palm",
}
_RECOGNIZABLE: Final = {BodySite.HEAD, BodySite.FACE, BodySite.SCALP, BodySite.EAR}
_PAIRED: Final = {
    BodySite.EAR,
    BodySite.ARMPIT,
    BodySite.UPPER_ARM,
    BodySite.ELBOW,
    BodySite.FOREARM,
    BodySite.WRIST,
    BodySite.HAND,
    BodySite.FINGER,
    BodySite.BUTTOCK,
    BodySite.THIGH,
    BodySite.KNEE,
    BodySite.LOWER_LEG,
    BodySite.ANKLE,
    BodySite.FOOT,
    BodySite.TOE,
}
# (site, view): BodyPartExamined, SNOMED CT code, meaning as CID 4029 spells it.
_REGIONS: Final[dict[tuple[BodySite, View | None], tuple[str, str, str]]] = {
    (BodySite.WHOLE_BODY, None): ("WHOLEBODY", "39937001", "Skin"),
    (BodySite.HEAD, None): ("HEAD", "70762009", "Skin of head"),
    (BodySite.FACE, None): ("FACE", "73897004", "Skin of face"),
    (BodySite.SCALP, None): ("SCALP", "43067004", "Skin of scalp"),
    (BodySite.EAR, None): ("EAR", "1902009", "Skin of ear"),
    (BodySite.NECK, None): ("NECK", "43081002", "Skin of neck"),
    (BodySite.NECK, View.FRONT): ("NECK", "11584001", "Skin of anterior portion of neck"),
    (BodySite.NECK, View.BACK): ("NECK", "4658004", "Skin of nuchal region"),
    (BodySite.TRUNK, None): ("TRUNK", "39937001", "Skin"),
    (BodySite.TRUNK, View.FRONT): ("TRUNK", "181491009", "Skin of anterior trunk"),
    (BodySite.TRUNK, View.BACK): ("BACK", "66643007", "Skin of back"),
    (BodySite.CHEST, None): ("CHEST", "244106003", "Skin of anterior surface of thorax"),
    (BodySite.CHEST, View.BACK): ("CHEST", "244111001", "Skin of posterior surface of thorax"),
    (BodySite.ABDOMEN, None): ("ABDOMEN", "75093004", "Skin of abdomen"),
    (BodySite.BACK, None): ("BACK", "66643007", "Skin of back"),
    (BodySite.ARMPIT, None): ("AXILLA", "76261009", "Skin of axilla"),
    (BodySite.UPPER_ARM, None): ("UPPERARM", "371311000", "Skin of upper extremity"),
    (BodySite.UPPER_ARM, View.FRONT): (
        "UPPERARM",
        "45981001",
        "Skin of anterior surface of upper arm",
    ),
    (BodySite.UPPER_ARM, View.BACK): (
        "UPPERARM",
        "72939005",
        "Skin of posterior surface of upper arm",
    ),
    (BodySite.ELBOW, None): ("ELBOW", "371311000", "Skin of upper extremity"),
    (BodySite.ELBOW, View.BACK): ("ELBOW", "181536004", "Skin of posterior surface of elbow"),
    (BodySite.FOREARM, None): ("FOREARM", "371311000", "Skin of upper extremity"),
    (BodySite.FOREARM, View.FRONT): ("FOREARM", "70559009", "Skin of anterior surface of forearm"),
    (BodySite.FOREARM, View.BACK): ("FOREARM", "41550009", "Skin of posterior surface of forearm"),
    (BodySite.WRIST, None): ("WRIST", "371311000", "Skin of upper extremity"),
    (BodySite.WRIST, View.FRONT): ("WRIST", "24527008", "Skin of palmar area of wrist"),
    (BodySite.WRIST, View.BACK): ("WRIST", "52876008", "Skin of dorsal area of wrist"),
    (BodySite.HAND, None): ("HAND", "33712006", "Skin of hand"),
    (BodySite.HAND, View.FRONT): ("HAND", "70887009", "Skin of palm of hand"),
    (BodySite.HAND, View.BACK): ("HAND", "281642007", "Skin of part of dorsal surface of hand"),
    (BodySite.FINGER, None): ("FINGER", "244169007", "Skin of digit of hand"),
    (BodySite.BUTTOCK, None): ("BUTTOCK", "22180002", "Skin of buttock"),
    (BodySite.GENITALIA_PERINEUM, None): (
        "PERINEUM",
        "60944009",
        "Skin of external genitalia",
    ),
    (BodySite.THIGH, None): ("THIGH", "371304004", "Skin of lower extremity"),
    (BodySite.THIGH, View.FRONT): ("THIGH", "61248009", "Skin of anterior surface of thigh"),
    (BodySite.THIGH, View.BACK): ("THIGH", "4578000", "Skin of posterior surface of thigh"),
    (BodySite.KNEE, None): ("KNEE", "371304004", "Skin of lower extremity"),
    (BodySite.KNEE, View.FRONT): ("KNEE", "181553006", "Skin of anterior surface of knee"),
    (BodySite.LOWER_LEG, None): ("LOWERLEG", "371304004", "Skin of lower extremity"),
    (BodySite.LOWER_LEG, View.FRONT): (
        "LOWERLEG",
        "25763004",
        "Skin of anterior surface of lower leg",
    ),
    (BodySite.LOWER_LEG, View.BACK): (
        "LOWERLEG",
        "47224004",
        "Skin of posterior surface of lower leg",
    ),
    (BodySite.ANKLE, None): ("ANKLE", "371304004", "Skin of lower extremity"),
    (BodySite.FOOT, None): ("FOOT", "60496002", "Skin of foot"),
    (BodySite.TOE, None): ("TOE", "52034004", "Skin of toe"),
}
