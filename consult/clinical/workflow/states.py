"""The states of a consult, and the steps that lead from one to the next.

Nothing is silently closed and nothing deleted: a step that is not in the table is not possible,
and every end is named for what it was. FHIR Task knows twelve statuses; ours map onto them.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    SUBMITTED = "submitted"
    """Asked; nobody has looked at it yet."""
    TRIAGED = "triaged"
    """A priority was given; it waits for somebody to take it."""
    ASSIGNED = "assigned"
    """A named person owns it."""
    AWAITING_INFO = "awaiting_info"
    """The asker was asked for pictures or facts. The only state in which the clock stands still."""
    IN_REVIEW = "in_review"
    ANSWERED = "answered"
    TRANSFER_REQUESTED = "transfer_requested"
    TRANSFER_ACCEPTED = "transfer_accepted"
    TRANSFER_DECLINED = "transfer_declined"
    FOLLOW_UP = "follow_up"
    """Answered, and to be looked at again by a date."""
    CLOSED = "closed"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    REDIRECTED_EMERGENCY = "redirected_emergency"
    EXPIRED = "expired"
    """What was asked for never came."""
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered_in_error"


ENDS = frozenset(
    {
        State.CLOSED,
        State.DECLINED,
        State.REDIRECTED,
        State.REDIRECTED_EMERGENCY,
        State.EXPIRED,
        State.LOST_TO_FOLLOW_UP,
        State.CANCELLED,
        State.ENTERED_IN_ERROR,
    }
)
"""From here nothing leads on. Who has another question opens a consult linked to this one."""

TASK_STATUS: dict[State, str] = {
    State.SUBMITTED: "requested",
    State.TRIAGED: "received",
    State.ASSIGNED: "accepted",
    State.AWAITING_INFO: "on-hold",
    State.IN_REVIEW: "in-progress",
    State.ANSWERED: "in-progress",
    State.TRANSFER_REQUESTED: "in-progress",
    State.TRANSFER_ACCEPTED: "in-progress",
    State.TRANSFER_DECLINED: "in-progress",
    State.FOLLOW_UP: "ready",
    State.CLOSED: "completed",
    State.DECLINED: "rejected",
    State.REDIRECTED: "rejected",
    State.REDIRECTED_EMERGENCY: "rejected",
    State.EXPIRED: "failed",
    State.LOST_TO_FOLLOW_UP: "failed",
    State.CANCELLED: "cancelled",
    State.ENTERED_IN_ERROR: "entered-in-error",
}
"""FHIR R4 Task.status; what it cannot tell apart stands in Task.businessStatus."""


class Owner(StrEnum):
    """Who has to move next."""

    SERVICE = "service"
    """Whoever is on duty: by name, the person that the ladder paged last."""
    CLINICIAN = "clinician"
    """The named person who took it."""
    ASKER = "asker"


OWNER: dict[State, Owner] = {
    State.SUBMITTED: Owner.SERVICE,
    State.TRIAGED: Owner.SERVICE,
    State.ASSIGNED: Owner.CLINICIAN,
    State.AWAITING_INFO: Owner.ASKER,
    State.IN_REVIEW: Owner.CLINICIAN,
    State.ANSWERED: Owner.ASKER,
    State.TRANSFER_REQUESTED: Owner.CLINICIAN,
    State.TRANSFER_ACCEPTED: Owner.CLINICIAN,
    State.TRANSFER_DECLINED: Owner.CLINICIAN,
    State.FOLLOW_UP: Owner.ASKER,
}
"""Every state that is not an end has one."""


class Step(StrEnum):
    TRIAGE = "triage"
    ACKNOWLEDGE = "acknowledge"
    """Take it: from now on the consult is this person's."""
    REASSIGN = "reassign"
    RELEASE = "release"
    """Whoever had it is gone; it waits again."""
    FORWARD = "forward"
    """To another service, where it begins anew."""
    BEGIN_REVIEW = "begin_review"
    ASK = "ask"
    SUPPLY = "supply"
    EXPIRE = "expire"
    ANSWER = "answer"
    ASK_AGAIN = "ask_again"
    REQUEST_TRANSFER = "request_transfer"
    ACCEPT_TRANSFER = "accept_transfer"
    DECLINE_TRANSFER = "decline_transfer"
    RESUME = "resume"
    PLAN_FOLLOW_UP = "plan_follow_up"
    LOSE = "lose"
    CLOSE = "close"
    DECLINE = "decline"
    REDIRECT = "redirect"
    REDIRECT_EMERGENCY = "redirect_emergency"
    CANCEL = "cancel"
    MARK_ERROR = "mark_error"


@dataclass(frozen=True)
class Move:
    leaves: frozenset[State]
    arrives: State | None
    """None: back to where it was before it waited for information."""
    by: frozenset[Owner]
    """Whose side takes this step; the service's side may always act for its clinician."""
    reason: bool = False
    """It has to say why."""


_ASKER, _OURS = frozenset({Owner.ASKER}), frozenset({Owner.SERVICE, Owner.CLINICIAN})
_WAITING = frozenset({State.SUBMITTED, State.TRIAGED})
_AT_WORK = frozenset({State.ASSIGNED, State.IN_REVIEW})
_TOLD = frozenset({State.ANSWERED, State.TRANSFER_ACCEPTED, State.TRANSFER_DECLINED})
_GOING_ON = frozenset(State) - ENDS

MOVES: dict[Step, Move] = {
    Step.TRIAGE: Move(frozenset({State.SUBMITTED}), State.TRIAGED, _OURS),
    Step.ACKNOWLEDGE: Move(_WAITING, State.ASSIGNED, _OURS),
    Step.REASSIGN: Move(
        _AT_WORK | _TOLD | {State.TRANSFER_REQUESTED, State.FOLLOW_UP},
        State.ASSIGNED,
        _OURS,
        reason=True,
    ),
    Step.RELEASE: Move(
        _AT_WORK | _TOLD | {State.TRANSFER_REQUESTED, State.FOLLOW_UP, State.AWAITING_INFO},
        State.TRIAGED,
        _OURS,
        reason=True,
    ),
    Step.FORWARD: Move(_WAITING | _AT_WORK, State.SUBMITTED, _OURS, reason=True),
    Step.BEGIN_REVIEW: Move(frozenset({State.ASSIGNED}), State.IN_REVIEW, _OURS),
    Step.ASK: Move(_WAITING | _AT_WORK, State.AWAITING_INFO, _OURS, reason=True),
    Step.SUPPLY: Move(frozenset({State.AWAITING_INFO}), None, _ASKER | _OURS),
    Step.EXPIRE: Move(frozenset({State.AWAITING_INFO}), State.EXPIRED, _OURS, reason=True),
    Step.ANSWER: Move(_AT_WORK, State.ANSWERED, _OURS),
    Step.ASK_AGAIN: Move(
        frozenset({State.ANSWERED, State.FOLLOW_UP}), State.IN_REVIEW, _ASKER | _OURS
    ),
    Step.REQUEST_TRANSFER: Move(
        _AT_WORK | {State.ANSWERED}, State.TRANSFER_REQUESTED, _ASKER | _OURS
    ),
    Step.ACCEPT_TRANSFER: Move(
        frozenset({State.TRANSFER_REQUESTED}), State.TRANSFER_ACCEPTED, _OURS
    ),
    Step.DECLINE_TRANSFER: Move(
        frozenset({State.TRANSFER_REQUESTED}), State.TRANSFER_DECLINED, _OURS, reason=True
    ),
    Step.RESUME: Move(
        frozenset({State.TRANSFER_ACCEPTED, State.TRANSFER_DECLINED}), State.IN_REVIEW, _OURS
    ),
    Step.PLAN_FOLLOW_UP: Move(frozenset({State.ANSWERED}), State.FOLLOW_UP, _OURS),
    Step.LOSE: Move(frozenset({State.FOLLOW_UP}), State.LOST_TO_FOLLOW_UP, _OURS, reason=True),
    Step.CLOSE: Move(_TOLD | {State.FOLLOW_UP}, State.CLOSED, _OURS, reason=True),
    Step.DECLINE: Move(_WAITING | _AT_WORK, State.DECLINED, _OURS, reason=True),
    Step.REDIRECT: Move(_WAITING | _AT_WORK, State.REDIRECTED, _OURS, reason=True),
    Step.REDIRECT_EMERGENCY: Move(
        _WAITING | _AT_WORK | {State.AWAITING_INFO},
        State.REDIRECTED_EMERGENCY,
        _ASKER | _OURS,
        reason=True,
    ),
    Step.CANCEL: Move(_WAITING | {State.AWAITING_INFO}, State.CANCELLED, _ASKER, reason=True),
    Step.MARK_ERROR: Move(_GOING_ON, State.ENTERED_IN_ERROR, _OURS, reason=True),
}


class NotPossible(Exception):
    """`possible` holds the steps that can be taken instead."""

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(f"{step.value} is not possible while the consult is {state.value}.")
        self.possible = possible(state)


def after(state: State, step: Step, *, before_waiting: State | None = None) -> State:
    """Return where `step` leads from `state`. Raises NotPossible.

    `before_waiting` is the state in which information was asked for; SUPPLY leads back there.
    """
    move = MOVES[step]
    if state not in move.leaves:
        raise NotPossible(state, step)
    return move.arrives or before_waiting or State.SUBMITTED


def possible(state: State, *, by: Owner | None = None) -> list[Step]:
    """The steps out of `state`, those of one side or all, in the order of a consult's life."""
    return [
        step
        for step, move in MOVES.items()
        if state in move.leaves and (by is None or by in move.by)
    ]
