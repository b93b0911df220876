"""AZ-1. Every cell of the decision, against rules said in other words than the code's."""

import itertools

import pytest

from consult.access import NEEDS_OPEN, Action, Facts, Relation, Verdict, decide
from consult.models import Role

ROLE_ALONE = {Action.CONSULT_LIST, Action.CONSULT_OPEN, Action.METRICS_READ}
CELLS = [
    (Facts(role, active, relation, closed), action)
    for role, active, relation, closed in itertools.product(
        Role, (True, False), Relation, (True, False)
    )
    for action in Action
]


def allows(facts: Facts, action: Action) -> bool:
    return decide(facts, action) is Verdict.ALLOW


def allowed(**wanted: object) -> set[Action]:
    return {
        action
        for facts, action in CELLS
        if decide(facts, action) is Verdict.ALLOW
        and all(getattr(facts, name) == value for name, value in wanted.items())
    }


def test_whoever_is_inactive_may_do_nothing_and_learns_nothing() -> None:
    assert {decide(facts, action) for facts, action in CELLS if not facts.active} == {
        Verdict.HIDDEN
    }


def test_an_admin_never_reads_or_writes_health_data() -> None:
    """AZ-1, AZ-13."""
    assert allowed(role=Role.ADMIN) == {Action.METRICS_READ}


@pytest.mark.parametrize("role", [Role.PATIENT, Role.EMS, Role.SPECIALIST])
def test_without_a_relation_a_role_gives_no_consult(role: Role) -> None:
    assert allowed(role=role, relation=Relation.NONE) <= ROLE_ALONE


def test_a_patient_never_speaks_among_clinicians_nor_closes() -> None:
    assert not allowed(role=Role.PATIENT) & {Action.CLINICIANS_POST, Action.CONSULT_CLOSE}


def test_a_coordinator_never_sees_a_picture() -> None:
    assert not allowed(role=Role.COORDINATOR) & {
        *(Action.IMAGE_READ, Action.PHOTO_ATTACH),
        *(Action.PHOTO_TURN, Action.OTHERS_PHOTO_TURN),
    }


def test_whoever_may_attach_a_photo_may_turn_their_own_and_nobody_else() -> None:
    attach, turn, turn_others = (
        {facts for facts, action in CELLS if action is wanted and allows(facts, action)}
        for wanted in (Action.PHOTO_ATTACH, Action.PHOTO_TURN, Action.OTHERS_PHOTO_TURN)
    )

    assert turn == attach
    assert turn_others == {facts for facts in attach if facts.role is not Role.PATIENT}


def test_a_coordinator_reads_every_consult() -> None:
    for relation in (Relation.NONE, Relation.INBOX, Relation.MEMBER):
        assert Action.MESSAGE_READ in allowed(role=Role.COORDINATOR, relation=relation)


def test_a_specialist_works_from_the_inbox() -> None:
    inbox = allowed(role=Role.SPECIALIST, relation=Relation.INBOX)

    assert {Action.IMAGE_READ, Action.MESSAGE_POST, Action.CLINICIANS_POST} <= inbox


def test_the_inbox_is_for_specialists_and_coordinators() -> None:
    for role in (Role.PATIENT, Role.EMS, Role.ADMIN):
        assert allowed(role=role, relation=Relation.INBOX) <= ROLE_ALONE


def test_closing_takes_writing_away_and_leaves_reading() -> None:
    for facts, action in CELLS:
        if facts.closed and action in NEEDS_OPEN:
            assert decide(facts, action) is not Verdict.ALLOW
        if facts.closed and action not in NEEDS_OPEN:
            reopened = Facts(facts.role, facts.active, facts.relation, closed=False)
            assert decide(facts, action) is decide(reopened, action)


def test_whoever_may_not_read_a_consult_is_told_nothing_about_it() -> None:
    for facts, action in CELLS:
        if decide(facts, Action.CONSULT_READ) is Verdict.HIDDEN and action not in ROLE_ALONE:
            assert decide(facts, action) is Verdict.HIDDEN
