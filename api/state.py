"""What a request carries from the lifespan: our dependency injection."""

from typing import NotRequired, TypedDict

from starlette.requests import Request

from api.limits import Limits
from api.news import News
from consult.access import Action
from consult.bootstrap import Backends
from consult.models import Actor


class State(TypedDict):
    backends: Backends
    limits: Limits
    news: News
    action: NotRequired[Action]
    """What the route asks for, once it has been found."""
    actor: NotRequired[Actor]
    """Who asks, once that is known."""


ConsultRequest = Request[State]
