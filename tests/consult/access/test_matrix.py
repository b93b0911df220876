"""AZ-1, AZ-13. Every combination of facts with every action, held to rules in other words than
the code's, and the whole to a table that a person has read."""

import numpy as np
import pytest

from consult.access import (
    ALONE,
    GRANTED,
    NEEDS_OPEN,
    NEEDS_STEP_UP,
    PUBLIC,
    Action,
    Consent,
    Facts,
    Proof,
    Relation,
    Standing,
    Verdict,
    decide,
)
from consult.models import PEOPLE, Role
from tests.consult.access import policy
from tests.consult.access.cells import SHAPE, actions_of, allowed, box, verdict_is, verdicts

PICTURES = {
    Action.IMAGE_READ,
    Action.IMAGE_READ_FOR_OTHERS,
    Action.PHOTO_ATTACH,
    Action.PHOTO_TURN,
    Action.OTHERS_PHOTO_TURN,
    Action.PHOTO_REVIEW,
}
HEALTH = PICTURES | {
    Action.REQUEST_MAKE,
    Action.OUTCOME_READ,
    Action.LINK_ANSWER,
    Action.CONSULT_READ,
    Action.CONSULT_CLOSE,
    Action.CONSULT_HIDE,
    Action.CONSULT_TAKE,
    Action.CONSULT_MOVE,
    Action.CONSULT_PURSUE,
    Action.ADVICE_WRITE,
    Action.MESSAGE_READ,
    Action.MESSAGE_POST,
    Action.CLINICIANS_POST,
    Action.UPLOADS_CLAIM,
    Action.SEAT_GIVE,
    Action.SEAT_END,
    Action.PROXY_ADD,
    Action.PROXY_END,
    Action.CONSENT_READ,
    Action.CONSENT_GIVE,
    Action.CONSENT_WITHDRAW,
    Action.READERS_READ,
    Action.DISCLOSURES_EXPORT,
}
LOOK = {Action.CONSULT_READ, Action.MESSAGE_READ, Action.IMAGE_READ}
GUESTS = LOOK | {
    *(Action.MESSAGE_POST, Action.CLINICIANS_POST, Action.OUTCOME_READ),
    Action.PHOTO_REVIEW,  # which is what a colleague may be asked in for
}
CLINICAL = (Role.EMS, Role.SPECIALIST, Role.COORDINATOR, Role.ADMIN, Role.DEVICE)
NOT_THEIR_OWN = (Relation.NONE, Relation.MEMBER, Relation.GUEST, Relation.INBOX)


def test_every_one_of_millions_of_cells_is_decided() -> None:
    assert verdicts().size == np.prod(SHAPE) > 6_000_000


def test_what_is_allowed_is_what_the_table_allows() -> None:
    """A red line here is a change of policy: change policy.csv with it, and have it read."""
    assert policy.differences(allowed(), policy.expected()) == []


def test_the_table_has_no_row_for_nothing() -> None:
    every_row = policy.read()
    for left_out in every_row:
        others = np.zeros(SHAPE, np.bool_)
        for row in every_row:
            if row is not left_out and row["action"] == left_out["action"]:
                others[box(**row)] = True
        assert not others[box(**left_out)].all(), left_out


def test_a_change_of_one_cell_is_seen() -> None:
    changed = policy.expected()
    cell = box(role=Role.ADMIN, action=Action.IMAGE_READ)
    changed[cell] = True

    differences = policy.differences(allowed(), changed, most=1)

    assert differences
    assert "role=admin" in differences[0]
    assert "action=image.read" in differences[0]


def test_every_action_is_granted_to_somebody_and_none_that_is_not_granted_exists() -> None:
    assert actions_of(allowed()) == set(Action) == GRANTED


class TestNobody:
    def test_may_come_in_and_look_whether_the_service_is_there(self) -> None:
        assert actions_of(allowed(role=None)) == PUBLIC == {Action.OPERATE, Action.COME_IN}
        assert actions_of(allowed(proof=Proof.NONE)) == PUBLIC

    def test_is_told_to_sign_in_for_anything_else(self) -> None:
        private = frozenset(Action) - PUBLIC

        assert verdict_is(Verdict.UNKNOWN, role=None, action=private).all()
        assert not verdict_is(
            Verdict.UNKNOWN, role=frozenset(Role), proof=frozenset(Proof) - {Proof.NONE}
        ).any()


class TestDeadIdentities:
    def test_whoever_is_inactive_may_do_nothing_and_learns_nothing(self) -> None:
        somebody = {"role": frozenset(Role), "proof": frozenset(Proof) - {Proof.NONE}}
        private = frozenset(Action) - PUBLIC

        assert verdict_is(Verdict.HIDDEN, active=False, action=private, **somebody).all()

    def test_a_person_never_comes_in_as_a_device_nor_a_device_as_a_person(self) -> None:
        private = frozenset(Action) - PUBLIC

        assert not allowed(role=PEOPLE, proof=Proof.DEVICE, action=private).any()
        assert not allowed(
            role=Role.DEVICE, proof=frozenset(Proof) - {Proof.DEVICE}, action=private
        ).any()


class TestRoles:
    def test_an_admin_has_no_part_in_any_consult(self) -> None:
        """AZ-13."""
        assert actions_of(allowed(role=Role.ADMIN)) == ALONE[Role.ADMIN] | PUBLIC
        assert not actions_of(allowed(role=Role.ADMIN)) & HEALTH

    def test_a_device_sends_and_reads_nothing(self) -> None:
        assert actions_of(allowed(role=Role.DEVICE)) - PUBLIC == {
            Action.CONSULT_OPEN,
            Action.PHOTO_ATTACH,
        }

    def test_a_link_sends_what_it_asks_for_and_reads_nothing(self) -> None:
        assert actions_of(allowed(role=Role.LINK)) - PUBLIC == {
            Action.PHOTO_ATTACH,
            Action.LINK_ANSWER,
        }
        assert not allowed(role=PEOPLE, proof=Proof.LINK, action=frozenset(Action) - PUBLIC).any()

    def test_a_coordinator_never_has_a_picture(self) -> None:
        assert not actions_of(allowed(role=Role.COORDINATOR)) & PICTURES

    def test_a_patient_never_speaks_among_clinicians_nor_closes_nor_lets_a_clinician_in(
        self,
    ) -> None:
        assert not actions_of(allowed(role=Role.PATIENT)) & {
            Action.CLINICIANS_POST,
            Action.CONSULT_CLOSE,
            Action.SEAT_GIVE,
            Action.OTHERS_PHOTO_TURN,
        }

    def test_only_specialists_let_colleagues_in_look_for_others_and_break_the_glass(self) -> None:
        for action in (Action.SEAT_GIVE, Action.IMAGE_READ_FOR_OTHERS, Action.GLASS_BREAK):
            assert not allowed(role=frozenset(Role) - {Role.SPECIALIST}, action=action).any()

    @pytest.mark.parametrize("role", [Role.PATIENT, Role.EMS, Role.SPECIALIST, Role.DEVICE])
    def test_a_role_alone_gives_no_consult(self, role: Role) -> None:
        alone = allowed(role=role, relation=Relation.NONE, broke_glass=False)

        assert actions_of(alone) - PUBLIC <= ALONE[role] | {Action.GLASS_BREAK}

    def test_what_a_role_gives_alone_no_seat_gives_and_no_seat_takes_away(self) -> None:
        for role, actions in ALONE.items():
            given = allowed(role=role, action=actions)
            assert not actions & HEALTH
            for axis in (5, 6, 7, 8, 9, 10):  # everything that is about a consult
                assert (given == given.take([0], axis)).all()

    def test_whoever_may_attach_a_photo_may_turn_their_own_and_only_clinicians_anybodys(
        self,
    ) -> None:
        attach, turn, turn_others = (
            allowed(role=PEOPLE, action=action)
            for action in (Action.PHOTO_ATTACH, Action.PHOTO_TURN, Action.OTHERS_PHOTO_TURN)
        )

        assert (attach == turn).all()
        assert (turn[1:] == turn_others[1:]).all()  # the first role is the patient
        assert not turn_others[0].any()


class TestProof:
    def test_what_needs_a_fresh_passkey_is_never_had_without(self) -> None:
        """SE-4 in part."""
        stale = frozenset(Proof) - {Proof.FRESH}

        assert not allowed(proof=stale, action=NEEDS_STEP_UP).any()
        assert (
            frozenset(
                {
                    Action.ACCOUNT_CHANGE,
                    Action.SEAT_GIVE,
                    Action.PROXY_ADD,
                    Action.CONSENT_WITHDRAW,
                    Action.DISCLOSURES_EXPORT,
                    Action.GLASS_BREAK,
                    Action.USER_INVITE,
                    Action.USER_DISABLE,
                    Action.OTHERS_SESSION_END,
                    Action.TOKEN_CREATE,
                    Action.DEVICE_ENROL,
                    Action.AUDIT_READ,
                    Action.PATIENT_SHRED,
                }
            )
            <= NEEDS_STEP_UP
        )

    def test_a_fresh_passkey_takes_nothing_away(self) -> None:
        session, fresh = allowed(proof=Proof.SESSION), allowed(proof=Proof.FRESH)

        assert not (session & ~fresh).any()
        assert actions_of(fresh & ~session) == NEEDS_STEP_UP

    def test_a_token_may_what_a_session_may_and_never_more(self) -> None:
        assert (allowed(proof=Proof.TOKEN) == allowed(proof=Proof.SESSION)).all()

    def test_a_token_of_another_scope_may_nothing(self) -> None:
        assert actions_of(allowed(scoped=False)) == PUBLIC

    def test_a_token_of_another_scope_learns_nothing_of_how_a_consult_stands(self) -> None:
        outside = verdicts()[box(scoped=False, broke_glass=False)]

        for axis in (7, 8):  # standing, consent
            varies = (outside != outside.take([0], axis)).any(axis=tuple(range(11)))
            # Whether there is any glass left to break is the one thing that shows.
            assert {a for a, v in zip(Action, varies, strict=True) if v} <= {Action.GLASS_BREAK}


class TestStrangers:
    """AZ-9 in part. Whoever may not know of a consult is told that it is not there."""

    def test_a_stranger_is_told_nothing_but_that_nothing_is_there(self) -> None:
        actions = frozenset(HEALTH)
        people = frozenset({Role.PATIENT, Role.EMS, Role.SPECIALIST, Role.ADMIN})
        somebody = {"proof": (Proof.SESSION, Proof.FRESH, Proof.TOKEN), "broke_glass": False}

        for where in (
            {"role": people, "relation": Relation.NONE},
            {"role": PEOPLE, "live": False},
            {"role": Role.PATIENT, "relation": Relation.PROXY, "confidential": True},
            {"role": PEOPLE, "ours": False, "relation": (Relation.NONE, Relation.INBOX)},
            {"role": (Role.EMS, Role.COORDINATOR, Role.ADMIN), "ours": False},
            {"role": (Role.PATIENT, Role.EMS, Role.ADMIN), "relation": Relation.INBOX},
        ):
            assert verdict_is(Verdict.HIDDEN, action=actions, **(somebody | where)).all(), where

    def test_whoever_may_never_read_or_send_there_is_never_told_of_its_state(self) -> None:
        """GONE, CLOSED, NO_CONSENT and FORBIDDEN are for those who may know of the consult."""
        wide = {"standing": Standing.OPEN, "consent": Consent.GIVEN, "scoped": True}
        may_know = allowed(action=(Action.CONSULT_READ, Action.PHOTO_ATTACH), **wide).any(
            axis=-1, keepdims=True
        )
        told = np.zeros((*SHAPE[:-1], len(HEALTH)), np.bool_)
        for verdict in (Verdict.GONE, Verdict.CLOSED, Verdict.NO_CONSENT, Verdict.FORBIDDEN):
            told |= verdict_is(verdict, action=HEALTH)

        assert told.any()
        assert not (told & ~may_know).any()

    def test_asking_to_break_the_glass_tells_no_more_than_that_it_can_be_broken(self) -> None:
        asked = verdicts()[box(action=Action.GLASS_BREAK, relation=Relation.NONE, active=True)]

        for axis in (8, 9, 10):  # consent, confidential, broken already
            assert (asked == asked.take([0], axis)).all()


class TestStanding:
    def test_nothing_of_a_shredded_patient_is_left_to_anybody(self) -> None:
        assert not actions_of(allowed(standing=Standing.SHREDDED)) & (HEALTH | {Action.GLASS_BREAK})

    def test_that_it_is_gone_is_told_to_those_who_knew_it(self) -> None:
        knew = allowed(standing=Standing.OPEN, action=Action.CONSULT_READ, broke_glass=False)
        gone = verdict_is(
            Verdict.GONE, standing=Standing.SHREDDED, action=Action.CONSULT_READ, broke_glass=False
        )

        assert (gone | ~knew).all()

    def test_closing_takes_writing_away_and_leaves_all_else(self) -> None:
        opened, closed = allowed(standing=Standing.OPEN), allowed(standing=Standing.CLOSED)

        assert not (closed & ~opened).any()
        assert actions_of(opened & ~closed) == NEEDS_OPEN
        assert not actions_of(closed) & NEEDS_OPEN
        assert not NEEDS_OPEN & LOOK


class TestRevocation:
    def test_what_has_ended_gives_nothing(self) -> None:
        ended = actions_of(allowed(live=False, broke_glass=False))

        assert not ended & HEALTH

    def test_an_end_adds_no_right_but_the_one_to_ask_for_help(self) -> None:
        live, ended = allowed(live=True), allowed(live=False)

        assert actions_of(ended & ~live) == {Action.GLASS_BREAK}

    def test_a_token_narrowed_or_an_account_moved_away_gains_nothing(self) -> None:
        assert not (allowed(scoped=False) & ~allowed(scoped=True)).any()
        assert not (allowed(ours=False) & ~allowed(ours=True)).any()


class TestConsent:
    def test_taking_it_back_leaves_others_what_cannot_be_undone_and_its_own_undoing(self) -> None:
        left = actions_of(
            allowed(
                consent=Consent.WITHDRAWN, relation=NOT_THEIR_OWN, role=CLINICAL, broke_glass=False
            )
        )

        assert left & HEALTH == {
            *(Action.CONSULT_READ, Action.MESSAGE_READ, Action.CONSULT_CLOSE, Action.SEAT_END),
            *(Action.CONSENT_READ, Action.CONSENT_GIVE),
            # What is open has to be brought to an end; what became of the patient was said.
            *(Action.CONSULT_MOVE, Action.OUTCOME_READ),
            # Less is seen by fewer.
            Action.CONSULT_HIDE,
            # Who may speak for a patient is not a matter of care.
            *(Action.PROXY_ADD, Action.PROXY_END),
        }

    def test_it_never_binds_the_patient_or_who_speaks_for_them(self) -> None:
        theirs = allowed(relation=(Relation.SUBJECT, Relation.PROXY), role=Role.PATIENT)

        assert (theirs == theirs.take([0], 8)).all()

    def test_less_consent_adds_no_right_but_the_one_to_ask_for_help(self) -> None:
        given = allowed(consent=Consent.GIVEN)

        for less in frozenset(Consent) - {Consent.GIVEN}:
            assert actions_of(allowed(consent=less) & ~given) <= {Action.GLASS_BREAK}
        assert (allowed(consent=Consent.MISSING) == allowed(consent=Consent.WITHDRAWN)).all()

    def test_an_emergency_permits_care_and_no_sharing(self) -> None:
        emergency = {"consent": Consent.EMERGENCY, "broke_glass": False}

        assert not allowed(
            action=(Action.SEAT_GIVE, Action.IMAGE_READ_FOR_OTHERS), **emergency
        ).any()
        assert not actions_of(allowed(relation=Relation.GUEST, **emergency)) & HEALTH
        member = allowed(relation=Relation.MEMBER, role=Role.SPECIALIST, **emergency)
        assert {Action.IMAGE_READ, Action.MESSAGE_POST} <= actions_of(member)


class TestGuestsAndProxies:
    def test_a_guest_looks_and_answers_and_lets_nobody_else_in(self) -> None:
        guest = actions_of(allowed(relation=Relation.GUEST, broke_glass=False))

        assert guest & HEALTH == GUESTS

    def test_nothing_is_left_to_a_guest_without_the_patients_word(self) -> None:
        consent = frozenset(Consent) - {Consent.GIVEN}
        guest = allowed(relation=Relation.GUEST, consent=consent, broke_glass=False)

        assert not actions_of(guest) & HEALTH

    def test_whoever_is_of_another_service_is_at_most_a_guest(self) -> None:
        elsewhere = actions_of(allowed(ours=False, role=CLINICAL))

        assert elsewhere & HEALTH == GUESTS
        assert not elsewhere & {Action.GLASS_BREAK, Action.USER_INVITE, Action.CONSULT_OPEN}

    def test_a_proxy_has_no_part_in_what_a_minor_keeps_from_them(self) -> None:
        hidden = allowed(relation=Relation.PROXY, confidential=True, broke_glass=False)

        assert not actions_of(hidden) & HEALTH

    def test_to_keep_something_from_proxies_changes_nothing_for_others(self) -> None:
        others = frozenset(Relation) - {Relation.PROXY}
        kept, shown = (allowed(relation=others, confidential=word) for word in (True, False))

        assert (kept == shown).all()

    def test_a_proxy_never_does_more_than_the_patient(self) -> None:
        proxy, subject = (
            allowed(role=Role.PATIENT, relation=relation)
            for relation in (Relation.PROXY, Relation.SUBJECT)
        )

        assert not (proxy & ~subject).any()
        assert actions_of(subject) - actions_of(proxy) >= {
            Action.PROXY_ADD,
            Action.PROXY_END,
            Action.SEAT_END,
            Action.DISCLOSURES_EXPORT,
        }

    def test_a_patient_is_in_no_consult_as_a_mere_member(self) -> None:
        others = frozenset(Relation) - {Relation.SUBJECT, Relation.PROXY}

        assert not actions_of(allowed(role=Role.PATIENT, relation=others)) & HEALTH


class TestBreakingTheGlass:
    """AZ-12 in part."""

    def test_it_gives_looking_and_nothing_else_to_specialists_of_this_service(self) -> None:
        broken, whole = allowed(broke_glass=True), allowed(broke_glass=False)

        assert actions_of(broken & ~whole) == LOOK
        assert not (whole & ~broken).any()
        for where in (
            {"role": frozenset({None, *Role}) - {Role.SPECIALIST}},
            {"ours": False},
            {"standing": Standing.SHREDDED},
            {"active": False},
        ):
            gained = allowed(broke_glass=True, **where) & ~allowed(broke_glass=False, **where)
            assert not gained.any(), where

    def test_whoever_may_look_anyway_has_nothing_to_break(self) -> None:
        look = allowed(action=Action.IMAGE_READ, broke_glass=False)
        may_break = allowed(action=Action.GLASS_BREAK, broke_glass=False)

        assert not (look & may_break).any()

    def test_writing_through_it_is_refused_in_the_open(self) -> None:
        through = {
            "role": Role.SPECIALIST,
            "proof": Proof.FRESH,
            "active": True,
            "ours": True,
            "relation": Relation.NONE,
            "standing": Standing.OPEN,
            "broke_glass": True,
        }

        assert verdict_is(Verdict.FORBIDDEN, action=Action.MESSAGE_POST, **through).all()


def test_every_decision_names_its_rule_for_the_audit_trail() -> None:
    facts = Facts(Role.SPECIALIST, relation=Relation.MEMBER)
    rules = {
        decide(facts, Action.IMAGE_READ).rule: "seat_member",
        decide(Facts(Role.PATIENT), Action.CONSULT_OPEN).rule: "role",
        decide(Facts(None), Action.OPERATE).rule: "public",
        decide(Facts(None), Action.IMAGE_READ).rule: "nobody",
        decide(Facts(Role.EMS, active=False), Action.CONSULT_LIST).rule: "inactive",
        decide(Facts(Role.EMS, Proof.DEVICE), Action.CONSULT_LIST).rule: "wrong_proof",
        decide(Facts(Role.EMS), Action.IMAGE_READ).rule: "stranger",
        decide(Facts(Role.EMS), Action.USER_DISABLE).rule: "not_in_role",
        decide(facts, Action.PROXY_ADD).rule: "not_in_role",
        decide(Facts(Role.EMS, scoped=False), Action.CONSULT_LIST).rule: "scope",
        decide(facts, Action.SEAT_GIVE).rule: "step_up",
    }
    glass = Facts(Role.SPECIALIST, Proof.FRESH, broke_glass=True)
    rules |= {
        decide(glass, Action.IMAGE_READ).rule: "broke_glass",
        decide(glass, Action.GLASS_BREAK).rule: "may_break_glass",
        decide(glass, Action.MESSAGE_POST).rule: "glass_is_read_only",
    }
    for standing, rule in ((Standing.CLOSED, "closed"), (Standing.SHREDDED, "shredded")):
        stands = Facts(Role.EMS, relation=Relation.MEMBER, standing=standing)
        rules[decide(stands, Action.MESSAGE_POST).rule] = rule
    for consent in frozenset(Consent) - {Consent.GIVEN}:
        bare = Facts(Role.SPECIALIST, relation=Relation.GUEST, consent=consent)
        rules[decide(bare, Action.IMAGE_READ).rule] = f"consent_{consent}"

    assert all(found == named for found, named in rules.items())
