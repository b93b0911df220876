"""What is asked, and what is known when it is asked: the words of every decision."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from consult.models import Proof, Role


class Action(StrEnum):
    # What anybody may ask, signed in or not: is the service there, let me in.
    OPERATE = "service.look"
    COME_IN = "account.come_in"

    # One's own account.
    ACCOUNT_READ = "account.read"
    ACCOUNT_CHANGE = "account.change"
    PASSKEY_NAME = "passkey.name"
    SESSION_END = "session.end"
    NOTICES_CHOOSE = "notices.choose"

    CONSULT_LIST = "consult.list"
    CONSULT_OPEN = "consult.open"
    CONSULT_READ = "consult.read"
    CONSULT_CLOSE = "consult.close"
    CONSULT_HIDE = "consult.hide_from_proxies"
    CONSULT_TAKE = "consult.take"
    """Acknowledge it: from now on it is theirs."""
    CONSULT_MOVE = "consult.move"
    """A step of the side that answers."""
    CONSULT_PURSUE = "consult.pursue"
    """A step of the side that asks."""
    ADVICE_WRITE = "advice.write"
    MESSAGE_READ = "message.read"
    MESSAGE_POST = "message.post"
    CLINICIANS_POST = "message.post_to_clinicians"
    IMAGE_READ = "image.read"
    IMAGE_READ_FOR_OTHERS = "image.read_for_others"
    """For teaching or research: not for the care of this patient."""
    PHOTO_ATTACH = "photo.attach"
    PHOTO_TURN = "photo.turn"
    """A photo that the actor sent."""
    OTHERS_PHOTO_TURN = "photo.turn_others"
    PHOTO_REVIEW = "photo.review"
    """Say whether a photo can be used."""
    REQUEST_MAKE = "request.make"
    """Ask somebody for images, and take that back."""
    OUTCOME_READ = "outcome.read"
    LINK_ANSWER = "link.answer"
    """Be told what a link asks for, and say so when it takes no photo."""
    UPLOADS_CLAIM = "uploads.claim"
    """Say: what this device sent, I sent."""

    # Who else sees it.
    SEAT_GIVE = "seat.give"
    SEAT_END = "seat.end"
    PROXY_ADD = "proxy.add"
    PROXY_END = "proxy.end"
    CONSENT_READ = "consent.read"
    CONSENT_GIVE = "consent.give"
    CONSENT_WITHDRAW = "consent.withdraw"
    READERS_READ = "readers.read"
    """Who looked at this, told to the patient."""
    DISCLOSURES_EXPORT = "disclosures.export"
    GLASS_BREAK = "glass.break"
    GLASS_REVIEW = "glass.review"

    WORK_LIST = "work.list"
    """What waits for somebody: photos to review, requests that are overdue."""
    FIGURES_READ = "figures.read"
    """How long answers take: times and numbers, of nobody by name."""
    # The team that answers.
    SERVICE_READ = "service.read"
    SERVICE_CHANGE = "service.change"
    ROSTER_READ = "roster.read"
    ROSTER_CHANGE = "roster.change"
    HAND_OVER = "shift.hand_over"
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_CHANGE = "webhook.change"

    # Running the service.
    USER_LIST = "user.list"
    USER_INVITE = "user.invite"
    CODE_MAKE = "code.make"
    """A way in for a patient without e-mail, given in person."""
    CODE_REVOKE = "code.revoke"
    USER_WITNESS = "user.witness"
    """Say: this is the person; one of the two proofs of a recovery."""
    USER_DISABLE = "user.disable"
    OTHERS_SESSION_END = "session.end_others"
    TOKEN_CREATE = "token.create"  # noqa: S105 - the word, not a secret
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - the word, not a secret
    DEVICE_ENROL = "device.enrol"
    DEVICE_REVOKE = "device.revoke"
    AUDIT_READ = "audit.read"
    PATIENT_SHRED = "patient.shred"
    METRICS_READ = "metrics.read"


class Relation(StrEnum):
    """What the actor is to this consult."""

    NONE = "none"
    SUBJECT = "subject"
    """The patient it is about."""
    PROXY = "proxy"
    """Acts for that patient: a parent, a delegate."""
    MEMBER = "member"
    """In it: opened it, or joined by replying."""
    GUEST = "guest"
    """A colleague from elsewhere whom a member asked in, for a while."""
    INBOX = "inbox"
    """Not in it, and no specialist is: it waits in the inbox of the service."""


class Standing(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    SHREDDED = "shredded"
    """The patient's key is gone, and with it everything that was said and shown."""


class Consent(StrEnum):
    """What the patient says to the purpose of this deed."""

    GIVEN = "given"
    EMERGENCY = "emergency"
    """Nobody could be asked yet: for the treating service alone."""
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    ALLOW = "allow"
    UNKNOWN = "unknown"
    """Nobody is signed in."""
    HIDDEN = "hidden"
    FORBIDDEN = "forbidden"
    STEP_UP = "step_up"
    """Touch the passkey again first."""
    NO_CONSENT = "no_consent"
    CLOSED = "closed"
    GONE = "gone"


class Decision(NamedTuple):
    verdict: Verdict
    rule: str
    """Why, for the audit trail: the name of the rule that decided."""

    @property
    def allowed(self) -> bool:
        return self.verdict is Verdict.ALLOW


@dataclass(frozen=True, slots=True)
class Facts:
    role: Role | None
    """None: nobody is signed in."""
    proof: Proof = Proof.SESSION
    active: bool = True
    ours: bool = True
    """The actor's account belongs to this service; a guest's does not."""
    scoped: bool = True
    """A token's scopes hold this action; true for everything that is no token."""
    relation: Relation = Relation.NONE
    live: bool = True
    """The seat, grant or proxy behind `relation` has neither ended nor been taken back."""
    standing: Standing = Standing.OPEN
    consent: Consent = Consent.GIVEN
    confidential: bool = False
    """The patient, a minor who may consent alone, keeps this consult from their proxies."""
    broke_glass: bool = False
    """The actor opened this consult in an emergency, less than 60 minutes ago."""
