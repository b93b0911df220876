"""Asks `decide`, and turns a refusal into the error that a caller may see."""

from typing import Any

from consult.access.decision import decide
from consult.access.words import Action, Decision, Facts, Verdict
from consult.errors import Conflict, ConsultError, Forbidden, Gone, NotFound, NotSignedIn
from consult.models import Actor


def require(actor: Actor, action: Action, **facts: Any) -> Decision:
    """Return why `actor` may do `action`; `facts` are those of `Facts` beyond role and proof.

    Raises NotSignedIn, NotFound, Forbidden (`step_up_required`, `consent_required`), Conflict
    or Gone.
    """
    decision = decide(Facts(actor.role, actor.proof, **facts), action)
    if not decision.allowed:
        raise _refusal(decision)
    return decision


def _refusal(decision: Decision) -> ConsultError:
    error: ConsultError = NotFound()
    match decision.verdict:
        case Verdict.UNKNOWN:
            error = NotSignedIn("Sign in first.")
        case Verdict.FORBIDDEN:
            error = Forbidden("Your role does not allow this.")
        case Verdict.STEP_UP:
            words = "Touch your passkey again, then repeat this."
            error = Forbidden(words, code="step_up_required")
        case Verdict.NO_CONSENT:
            error = Forbidden("The patient has not agreed to this.", code="consent_required")
        case Verdict.CLOSED:
            error = Conflict("This consult is closed. Open a new one.", code="consult_closed")
        case Verdict.GONE:
            error = Gone("This was erased for good.")
        case _:
            pass
    return error
