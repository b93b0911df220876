"""The states of a consult: no dead end, no back door."""

import pytest

from consult.clinical.workflow.states import (
    ENDS,
    MOVES,
    OWNER,
    TASK_STATUS,
    NotPossible,
    Owner,
    State,
    Step,
    after,
    possible,
)

FHIR_TASK_STATUSES = {
    *("draft", "requested", "received", "accepted", "rejected", "ready", "cancelled"),
    *("in-progress", "on-hold", "failed", "completed", "entered-in-error"),
}
GOING_ON = sorted(frozenset(State) - ENDS)


def test_every_state_that_is_not_an_end_has_an_owner_and_a_way_on() -> None:
    assert set(OWNER) == set(GOING_ON)
    assert all(possible(state) for state in GOING_ON)


@pytest.mark.parametrize("state", sorted(ENDS))
def test_nothing_leads_out_of_an_end(state: State) -> None:
    assert possible(state) == []


def test_every_state_can_be_reached_and_every_end_from_every_state() -> None:
    reached, new = {State.SUBMITTED}, {State.SUBMITTED}
    while new:
        new = {
            after(state, step, before_waiting=State.IN_REVIEW)
            for state in new
            for step in possible(state)
        } - reached
        reached |= new

    assert reached == set(State)
    for state in GOING_ON:
        assert after(state, Step.MARK_ERROR) in ENDS


def test_what_is_answered_cannot_be_cancelled_and_what_is_not_cannot_be_closed() -> None:
    for state in (State.SUBMITTED, State.TRIAGED, State.ASSIGNED, State.IN_REVIEW):
        with pytest.raises(NotPossible):
            after(state, Step.CLOSE)
    with pytest.raises(NotPossible):
        after(State.ANSWERED, Step.CANCEL)


def test_a_refused_step_says_what_is_possible() -> None:
    with pytest.raises(NotPossible) as refusal:
        after(State.SUBMITTED, Step.ANSWER)

    assert Step.ACKNOWLEDGE in refusal.value.possible
    assert Step.ANSWER not in refusal.value.possible


def test_only_somebody_who_owns_it_answers() -> None:
    assert MOVES[Step.ANSWER].leaves == {State.ASSIGNED, State.IN_REVIEW}


def test_every_end_and_every_way_back_says_why() -> None:
    for step, move in MOVES.items():
        if move.arrives in ENDS or step is Step.REASSIGN:
            assert move.reason, step


def test_what_was_asked_for_brings_the_consult_back_to_where_it_was() -> None:
    for state in MOVES[Step.ASK].leaves:
        assert after(after(state, Step.ASK), Step.SUPPLY, before_waiting=state) is state


def test_the_asker_asks_again_cancels_and_supplies_and_no_more() -> None:
    theirs = {step for step in Step if Owner.ASKER in MOVES[step].by}

    assert theirs == {
        *(Step.SUPPLY, Step.ASK_AGAIN, Step.CANCEL),
        *(Step.REQUEST_TRANSFER, Step.REDIRECT_EMERGENCY),
    }


def test_every_state_is_a_status_of_a_fhir_task() -> None:
    assert set(TASK_STATUS) == set(State)
    assert set(TASK_STATUS.values()) <= FHIR_TASK_STATUSES
