"""Asks for a decision, and says no in the words of an error."""

from collections.abc import Callable
from typing import Any

from consult.access.decision import decide
from consult.access.words import Action, Decision, Facts, Verdict
from consult.errors import Conflict, ConsultError, Forbidden, Gone, NotFound, NotSignedIn
from consult.models import Actor


def require(actor: Actor, action: Action, **facts: Any) -> Decision:
    """The decision that lets `actor` do `action`; `facts` are those beside who the actor is.

    Raises NotFound, Forbidden (also `step_up_required`, `consent_required`), Conflict
    (`consult_closed`), Gone or NotSignedIn.
    """
    known = Facts(
        actor.role,
        proof=actor.proof,
        ours=actor.ours,
        scoped=actor.scopes is None or action in actor.scopes,
        **facts,
    )
    decision = decide(known, action)
    if not decision.allowed:
        raise _refusal(decision)
    return decision


def _refusal(decision: Decision) -> ConsultError:
    return _REFUSALS.get(decision.verdict, NotFound)()


_REFUSALS: dict[Verdict, Callable[[], ConsultError]] = {
    Verdict.UNKNOWN: lambda: NotSignedIn("Sign in first."),
    Verdict.FORBIDDEN: lambda: Forbidden("Your role does not allow this."),
    Verdict.STEP_UP: lambda: Forbidden(
        "Confirm with your passkey, then try again.", code="step_up_required"
    ),
    Verdict.NO_CONSENT: lambda: Forbidden(
        "The patient has not agreed to this.", code="consent_required"
    ),
    Verdict.CLOSED: lambda: Conflict(
        "This consult is closed. Open a new one.", code="consult_closed"
    ),
    Verdict.GONE: lambda: Gone("What was here has been destroyed."),
}
"""What is not named here is answered as if the thing did not exist."""
