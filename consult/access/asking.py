"""How a use case asks for the decision, and how a refusal is told."""

from typing import Any

from consult.access.decision import decide
from consult.access.words import Action, Decision, Facts, Verdict
from consult.errors import Conflict, ConsultError, Forbidden, NotFound, NotSignedIn
from consult.models import Actor


def require(actor: Actor, action: Action, **facts: Any) -> Decision:
    """The decision that allows `action`; `facts` are those of `Facts` that the actor does not carry.

    Raises NotFound (hidden), Forbidden (`step_up_required` and others), Conflict, NotSignedIn.
    """
    scoped = actor.scopes is None or action.value in actor.scopes
    decision = decide(
        Facts(actor.role, actor.proof, ours=actor.ours, scoped=scoped, **facts), action
    )
    if not decision.allowed:
        raise _refusal(decision)
    return decision


def _refusal(decision: Decision) -> ConsultError:
    match decision.verdict:
        case Verdict.UNKNOWN:
            return NotSignedIn("Sign in first.")
        case Verdict.FORBIDDEN:
            return _forbidden(decision.rule)
        case Verdict.STEP_UP:
            return Forbidden("Use your passkey once more for this.", code="step_up_required")
        case Verdict.NO_CONSENT:
            return Forbidden("The patient has not agreed to this.", code="consent_required")
        case Verdict.CLOSED:
            return Conflict("This consult is closed. Open a new one.", code="consult_closed")
        case _:
            return NotFound()


def _forbidden(rule: str) -> Forbidden:
    if rule == "scope":
        return Forbidden("This token is not good for this.", code="out_of_scope")
    return Forbidden("Your role does not allow this.")
