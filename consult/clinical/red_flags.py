"""The patient's own answers that are an emergency: a yes stops everything else.

The burn centre owns the words; these are the questions that a service starts with.
"""

from enum import StrEnum


class RedFlag(StrEnum):
    BREATHING = "breathing"
    """Trouble breathing, a hoarse voice, soot in the mouth or nose."""
    FACE = "face"
    """A burn of the face that swells."""
    LARGE = "large"
    """Larger than the chest; of a child, larger than five of their hands."""
    DEEP = "deep"
    """Skin that is white, black or like leather."""
    ELECTRICAL = "electrical"
    CHEMICAL = "chemical"
    AROUND = "around"
    """All the way round an arm or leg, or fingers that are blue, cold or numb."""
    DROWSY = "drowsy"
    """Confused, very sleepy, faint."""
    BABY = "baby"
    """A new burn of a baby."""
    PREGNANT = "pregnant"
    HURT_BY_SOMEBODY = "hurt_by_somebody"


SHOWN: dict[RedFlag, str] = {
    RedFlag.BREATHING: "Trouble breathing, a hoarse voice, or soot in the mouth or nose",
    RedFlag.FACE: "A burn on the face that is swelling",
    RedFlag.LARGE: "A burn bigger than the chest, or of a child bigger than five of their hands",
    RedFlag.DEEP: "Skin that looks white, black or like leather",
    RedFlag.ELECTRICAL: "A burn from electricity",
    RedFlag.CHEMICAL: "A burn from a chemical",
    RedFlag.AROUND: "A burn all the way round an arm or leg, or fingers blue, cold or numb",
    RedFlag.DROWSY: "Confused, very sleepy or faint",
    RedFlag.BABY: "A new burn on a baby",
    RedFlag.PREGNANT: "Pregnant",
    RedFlag.HURT_BY_SOMEBODY: "Somebody hurt you",
}
"""Each as a question for the patient."""
