"""What a token may be for: a closed list of actions, and of groups of them by name."""

from collections.abc import Collection

from consult.access import NEEDS_STEP_UP, PUBLIC, Action
from consult.errors import InvalidFields

_READ = frozenset(
    {
        Action.ACCOUNT_READ,
        Action.CONSULT_LIST,
        Action.CONSULT_READ,
        Action.MESSAGE_READ,
        Action.IMAGE_READ,
    }
)
_SEND = frozenset({Action.CONSULT_OPEN, Action.MESSAGE_POST, Action.PHOTO_ATTACH})

GROUPS: dict[str, frozenset[Action]] = {
    "read": _READ,
    "send": _SEND,
    "write": _SEND
    | {Action.CLINICIANS_POST, Action.PHOTO_TURN, Action.OTHERS_PHOTO_TURN, Action.CONSULT_CLOSE},
}
"""`send` reads nothing: for a device or a system that only brings photos."""

ACTIONS = frozenset(Action) - PUBLIC - NEEDS_STEP_UP
"""A token never touches a passkey, so what needs that is no scope."""


def scopes_of(names: Collection[str]) -> list[str]:
    """Every action that `names` stand for, sorted. Raises InvalidFields for any other word."""
    found: set[Action] = set()
    for name in names:
        if name in GROUPS:
            found |= GROUPS[name]
        elif name in ACTIONS:
            found.add(Action(name))
        else:
            raise InvalidFields({"scopes": f"A scope is one of: {', '.join(scope_names())}."})
    return sorted(found)


def scope_names() -> list[str]:
    return [*GROUPS, *sorted(ACTIONS)]
