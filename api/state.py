"""What a request carries from the lifespan: our dependency injection."""

from typing import TypedDict

from starlette.requests import Request

from api.limits import Limits
from consult.bootstrap import Backends


class State(TypedDict):
    backends: Backends
    limits: Limits


ConsultRequest = Request[State]
