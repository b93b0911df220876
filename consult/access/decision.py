"""Who may do what: one pure function, and the only place that allows.

`decide` looks at facts alone; loading them is the business of the use cases. A verdict is how
a refusal looks from outside: HIDDEN is answered as if the thing did not exist, so that a
stranger learns nothing; everything after it is told only to people who may know the consult.
"""

from consult.access.tables import (
    ALONE,
    ELSEWHERE,
    LOOK,
    NEEDS_OPEN,
    NEEDS_SHARING,
    NEEDS_STEP_UP,
    OUTLIVES_CONSENT,
    PROOFS,
    PUBLIC,
    THE_PATIENTS_OWN,
    WITHIN,
)
from consult.access.words import (
    Action,
    Consent,
    Decision,
    Facts,
    Relation,
    Standing,
    Verdict,
)
from consult.models import Proof, Role


def decide(facts: Facts, action: Action) -> Decision:
    """Say whether `facts` allow `action`, and by which rule. Pure: same facts, same answer."""
    if action in PUBLIC:
        return Decision(Verdict.ALLOW, "public")
    if facts.role is None or facts.proof is Proof.NONE:
        return Decision(Verdict.UNKNOWN, "nobody")
    if not facts.active:
        return Decision(Verdict.HIDDEN, "inactive")
    if facts.proof not in PROOFS[facts.role]:
        return Decision(Verdict.HIDDEN, "wrong_proof")
    alone = ALONE[facts.role] if facts.ours else ALONE[facts.role] & ELSEWHERE
    if action in alone:
        return _with_proof(facts, action, "role")
    return _within(facts, action)


def _within(facts: Facts, action: Action) -> Decision:
    """What takes a relation to the consult. Strangers learn nothing, not even that it is gone."""
    allowed = _allowed_by_seat(facts)
    if not allowed:
        return _by_emergency(facts, action)
    if facts.standing is Standing.SHREDDED:
        return Decision(Verdict.GONE, "shredded")
    if action not in allowed:
        return Decision(Verdict.FORBIDDEN, "not_in_role")
    if not _consented(facts, action):
        return Decision(Verdict.NO_CONSENT, f"consent_{facts.consent}")
    if facts.standing is Standing.CLOSED and action in NEEDS_OPEN:
        return Decision(Verdict.CLOSED, "closed")
    return _with_proof(facts, action, f"seat_{facts.relation}")


def _allowed_by_seat(facts: Facts) -> frozenset[Action]:
    assert facts.role
    if not facts.live or (facts.confidential and facts.relation is Relation.PROXY):
        return frozenset()
    if not facts.ours and facts.relation in {Relation.NONE, Relation.INBOX}:
        return frozenset()
    return WITHIN.get((facts.role, facts.relation), frozenset())


def _by_emergency(facts: Facts, action: Action) -> Decision:
    """Breaking the glass: a specialist of this service reads what is not theirs, and all hear it."""
    if facts.role is not Role.SPECIALIST or not facts.ours or facts.standing is Standing.SHREDDED:
        return Decision(Verdict.HIDDEN, "stranger")
    if action is Action.GLASS_BREAK:
        return _with_proof(facts, action, "may_break_glass")
    if not facts.broke_glass:
        return Decision(Verdict.HIDDEN, "stranger")
    if action in LOOK:
        return _with_proof(facts, action, "broke_glass")
    return Decision(Verdict.FORBIDDEN, "glass_is_read_only")


def _consented(facts: Facts, action: Action) -> bool:
    if facts.relation in THE_PATIENTS_OWN or action in OUTLIVES_CONSENT:
        return True
    if facts.consent is Consent.EMERGENCY:
        return action not in NEEDS_SHARING and facts.relation is not Relation.GUEST
    return facts.consent is Consent.GIVEN


def _with_proof(facts: Facts, action: Action, rule: str) -> Decision:
    if not facts.scoped:
        return Decision(Verdict.FORBIDDEN, "scope")
    if action in NEEDS_STEP_UP and facts.proof is not Proof.FRESH:
        return Decision(Verdict.STEP_UP, "step_up")
    return Decision(Verdict.ALLOW, rule)
