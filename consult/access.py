"""Who may do what: one pure function, and the only place that allows.

`decide` looks at facts alone; loading them is the business of the use cases. A refusal has
one of three faces: HIDDEN is answered as if the thing did not exist, so that a stranger
learns nothing; FORBIDDEN and CLOSED are told only to people who may know the consult.
"""

from dataclasses import dataclass
from enum import StrEnum

from consult.models import Role


class Action(StrEnum):
    CONSULT_LIST = "consult.list"
    CONSULT_OPEN = "consult.open"
    CONSULT_READ = "consult.read"
    CONSULT_CLOSE = "consult.close"
    MESSAGE_READ = "message.read"
    MESSAGE_POST = "message.post"
    CLINICIANS_POST = "message.post_to_clinicians"
    IMAGE_READ = "image.read"
    PHOTO_ATTACH = "photo.attach"
    PHOTO_TURN = "photo.turn"
    """A photo that the actor sent."""
    OTHERS_PHOTO_TURN = "photo.turn_others"
    METRICS_READ = "metrics.read"


class Relation(StrEnum):
    """What the actor is to this consult."""

    NONE = "none"
    SUBJECT = "subject"
    """The patient it is about."""
    MEMBER = "member"
    """In it: opened it, or joined by replying."""
    INBOX = "inbox"
    """Not in it, and no specialist is: it waits in the inbox of the service."""


class Verdict(StrEnum):
    ALLOW = "allow"
    HIDDEN = "hidden"
    FORBIDDEN = "forbidden"
    CLOSED = "closed"


@dataclass(frozen=True)
class Facts:
    role: Role
    active: bool = True
    relation: Relation = Relation.NONE
    closed: bool = False


_READ = frozenset({Action.CONSULT_READ, Action.MESSAGE_READ})
_WRITE = frozenset({Action.MESSAGE_POST, Action.PHOTO_ATTACH, Action.PHOTO_TURN})
_PATIENT = _READ | _WRITE | {Action.IMAGE_READ}
_CLINICIAN = _PATIENT | {
    Action.CLINICIANS_POST,
    Action.CONSULT_CLOSE,
    Action.OTHERS_PHOTO_TURN,
}
# Whoever sees that nothing is left unanswered reads and asks, and never needs the picture.
_COORDINATOR = _READ | {Action.MESSAGE_POST, Action.CLINICIANS_POST, Action.CONSULT_CLOSE}

ALONE: dict[Role, frozenset[Action]] = {
    Role.PATIENT: frozenset({Action.CONSULT_LIST, Action.CONSULT_OPEN}),
    Role.EMS: frozenset({Action.CONSULT_LIST, Action.CONSULT_OPEN}),
    Role.SPECIALIST: frozenset({Action.CONSULT_LIST, Action.CONSULT_OPEN}),
    Role.COORDINATOR: frozenset({Action.CONSULT_LIST, Action.CONSULT_OPEN}),
    Role.ADMIN: frozenset({Action.METRICS_READ}),
}
"""What a role may do without any relation to a consult. Never anything about one."""

WITHIN: dict[tuple[Role, Relation], frozenset[Action]] = {
    (Role.PATIENT, Relation.SUBJECT): _PATIENT,
    (Role.PATIENT, Relation.MEMBER): _PATIENT,
    (Role.EMS, Relation.MEMBER): _CLINICIAN - {Action.CONSULT_CLOSE},
    (Role.SPECIALIST, Relation.MEMBER): _CLINICIAN,
    (Role.SPECIALIST, Relation.INBOX): _CLINICIAN,
    (Role.COORDINATOR, Relation.MEMBER): _COORDINATOR,
    (Role.COORDINATOR, Relation.INBOX): _COORDINATOR,
    (Role.COORDINATOR, Relation.NONE): _COORDINATOR,
}
"""What a role may do in a consult. A pair that is not here may do nothing."""

NEEDS_OPEN = _WRITE | {
    Action.CLINICIANS_POST,
    Action.CONSULT_CLOSE,
    Action.OTHERS_PHOTO_TURN,
}


def decide(facts: Facts, action: Action) -> Verdict:
    """Say whether `facts` allow `action`. Pure: same facts, same answer."""
    if not facts.active:
        return Verdict.HIDDEN
    if action in ALONE[facts.role]:
        return Verdict.ALLOW
    allowed = WITHIN.get((facts.role, facts.relation), frozenset[Action]())
    if Action.CONSULT_READ not in allowed:
        return Verdict.HIDDEN
    if action not in allowed:
        return Verdict.FORBIDDEN
    if facts.closed and action in NEEDS_OPEN:
        return Verdict.CLOSED
    return Verdict.ALLOW
