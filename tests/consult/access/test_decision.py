"""The decision by examples: each with the verdict and the rule that it has to name.

The matrix holds every cell to the table for people. These say why, one rule at a time; with a
sample of the matrix they are quick enough to be asked of every mutant of the decision.
"""

import random
from typing import Any

import pytest

from consult.access import (
    Action,
    Consent,
    Decision,
    Facts,
    Proof,
    Relation,
    Standing,
    Verdict,
    decide,
)
from consult.models import Role
from tests.consult.access import policy
from tests.consult.access.cells import AXES

ALLOW, UNKNOWN, HIDDEN = Verdict.ALLOW, Verdict.UNKNOWN, Verdict.HIDDEN
FORBIDDEN, STEP_UP, NO_CONSENT = Verdict.FORBIDDEN, Verdict.STEP_UP, Verdict.NO_CONSENT
CLOSED, GONE = Verdict.CLOSED, Verdict.GONE

PATIENT, CREW, SPECIALIST = Role.PATIENT, Role.EMS, Role.SPECIALIST
COORDINATOR, ADMIN, DEVICE, LINK = Role.COORDINATOR, Role.ADMIN, Role.DEVICE, Role.LINK
SUBJECT, PROXY, MEMBER = Relation.SUBJECT, Relation.PROXY, Relation.MEMBER
GUEST, INBOX = Relation.GUEST, Relation.INBOX

Example = tuple[Facts, Action, Verdict, str]
Facing = dict[str, Any]


def facts(role: Role | None, relation: Relation = Relation.NONE, **more: Any) -> Facts:
    return Facts(role, relation=relation, **more)


FRESH: Facing = {"proof": Proof.FRESH}
BROKEN: Facing = {"broke_glass": True}
ELSEWHERE: Facing = {"ours": False}
ENDED: Facing = {"live": False}
NARROW: Facing = {"scoped": False}
SHREDDED: Facing = {"standing": Standing.SHREDDED}
SHUT: Facing = {"standing": Standing.CLOSED}
EMERGENCY: Facing = {"consent": Consent.EMERGENCY}
MISSING: Facing = {"consent": Consent.MISSING}
WITHDRAWN: Facing = {"consent": Consent.WITHDRAWN}
KEPT: Facing = {"confidential": True}

WHO_IT_IS: dict[str, Example] = {
    "anybody may ask whether the service is there": (
        facts(None), Action.OPERATE, ALLOW, "public"),
    "and so may somebody whose account is shut": (
        facts(CREW, active=False), Action.COME_IN, ALLOW, "public"),
    "nobody is told to sign in": (
        facts(None), Action.IMAGE_READ, UNKNOWN, "nobody"),
    "a role that nothing proves is nobody": (
        facts(ADMIN, proof=Proof.NONE), Action.USER_LIST, UNKNOWN, "nobody"),
    "a proof that is nobody's is nobody": (
        facts(None, **FRESH), Action.USER_LIST, UNKNOWN, "nobody"),
    "whoever is shut out finds nothing, in a consult of their own": (
        facts(PATIENT, SUBJECT, active=False), Action.CONSULT_READ, HIDDEN, "inactive"),
    "nor in their account": (
        facts(PATIENT, active=False), Action.ACCOUNT_READ, HIDDEN, "inactive"),
    "a tablet's proof is no person's": (
        facts(CREW, proof=Proof.DEVICE), Action.CONSULT_OPEN, HIDDEN, "wrong_proof"),
    "a person's proof is no tablet's": (
        facts(DEVICE, MEMBER), Action.PHOTO_ATTACH, HIDDEN, "wrong_proof"),
    "a tablet's proof is a tablet's": (
        facts(DEVICE, proof=Proof.DEVICE), Action.CONSULT_OPEN, ALLOW, "role"),
    "a link's proof is a link's": (
        facts(LINK, MEMBER, proof=Proof.LINK), Action.PHOTO_ATTACH, ALLOW, "seat_member"),
    "a link's proof is no tablet's": (
        facts(DEVICE, MEMBER, proof=Proof.LINK), Action.PHOTO_ATTACH, HIDDEN, "wrong_proof"),
}  # fmt: skip

BY_ROLE: dict[str, Example] = {
    "a role gives what it gives": (
        facts(COORDINATOR), Action.ROSTER_CHANGE, ALLOW, "role"),
    "to every other it is not there": (
        facts(SPECIALIST, **FRESH), Action.ROSTER_CHANGE, HIDDEN, "not_in_role"),
    "not even to a member of a consult": (
        facts(SPECIALIST, MEMBER, **FRESH), Action.USER_DISABLE, HIDDEN, "not_in_role"),
    "what is grave asks for the passkey": (
        facts(ADMIN), Action.USER_DISABLE, STEP_UP, "step_up"),
    "and is done with it": (
        facts(ADMIN, **FRESH), Action.USER_DISABLE, ALLOW, "role"),
    "a token never touches one": (
        facts(ADMIN, proof=Proof.TOKEN), Action.USER_DISABLE, STEP_UP, "step_up"),
    "a token of another scope is told so": (
        facts(CREW, proof=Proof.TOKEN, **NARROW), Action.CONSULT_LIST, FORBIDDEN, "scope"),
    "before it is asked for a passkey": (
        facts(ADMIN, proof=Proof.TOKEN, **NARROW), Action.USER_DISABLE, FORBIDDEN, "scope"),
    "but not of what its role has not": (
        facts(CREW, proof=Proof.TOKEN, **NARROW), Action.USER_LIST, HIDDEN, "not_in_role"),
    "a colleague from elsewhere has their own account": (
        facts(SPECIALIST, **ELSEWHERE), Action.ACCOUNT_READ, ALLOW, "role"),
    "and opens nothing here": (
        facts(SPECIALIST, **ELSEWHERE), Action.CONSULT_OPEN, HIDDEN, "not_in_role"),
    "nor is a list of theirs more than they have": (
        facts(ADMIN, **ELSEWHERE), Action.CONSULT_LIST, HIDDEN, "not_in_role"),
}  # fmt: skip

BY_SEAT: dict[str, Example] = {
    "the patient reads": (
        facts(PATIENT, SUBJECT), Action.CONSULT_READ, ALLOW, "seat_subject"),
    "and who acts for them": (
        facts(PATIENT, PROXY), Action.CONSULT_READ, ALLOW, "seat_proxy"),
    "and the crew": (
        facts(CREW, MEMBER), Action.IMAGE_READ, ALLOW, "seat_member"),
    "and whoever could answer": (
        facts(SPECIALIST, INBOX), Action.IMAGE_READ, ALLOW, "seat_inbox"),
    "and a colleague who was asked in": (
        facts(SPECIALIST, GUEST, **ELSEWHERE), Action.IMAGE_READ, ALLOW, "seat_guest"),
    "and the coordinator, in it or not": (
        facts(COORDINATOR), Action.CONSULT_READ, ALLOW, "seat_none"),
    "a stranger learns nothing": (
        facts(CREW), Action.CONSULT_READ, HIDDEN, "stranger"),
    "whatever the deed": (
        facts(SPECIALIST), Action.PROXY_ADD, HIDDEN, "stranger"),
    "what has ended is as if it never was": (
        facts(PATIENT, PROXY, **ENDED), Action.CONSULT_READ, HIDDEN, "stranger"),
    "for a member too": (
        facts(CREW, MEMBER, **ENDED), Action.IMAGE_READ, HIDDEN, "stranger"),
    "who may know of it is told that the deed is not theirs": (
        facts(SPECIALIST, MEMBER), Action.PROXY_ADD, FORBIDDEN, "not_in_role"),
    "a proxy has no part in what a minor keeps from them": (
        facts(PATIENT, PROXY, **KEPT), Action.CONSULT_READ, HIDDEN, "stranger"),
    "the minor has": (
        facts(PATIENT, SUBJECT, **KEPT), Action.CONSULT_READ, ALLOW, "seat_subject"),
    "and so have all others": (
        facts(SPECIALIST, MEMBER, **KEPT), Action.IMAGE_READ, ALLOW, "seat_member"),
    "a patient is the subject of theirs, wherever they are from": (
        facts(PATIENT, SUBJECT, **ELSEWHERE), Action.CONSULT_READ, ALLOW, "seat_subject"),
    "and a proxy the proxy": (
        facts(PATIENT, PROXY, **ELSEWHERE), Action.MESSAGE_POST, ALLOW, "seat_proxy"),
    "a member who is of another service is a guest": (
        facts(SPECIALIST, MEMBER, **ELSEWHERE), Action.MESSAGE_POST, ALLOW, "seat_member"),
    "and does no more than a guest": (
        facts(SPECIALIST, MEMBER, **ELSEWHERE), Action.CONSULT_CLOSE, FORBIDDEN, "not_in_role"),
    "the inbox is not theirs": (
        facts(SPECIALIST, INBOX, **ELSEWHERE), Action.CONSULT_READ, HIDDEN, "stranger"),
    "nor are a coordinator's consults": (
        facts(COORDINATOR, MEMBER, **ELSEWHERE), Action.CONSULT_READ, HIDDEN, "stranger"),
    "to let others in asks for the passkey": (
        facts(SPECIALIST, MEMBER), Action.SEAT_GIVE, STEP_UP, "step_up"),
    "and is done with it": (
        facts(SPECIALIST, MEMBER, **FRESH), Action.SEAT_GIVE, ALLOW, "seat_member"),
    "a token of another scope is told so": (
        facts(CREW, MEMBER, **NARROW), Action.IMAGE_READ, FORBIDDEN, "scope"),
    "unless it is a stranger's": (
        facts(CREW, **NARROW), Action.IMAGE_READ, HIDDEN, "stranger"),
    "and before it learns that the patient is gone": (
        facts(CREW, MEMBER, **NARROW, **SHREDDED), Action.IMAGE_READ, FORBIDDEN, "scope"),
}  # fmt: skip

AS_THINGS_STAND: dict[str, Example] = {
    "who knew it is told that it is gone": (
        facts(CREW, MEMBER, **SHREDDED), Action.CONSULT_READ, GONE, "shredded"),
    "whatever the deed": (
        facts(SPECIALIST, MEMBER, **SHREDDED), Action.PROXY_ADD, GONE, "shredded"),
    "a stranger is not": (
        facts(CREW, **SHREDDED), Action.CONSULT_READ, HIDDEN, "stranger"),
    "nothing is written into what is closed": (
        facts(CREW, MEMBER, **SHUT), Action.MESSAGE_POST, CLOSED, "closed"),
    "it is read as before": (
        facts(CREW, MEMBER, **SHUT), Action.MESSAGE_READ, ALLOW, "seat_member"),
    "and written to while it is open": (
        facts(CREW, MEMBER), Action.MESSAGE_POST, ALLOW, "seat_member"),
    "without consent it is not told that it is closed": (
        facts(CREW, MEMBER, **SHUT, **MISSING), Action.MESSAGE_POST, NO_CONSENT, "consent_missing"),
    "a member sees no image without consent": (
        facts(CREW, MEMBER, **MISSING), Action.IMAGE_READ, NO_CONSENT, "consent_missing"),
    "nor after it was taken back": (
        facts(CREW, MEMBER, **WITHDRAWN), Action.IMAGE_READ, NO_CONSENT, "consent_withdrawn"),
    "the words stay": (
        facts(CREW, MEMBER, **WITHDRAWN), Action.MESSAGE_READ, ALLOW, "seat_member"),
    "it never binds the patient": (
        facts(PATIENT, SUBJECT, **WITHDRAWN), Action.IMAGE_READ, ALLOW, "seat_subject"),
    "nor who acts for them": (
        facts(PATIENT, PROXY, **WITHDRAWN), Action.IMAGE_READ, ALLOW, "seat_proxy"),
    "in an emergency members care": (
        facts(SPECIALIST, MEMBER, **EMERGENCY), Action.IMAGE_READ, ALLOW, "seat_member"),
    "and share nothing": (
        facts(SPECIALIST, MEMBER, **FRESH, **EMERGENCY),
        Action.SEAT_GIVE, NO_CONSENT, "consent_emergency"),
    "with the patient's word they do": (
        facts(SPECIALIST, MEMBER), Action.IMAGE_READ_FOR_OTHERS, ALLOW, "seat_member"),
    "a guest is there by it alone": (
        facts(SPECIALIST, GUEST, **EMERGENCY), Action.IMAGE_READ, NO_CONSENT, "consent_emergency"),
    "even for the words": (
        facts(SPECIALIST, GUEST, **WITHDRAWN),
        Action.MESSAGE_READ, NO_CONSENT, "consent_withdrawn"),
    "and so is a member from elsewhere": (
        facts(SPECIALIST, MEMBER, **ELSEWHERE, **EMERGENCY),
        Action.MESSAGE_READ, NO_CONSENT, "consent_emergency"),
    "a guest of our own with it looks": (
        facts(SPECIALIST, GUEST), Action.MESSAGE_READ, ALLOW, "seat_guest"),
    "what outlives consent outlives that none was ever given": (
        facts(SPECIALIST, MEMBER, **MISSING), Action.CONSULT_CLOSE, ALLOW, "seat_member"),
}  # fmt: skip

THROUGH_THE_GLASS: dict[str, Example] = {
    "a specialist may break it": (
        facts(SPECIALIST, **FRESH), Action.GLASS_BREAK, ALLOW, "may_break_glass"),
    "by a touch of the passkey": (
        facts(SPECIALIST), Action.GLASS_BREAK, STEP_UP, "step_up"),
    "a token does not": (
        facts(SPECIALIST, proof=Proof.TOKEN, **NARROW), Action.GLASS_BREAK, FORBIDDEN, "scope"),
    "nobody else does": (
        facts(CREW, **FRESH), Action.GLASS_BREAK, HIDDEN, "stranger"),
    "no specialist from elsewhere does": (
        facts(SPECIALIST, **FRESH, **ELSEWHERE), Action.GLASS_BREAK, HIDDEN, "stranger"),
    "nor into what is gone": (
        facts(SPECIALIST, **FRESH, **SHREDDED), Action.GLASS_BREAK, HIDDEN, "stranger"),
    "into what is closed they do": (
        facts(SPECIALIST, **FRESH, **SHUT), Action.GLASS_BREAK, ALLOW, "may_break_glass"),
    "whoever may look has nothing to break": (
        facts(SPECIALIST, MEMBER, **FRESH), Action.GLASS_BREAK, FORBIDDEN, "not_in_role"),
    "a member whom consent keeps out has": (
        facts(SPECIALIST, MEMBER, **FRESH, **WITHDRAWN),
        Action.GLASS_BREAK, ALLOW, "may_break_glass"),
    "through it they look": (
        facts(SPECIALIST, **BROKEN), Action.IMAGE_READ, ALLOW, "broke_glass"),
    "without it they do not": (
        facts(SPECIALIST), Action.IMAGE_READ, HIDDEN, "stranger"),
    "who has a seat looks by it": (
        facts(SPECIALIST, MEMBER, **BROKEN), Action.IMAGE_READ, ALLOW, "seat_member"),
    "consent does not bind it": (
        facts(SPECIALIST, MEMBER, **BROKEN, **WITHDRAWN), Action.IMAGE_READ, ALLOW, "broke_glass"),
    "nothing is written through it": (
        facts(SPECIALIST, **BROKEN), Action.MESSAGE_POST, FORBIDDEN, "glass_is_read_only"),
    "a member is refused for what it is": (
        facts(SPECIALIST, MEMBER, **BROKEN, **SHUT), Action.MESSAGE_POST, CLOSED, "closed"),
    "a token of another scope looks at nothing through it": (
        facts(SPECIALIST, **BROKEN, **NARROW), Action.IMAGE_READ, FORBIDDEN, "scope"),
    "nor does anybody from elsewhere": (
        facts(SPECIALIST, **BROKEN, **ELSEWHERE), Action.IMAGE_READ, HIDDEN, "stranger"),
    "nor the crew": (
        facts(CREW, **BROKEN), Action.IMAGE_READ, HIDDEN, "stranger"),
    "what is gone shows nothing through it": (
        facts(SPECIALIST, MEMBER, **BROKEN, **SHREDDED), Action.IMAGE_READ, GONE, "shredded"),
}  # fmt: skip


class TestExamples:
    """AZ-1, AZ-6. What the decision says and why, rule by rule."""

    @pytest.mark.parametrize("example", WHO_IT_IS.values(), ids=WHO_IT_IS)
    def test_of_who_it_is(self, example: Example) -> None:
        self.decided_as_said(example)

    @pytest.mark.parametrize("example", BY_ROLE.values(), ids=BY_ROLE)
    def test_of_what_a_role_gives(self, example: Example) -> None:
        self.decided_as_said(example)

    @pytest.mark.parametrize("example", BY_SEAT.values(), ids=BY_SEAT)
    def test_of_what_a_seat_gives(self, example: Example) -> None:
        self.decided_as_said(example)

    @pytest.mark.parametrize("example", AS_THINGS_STAND.values(), ids=AS_THINGS_STAND)
    def test_of_how_things_stand(self, example: Example) -> None:
        self.decided_as_said(example)

    @pytest.mark.parametrize("example", THROUGH_THE_GLASS.values(), ids=THROUGH_THE_GLASS)
    def test_of_the_glass(self, example: Example) -> None:
        self.decided_as_said(example)

    def decided_as_said(self, example: Example) -> None:
        known, action, verdict, rule = example

        assert decide(known, action) == Decision(verdict, rule)
        assert decide(known, action).allowed is (verdict is ALLOW)


def test_a_sample_of_cells_is_as_the_table_for_people_has_it() -> None:
    """AZ-1, AZ-6. Of those that a signed-in person can be in: the others are refused at once."""
    chance, rows = random.Random(7), policy.read()
    people = {"role": (*Role,), "proof": (Proof.SESSION, Proof.FRESH), "active": (True,)}
    axes = AXES | people

    for _ in range(1500):
        cell = {name: chance.choice(values) for name, values in axes.items()}
        known = Facts(**{name: value for name, value in cell.items() if name != "action"})
        wanted = any(all(cell[name] in values for name, values in row.items()) for row in rows)
        assert decide(known, cell["action"]).allowed is wanted, cell
