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
    NO_SEAT_GIVES,
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

_NOBODY = Decision(Verdict.UNKNOWN, "nobody")
_INACTIVE = Decision(Verdict.HIDDEN, "inactive")
_STRANGER = Decision(Verdict.HIDDEN, "stranger")
_NOT_IN_ROLE = Decision(Verdict.FORBIDDEN, "not_in_role")
_OUT_OF_SCOPE = Decision(Verdict.FORBIDDEN, "scope")


def decide(facts: Facts, action: Action) -> Decision:
    """Say whether `facts` allow `action`, and by which rule. Pure: same facts, same answer."""
    if action in PUBLIC:
        return Decision(Verdict.ALLOW, "public")
    if facts.role is None or facts.proof is Proof.NONE:
        return _NOBODY
    if not facts.active:
        return _INACTIVE
    if facts.proof not in PROOFS[facts.role]:
        return Decision(Verdict.HIDDEN, "wrong_proof")
    if action in NO_SEAT_GIVES:
        return _by_role(facts, facts.role, action)
    return _within(facts, facts.role, action)


def _by_role(facts: Facts, role: Role, action: Action) -> Decision:
    alone = ALONE[role] if facts.ours else ALONE[role] & ELSEWHERE
    if action not in alone:
        return Decision(Verdict.HIDDEN, "not_in_role")
    return _with_proof(facts, action, "role")


def _within(facts: Facts, role: Role, action: Action) -> Decision:
    """What takes a relation to the consult, or breaking the glass in the place of one."""
    by_seat = _by_seat(facts, role, action)
    if by_seat.verdict is Verdict.ALLOW or not _may_break_glass(facts, role):
        return by_seat
    if action is Action.GLASS_BREAK:
        return _break_glass(facts, role, by_seat)
    if not facts.broke_glass:
        return by_seat
    if action in LOOK:
        return _with_proof(facts, action, "broke_glass")
    hidden = by_seat.verdict is Verdict.HIDDEN
    return Decision(Verdict.FORBIDDEN, "glass_is_read_only") if hidden else by_seat


def _by_seat(facts: Facts, role: Role, action: Action) -> Decision:
    """Strangers learn nothing, not even that it is gone; nor does a token of too small a scope."""
    allowed = _allowed_by_seat(facts, role)
    if allowed is None:
        return _STRANGER
    if not facts.scoped:
        return _OUT_OF_SCOPE
    if facts.standing is Standing.SHREDDED:
        return Decision(Verdict.GONE, "shredded")
    if action not in allowed:
        return _NOT_IN_ROLE
    return _as_things_stand(facts, action)


def _as_things_stand(facts: Facts, action: Action) -> Decision:
    if not _consented(facts, action):
        return Decision(Verdict.NO_CONSENT, f"consent_{facts.consent}")
    if facts.standing is Standing.CLOSED and action in NEEDS_OPEN:
        return Decision(Verdict.CLOSED, "closed")
    return _with_proof(facts, action, f"seat_{facts.relation}")


def _allowed_by_seat(facts: Facts, role: Role) -> frozenset[Action] | None:
    """None: no seat here, or none any more."""
    if not facts.live or (facts.confidential and facts.relation is Relation.PROXY):
        return None
    if facts.ours or facts.relation in THE_PATIENTS_OWN:
        return WITHIN.get((role, facts.relation))
    # Whoever is not of this service was asked in, and is a guest whatever they did there since.
    if facts.relation in {Relation.MEMBER, Relation.GUEST}:
        return WITHIN.get((role, Relation.GUEST))
    return None


def _consented(facts: Facts, action: Action) -> bool:
    if facts.relation in THE_PATIENTS_OWN:
        return True
    # Somebody from elsewhere is there by the patient's word alone.
    if facts.relation is Relation.GUEST or not facts.ours:
        return facts.consent is Consent.GIVEN
    if facts.consent is Consent.EMERGENCY:
        return action not in NEEDS_SHARING
    return facts.consent is Consent.GIVEN or action in OUTLIVES_CONSENT


def _may_break_glass(facts: Facts, role: Role) -> bool:
    return role is Role.SPECIALIST and facts.ours and facts.standing is not Standing.SHREDDED


def _break_glass(facts: Facts, role: Role, by_seat: Decision) -> Decision:
    """Whoever may look as it is has nothing to break."""
    if _by_seat(facts, role, Action.IMAGE_READ).verdict is Verdict.ALLOW:
        return by_seat
    return _with_proof(facts, Action.GLASS_BREAK, "may_break_glass")


def _with_proof(facts: Facts, action: Action, rule: str) -> Decision:
    if not facts.scoped:
        return _OUT_OF_SCOPE
    if action in NEEDS_STEP_UP and facts.proof is not Proof.FRESH:
        return Decision(Verdict.STEP_UP, "step_up")
    return Decision(Verdict.ALLOW, rule)
