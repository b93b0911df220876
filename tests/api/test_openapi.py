"""The document is valid, complete, and true to the answers."""

import json
from typing import Any

from openapi_spec_validator import validate
from starlette.routing import Route

from api.app import API_ROUTES
from api.openapi import documented_methods
from api.operations import DOCUMENT
from api.problems import STATUS
from consult.errors import ConsultError

SPEC: dict[str, Any] = json.loads(DOCUMENT.read_text())


def test_it_is_valid_openapi() -> None:
    validate(SPEC)


def test_every_route_is_in_it() -> None:
    routes = {
        (method.lower(), route.path.replace(":uuid", ""))
        for route in API_ROUTES
        if isinstance(route, Route)
        for method in documented_methods(route)
    }
    documented = {(method, path) for path, item in SPEC["paths"].items() for method in item}

    assert documented == routes


def test_every_operation_but_the_public_ones_needs_a_sign_in() -> None:
    public = {
        path
        for path, item in SPEC["paths"].items()
        for operation in item.values()
        if "security" not in operation
    }

    assert public == {
        "/livez",
        "/readyz",
        "/api/openapi.json",
        "/api/passkeys/registration/options",
        "/api/passkeys/registration",
        "/api/passkeys/authentication/options",
        "/api/passkeys/authentication",
        "/api/recovery",
        "/api/recovery/options",
        "/api/recovery/passkey",
        "/api/devices/challenge",
        "/api/devices/enrolment",
        "/api/devices/session",
        "/api/uploads",  # OPTIONS alone
    }


def test_every_error_has_a_status() -> None:
    def below(cls: type[ConsultError]) -> set[type[ConsultError]]:
        return {cls}.union(*(below(child) for child in cls.__subclasses__()))

    assert {
        cls for cls in below(ConsultError) - {ConsultError} if cls.__module__ == "consult.errors"
    } == set(STATUS)
