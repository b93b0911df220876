"""Who may do what. `decide` is pure, and the only place that allows."""

from consult.access.asking import refusal, require
from consult.access.decision import decide
from consult.access.tables import ALONE, NEEDS_OPEN, NEEDS_STEP_UP, PUBLIC
from consult.access.words import (
    Action,
    Consent,
    Decision,
    Facts,
    Relation,
    Standing,
    Verdict,
)
from consult.models import Proof

__all__ = [
    "ALONE",
    "NEEDS_OPEN",
    "NEEDS_STEP_UP",
    "PUBLIC",
    "Action",
    "Consent",
    "Decision",
    "Facts",
    "Proof",
    "Relation",
    "Standing",
    "Verdict",
    "decide",
    "refusal",
    "require",
]
