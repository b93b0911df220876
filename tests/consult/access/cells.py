"""Every combination of facts with every action, decided once and kept as one array."""

import itertools
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from consult.access import Action, Consent, Facts, Proof, Relation, Standing, Verdict, decide
from consult.models import Role

AXES: dict[str, Sequence[Any]] = {
    "role": (None, *Role),
    "proof": tuple(Proof),
    "active": (True, False),
    "ours": (True, False),
    "scoped": (True, False),
    "relation": tuple(Relation),
    "live": (True, False),
    "standing": tuple(Standing),
    "consent": tuple(Consent),
    "confidential": (False, True),
    "broke_glass": (False, True),
    "action": tuple(Action),
}
"""In the order of `Facts`, then the action: the axes of the array."""

SHAPE = tuple(len(values) for values in AXES.values())
VERDICTS = tuple(Verdict)

Verdicts = NDArray[np.uint8]
Allowed = NDArray[np.bool_]


@cache
def verdicts() -> Verdicts:
    """The verdict of every cell, as its place in VERDICTS."""
    codes = {verdict: code for code, verdict in enumerate(VERDICTS)}
    actions = tuple(Action)
    everything = itertools.product(*list(AXES.values())[:-1])
    decided = (
        codes[decide(facts, action).verdict]
        for facts in itertools.starmap(Facts, everything)
        for action in actions
    )
    return np.fromiter(decided, np.uint8, int(np.prod(SHAPE))).reshape(SHAPE)


def allowed(**where: Any) -> Allowed:
    """Which cells of `where` are allowed. Each axis takes a value, or several as a collection."""
    return verdict_is(Verdict.ALLOW, **where)


def verdict_is(verdict: Verdict, **where: Any) -> Allowed:
    return verdicts()[box(**where)] == VERDICTS.index(verdict)


def box(**where: Any) -> tuple[NDArray[np.intp], ...]:
    """The part of the array that `where` names; an axis that it does not name is whole."""
    assert where.keys() <= AXES.keys()
    places = [_places(values, where.get(name, values)) for name, values in AXES.items()]
    return np.ix_(*places)


def _places(values: Sequence[Any], wanted: Any) -> list[int]:
    if not isinstance(wanted, (set, frozenset, tuple)):
        return [values.index(wanted)]
    several: list[Any] = [*wanted]
    return sorted(values.index(one) for one in several)


def actions_of(cells: Allowed) -> set[Action]:
    """The actions that are allowed anywhere in `cells`; it must have all of them."""
    by_action = cells.reshape(-1, len(Action)).T
    return {action for action, found in zip(Action, by_action, strict=True) if found.any()}
