"""Who may do what. `decide` is pure, and the only place that allows."""

from consult.access.asking import MoreFacts, ask, noting, refusal, require
from consult.access.decision import decide
from consult.access.tables import ALONE, BY_ROLE, GRANTED, NEEDS_OPEN, NEEDS_STEP_UP, PUBLIC
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
    "BY_ROLE",
    "GRANTED",
    "NEEDS_OPEN",
    "NEEDS_STEP_UP",
    "PUBLIC",
    "Action",
    "Consent",
    "Decision",
    "Facts",
    "MoreFacts",
    "Proof",
    "Relation",
    "Standing",
    "Verdict",
    "ask",
    "decide",
    "noting",
    "refusal",
    "require",
]
