"""Who may do what, as tables: by role alone, and by role within a consult."""

from consult.access.words import Action, Relation
from consult.models import Proof, Role

PUBLIC = frozenset({Action.OPERATE, Action.COME_IN})

_READ = frozenset({Action.CONSULT_READ, Action.MESSAGE_READ})
LOOK = _READ | {Action.IMAGE_READ}
_WRITE = frozenset({Action.MESSAGE_POST, Action.PHOTO_ATTACH, Action.PHOTO_TURN})
_ASK = LOOK | _WRITE
_SUBJECT = _ASK | {
    Action.CONSULT_PURSUE,
    Action.CONSULT_HIDE,
    Action.SEAT_END,
    Action.PROXY_ADD,
    Action.PROXY_END,
    Action.CONSENT_READ,
    Action.CONSENT_GIVE,
    Action.CONSENT_WITHDRAW,
    Action.READERS_READ,
    Action.DISCLOSURES_EXPORT,
}
_PROXY = _ASK | {
    Action.CONSULT_PURSUE,
    Action.CONSENT_READ,
    Action.CONSENT_GIVE,
    Action.CONSENT_WITHDRAW,
    Action.READERS_READ,
}
_CREW = _ASK | {
    Action.CONSULT_PURSUE,
    Action.CONSULT_HIDE,
    Action.CLINICIANS_POST,
    Action.OTHERS_PHOTO_TURN,
    Action.UPLOADS_CLAIM,
    Action.OUTCOME_READ,
}
_SPECIALIST = _ASK | {
    Action.CONSULT_TAKE,
    Action.CONSULT_MOVE,
    Action.ADVICE_WRITE,
    Action.IMAGE_READ_FOR_OTHERS,
    Action.CLINICIANS_POST,
    Action.OTHERS_PHOTO_TURN,
    Action.CONSULT_HIDE,
    Action.CONSULT_CLOSE,
    Action.SEAT_GIVE,
    Action.SEAT_END,
    Action.CONSENT_READ,
    Action.CONSENT_GIVE,
    Action.REQUEST_MAKE,
    Action.PHOTO_REVIEW,
    Action.OUTCOME_READ,
}
# Nobody who has not joined lets others in, or reads for anything but the care of this patient:
# what a colleague was given ends with the seat of whoever gave it.
_INBOX = _SPECIALIST - {Action.SEAT_GIVE, Action.IMAGE_READ_FOR_OTHERS, Action.ADVICE_WRITE}
# Whoever sees that nothing is left unanswered reads and asks, and never needs the picture.
_COORDINATOR = _READ | {
    Action.MESSAGE_POST,
    Action.CLINICIANS_POST,
    Action.CONSULT_MOVE,
    Action.CONSULT_HIDE,
    Action.CONSULT_CLOSE,
    Action.SEAT_END,
    Action.PROXY_ADD,
    Action.PROXY_END,
    Action.CONSENT_READ,
    Action.CONSENT_GIVE,
    Action.REQUEST_MAKE,
    Action.OUTCOME_READ,
}
# A colleague may be asked in for no more than to look the photos over.
_GUEST = LOOK | {
    Action.MESSAGE_POST,
    Action.CLINICIANS_POST,
    Action.PHOTO_REVIEW,
    Action.OUTCOME_READ,
}
# A tablet in an ambulance sends before anybody signs in. It reads nothing.
_DEVICE = frozenset({Action.PHOTO_ATTACH})
_LINK = frozenset({Action.PHOTO_ATTACH, Action.LINK_ANSWER})

_ACCOUNT = frozenset(
    {
        Action.ACCOUNT_READ,
        Action.ACCOUNT_CHANGE,
        Action.PASSKEY_NAME,
        Action.SESSION_END,
        Action.NOTICES_CHOOSE,
        Action.SERVICE_READ,
    }
)
_PERSON = _ACCOUNT | {Action.CONSULT_LIST}
_TEAM = frozenset({Action.ROSTER_READ, Action.HAND_OVER})

ALONE: dict[Role, frozenset[Action]] = {
    Role.PATIENT: _PERSON | {Action.CONSULT_OPEN},
    Role.EMS: _PERSON | {Action.CONSULT_OPEN},
    Role.SPECIALIST: _PERSON
    | _TEAM
    | {
        Action.CONSULT_OPEN,
        Action.CODE_MAKE,
        Action.CODE_REVOKE,
        Action.WORK_LIST,
        Action.FIGURES_READ,
    },
    Role.COORDINATOR: _PERSON
    | _TEAM
    | {
        Action.ROSTER_CHANGE,
        Action.SERVICE_CHANGE,
        Action.CONSULT_OPEN,
        Action.USER_LIST,
        Action.USER_INVITE,
        Action.USER_WITNESS,
        Action.CODE_MAKE,
        Action.CODE_REVOKE,
        Action.OTHERS_SESSION_END,
        Action.GLASS_REVIEW,
        Action.WORK_LIST,
        Action.FIGURES_READ,
    },
    Role.ADMIN: _ACCOUNT
    | {
        Action.SERVICE_CHANGE,
        Action.WEBHOOK_READ,
        Action.WEBHOOK_CHANGE,
        Action.USER_LIST,
        Action.USER_INVITE,
        Action.USER_DISABLE,
        Action.OTHERS_SESSION_END,
        Action.TOKEN_CREATE,
        Action.TOKEN_REVOKE,
        Action.DEVICE_ENROL,
        Action.DEVICE_REVOKE,
        Action.AUDIT_READ,
        Action.PATIENT_SHRED,
        Action.METRICS_READ,
        Action.FIGURES_READ,
    },
    Role.DEVICE: frozenset({Action.CONSULT_OPEN}),
    Role.LINK: frozenset(),
}
"""What a role may do without any relation to a consult. Never anything that one holds."""

NO_SEAT_GIVES = frozenset[Action]().union(*ALONE.values())
"""What only a role gives; to every other role it is not there, whatever they are in a consult."""

BY_ROLE = NO_SEAT_GIVES - {Action.CONSULT_LIST, Action.CONSULT_OPEN}
"""Decided before a handler does anything. The two others have a word of their own for a refusal."""

ELSEWHERE = _PERSON
"""What is left of `ALONE` for an account that is not of this service."""

WITHIN: dict[tuple[Role, Relation], frozenset[Action]] = {
    (Role.PATIENT, Relation.SUBJECT): _SUBJECT,
    (Role.PATIENT, Relation.PROXY): _PROXY,
    (Role.EMS, Relation.MEMBER): _CREW,
    (Role.SPECIALIST, Relation.MEMBER): _SPECIALIST,
    (Role.SPECIALIST, Relation.INBOX): _INBOX,
    (Role.SPECIALIST, Relation.GUEST): _GUEST,
    (Role.COORDINATOR, Relation.MEMBER): _COORDINATOR,
    (Role.COORDINATOR, Relation.INBOX): _COORDINATOR,
    (Role.COORDINATOR, Relation.NONE): _COORDINATOR,
    (Role.DEVICE, Relation.MEMBER): _DEVICE,
    (Role.LINK, Relation.MEMBER): _LINK,
}
"""What a role may do in a consult. A pair that is not here may do nothing.

A patient is in a consult as its subject or as somebody's proxy and never as a mere member:
what a former proxy once said there keeps no door open.
"""

GRANTED = PUBLIC.union(*ALONE.values(), *WITHIN.values(), {Action.GLASS_BREAK})
"""Every action that somebody may do at all. A route may declare no other."""

NEEDS_STEP_UP = frozenset(
    {
        Action.ACCOUNT_CHANGE,
        Action.SEAT_GIVE,
        Action.PROXY_ADD,
        Action.CONSENT_WITHDRAW,
        Action.DISCLOSURES_EXPORT,
        Action.GLASS_BREAK,
        Action.USER_INVITE,
        Action.USER_WITNESS,
        Action.CODE_MAKE,
        Action.USER_DISABLE,
        Action.OTHERS_SESSION_END,
        Action.TOKEN_CREATE,
        Action.DEVICE_ENROL,
        Action.AUDIT_READ,
        Action.PATIENT_SHRED,
        Action.WEBHOOK_CHANGE,
    }
)
"""Asks for a passkey touched within five minutes; a token never has that."""

NEEDS_OPEN = _WRITE | {
    Action.CLINICIANS_POST,
    Action.CONSULT_CLOSE,
    Action.OTHERS_PHOTO_TURN,
    Action.SEAT_GIVE,
    Action.REQUEST_MAKE,
    Action.PHOTO_REVIEW,
    Action.ADVICE_WRITE,
}

OUTLIVES_CONSENT = _READ | {
    Action.CONSULT_HIDE,
    Action.SEAT_END,
    Action.PROXY_ADD,
    Action.PROXY_END,
    Action.CONSENT_READ,
    Action.CONSENT_GIVE,
    Action.CONSULT_CLOSE,
    Action.OUTCOME_READ,
    Action.CONSULT_MOVE,
}
"""What is left to others when the patient takes the consent to care back."""

THE_PATIENTS_OWN = frozenset({Relation.SUBJECT, Relation.PROXY})
NEEDS_SHARING = frozenset({Action.SEAT_GIVE, Action.IMAGE_READ_FOR_OTHERS})
"""What an emergency alone does not permit."""

PROOFS: dict[Role, frozenset[Proof]] = {
    **dict.fromkeys(Role, frozenset({Proof.SESSION, Proof.FRESH, Proof.TOKEN})),
    Role.DEVICE: frozenset({Proof.DEVICE}),
    Role.LINK: frozenset({Proof.LINK}),
}
