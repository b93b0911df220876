"""How a use case asks for the decision, and how a refusal is told.

Whatever is asked is noted, so that a route can be held to the action that it declares.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NotRequired, TypedDict, Unpack

from consult.access.decision import decide
from consult.access.words import Action, Consent, Decision, Facts, Relation, Standing, Verdict
from consult.errors import Conflict, ConsultError, Forbidden, Gone, NotFound, NotSignedIn
from consult.models import Actor


class MoreFacts(TypedDict):
    """What the actor does not carry; whatever is left out is as `Facts` has it."""

    active: NotRequired[bool]
    relation: NotRequired[Relation]
    live: NotRequired[bool]
    standing: NotRequired[Standing]
    consent: NotRequired[Consent]
    confidential: NotRequired[bool]
    broke_glass: NotRequired[bool]


_asked: ContextVar[set[Action] | None] = ContextVar("asked", default=None)


def require(actor: Actor, action: Action, **facts: Unpack[MoreFacts]) -> Decision:
    """The decision that allows `action`.

    Raises NotFound (hidden), Forbidden (role, scope, `step_up_required`, `consent_required`),
    Conflict (`consult_closed`), Gone, or NotSignedIn.
    """
    decision = ask(actor, action, **facts)
    if not decision.allowed:
        raise refusal(decision)
    return decision


def ask(actor: Actor, action: Action, **facts: Unpack[MoreFacts]) -> Decision:
    """Whether `actor` may do `action`, for those who have their own word for a refusal."""
    if (asked := _asked.get()) is not None:
        asked.add(action)
    scoped = actor.scopes is None or action.value in actor.scopes
    known = Facts(actor.role, actor.proof, ours=actor.ours, scoped=scoped, **facts)
    return decide(known, action)


@contextmanager
def noting() -> Generator[set[Action]]:
    """Everything that is asked in this block, also by what it calls."""
    asked = set[Action]()
    token = _asked.set(asked)
    try:
        yield asked
    finally:
        _asked.reset(token)


def refusal(decision: Decision) -> ConsultError:
    """How a refusal is told. It carries the rule, for the audit trail."""
    error = _out_of_scope() if decision.rule == "scope" else _REFUSALS[decision.verdict]()
    error.rule = decision.rule
    return error


def _out_of_scope() -> Forbidden:
    return Forbidden("This token is not good for this.", code="out_of_scope")


_REFUSALS: dict[Verdict, Callable[[], ConsultError]] = {
    Verdict.UNKNOWN: lambda: NotSignedIn("Sign in first."),
    Verdict.HIDDEN: NotFound,
    Verdict.FORBIDDEN: lambda: Forbidden("Your role does not allow this."),
    Verdict.STEP_UP: lambda: Forbidden(
        "Use your passkey once more for this.", code="step_up_required"
    ),
    Verdict.NO_CONSENT: lambda: Forbidden(
        "The patient has not agreed to this.", code="consent_required"
    ),
    Verdict.CLOSED: lambda: Conflict(
        "This consult is closed. Open a new one.", code="consult_closed"
    ),
    Verdict.GONE: Gone,
}
