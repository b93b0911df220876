"""Asking `decide`, where no consult has to be looked up: a refusal becomes an error."""

from typing import Any

from consult.access.decision import decide
from consult.access.words import Action, Decision, Facts, Verdict
from consult.errors import Conflict, ConsultError, Forbidden, NotFound, NotSignedIn
from consult.models import Actor


def require(actor: Actor, action: Action, **facts: Any) -> Decision:
    """The decision, when it allows; else NotSignedIn, NotFound, Forbidden or Conflict."""
    known: dict[str, Any] = {
        "proof": actor.proof,
        "ours": actor.ours,
        "scoped": actor.scopes is None or action.value in actor.scopes,
    }
    decision = decide(Facts(actor.role, **(known | facts)), action)
    if not decision.allowed:
        raise refusal(decision)
    return decision


def refusal(decision: Decision) -> ConsultError:
    """What a refusal looks like from outside. It carries the rule, for the audit trail."""
    error = _error_for(decision.verdict)
    error.rule = decision.rule
    return error


def _error_for(verdict: Verdict) -> ConsultError:
    match verdict:
        case Verdict.UNKNOWN:
            return NotSignedIn("Sign in first.")
        case Verdict.FORBIDDEN:
            return Forbidden("Your role does not allow this.")
        case Verdict.STEP_UP:
            return Forbidden("Show your passkey again first.", code="step_up_required")
        case Verdict.NO_CONSENT:
            return Forbidden("The patient has not consented to this.", code="consent_required")
        case Verdict.CLOSED:
            return Conflict("This consult is closed. Open a new one.", code="consult_closed")
        case _:
            return NotFound()
