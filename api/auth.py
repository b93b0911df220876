"""Who is asking: a passkey session's cookie or a bearer token, and never both.

The tablet of an ambulance has a cookie of its own. It counts while nobody is signed in there.

A cookie is sent by the browser whoever's page asked, so an unsafe request that carries one has
to show that our own page made it: by where it came from, by a content type that a plain form
cannot send, and by a token that only our page could read. A bearer token is sent by nobody but
its owner, and needs none of that.
"""

import hashlib
import hmac
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.limits import address_of, vouch
from api.openapi import declared_by
from api.state import ConsultRequest
from consult import accounts, devices
from consult.access import BY_ROLE, Relation, ask, require
from consult.errors import Forbidden, InvalidRequest, NotSignedIn
from consult.models import Actor, DeviceSession, LoginSession

COOKIE = "__Host-session"
DEVICE_COOKIE = "__Host-device"

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"
_CSRF_DOMAIN = b"consult-csrf-v1\0"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a form on anybody's page can send without asking first (Fetch, 2.2.2).
_FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})


class Login(NamedTuple):
    actor: Actor
    session: LoginSession


async def actor_of(request: ConsultRequest, *, touch: bool = True) -> Actor:
    """Return who is asking. Nothing is cached: whoever was locked out is out at once.

    What the route declares is required here, where the role alone decides it. `touch=False` is
    for streams, which go on while nobody is there. Raises NotSignedIn, InvalidRequest, NotFound,
    Forbidden, or HTTPException 415.
    """
    actor = await _anybody(request, touch=touch)
    _require_declared(request, actor)
    return actor


async def login_of(request: ConsultRequest) -> Login:
    """Like `actor_of`, for what only somebody signed in by passkey has."""
    authorization, cookie = _presented(request)
    if authorization is not None:
        raise NotSignedIn("A token has no session. Sign in with a passkey.")
    login = await _login_from_cookie(request, cookie, touch=True)
    _require_declared(request, login.actor)
    return login


def refuse_other_pages(request: ConsultRequest) -> None:
    """Guard a route that runs before there is a session, and so before any CSRF token.

    Raises Forbidden, HTTPException 415, or TooMuch for an address that tries too often.
    """
    request.state["limits"].sign_ins.admit(address_of(request))
    refuse_pages_from_elsewhere(request)


def refuse_pages_from_elsewhere(request: ConsultRequest) -> None:
    """The same guard, without counting. Raises Forbidden or HTTPException 415."""
    _refuse_forms(request)
    if _came_from_elsewhere(request):
        raise _refused()


def adopt(request: ConsultRequest, actor: Actor) -> Actor:
    """Take somebody for who asks, who showed so in another way: by a link."""
    vouch(request)
    return _here(request, actor)


async def device_of(request: ConsultRequest) -> UUID | None:
    """Return which tablet the request comes from; None for any other browser."""
    secret = cookie_of(request, DEVICE_COOKIE)
    if secret is None:
        return None
    async with request.state["backends"].database.reads() as session:
        with suppress(NotSignedIn):
            return (await devices.actor_from_device(session, secret))[1].device_id
    return None


def cookie_of(request: ConsultRequest, name: str = COOKIE) -> str | None:
    """Return the session's secret as the browser sent it. Raises InvalidRequest for two."""
    # Starlette would keep the last of several: a cookie planted by a neighbour could win.
    pairs = (part for line in request.headers.getlist("cookie") for part in line.split(";"))
    named = (pair.partition("=") for pair in pairs)
    values = [value.strip() for key, _, value in named if key.strip() == name]
    if len(values) > 1:
        raise InvalidRequest("Two session cookies were sent. Send one.", code="two_cookies")
    return values[0] if values else None


def set_cookie(response: Response, secret: str, name: str = COOKIE) -> None:
    # By hand, because Starlette writes "SameSite=strict". Without Max-Age it ends with the browser.
    response.headers.append("Set-Cookie", f"{name}={secret}; {_ATTRIBUTES}")


def clear_cookie(response: Response) -> None:
    response.headers.append("Set-Cookie", f"{COOKIE}=; {_ATTRIBUTES}; Max-Age=0")
    # Not "storage": that would destroy the photos that still wait to be sent.
    response.headers["Clear-Site-Data"] = '"cache","cookies"'


def csrf_token(request: ConsultRequest, login: LoginSession | DeviceSession) -> str:
    key = request.state["backends"].secret
    return hmac.digest(key, _CSRF_DOMAIN + login.id.bytes, hashlib.sha256).hex()


async def _anybody(request: ConsultRequest, *, touch: bool) -> Actor:
    authorization, cookie = _presented(request)
    if authorization is not None:
        return await _actor_from_bearer(request, authorization, touch=touch)
    try:
        return (await _login_from_cookie(request, cookie, touch=touch)).actor
    except NotSignedIn:
        if actor := await _actor_from_device(request, session_ended=cookie is not None):
            return actor
        raise


def _require_declared(request: ConsultRequest, actor: Actor) -> None:
    declared = declared_by(request.scope.get("endpoint"))
    if declared and declared.action in BY_ROLE:
        require(actor, declared.action)


def _presented(request: ConsultRequest) -> tuple[str | None, str | None]:
    authorizations, cookie = request.headers.getlist("authorization"), cookie_of(request)
    by_cookie = cookie is not None or cookie_of(request, DEVICE_COOKIE) is not None
    if len(authorizations) + by_cookie > 1:
        raise InvalidRequest(
            "Send either the session cookie or one bearer token, not both.",
            code="two_credentials",
        )
    return (authorizations[0] if authorizations else None), cookie


async def _actor_from_bearer(request: ConsultRequest, authorization: str, *, touch: bool) -> Actor:
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("Send the token as: Authorization: Bearer <token>.")
    database = request.state["backends"].database
    async with database.reads() as session:
        actor = await accounts.actor_from_token(
            session, secret.strip(), address=address_of(request)
        )
        due = touch and await accounts.token_touch_is_due(session, actor)
    if due:
        async with database.writes.begin() as session:
            await accounts.touch_token(session, actor)
    vouch(request)
    return _here(request, actor)


async def _login_from_cookie(request: ConsultRequest, cookie: str | None, *, touch: bool) -> Login:
    if cookie is None:
        raise NotSignedIn("Sign in first.")
    database = request.state["backends"].database
    async with database.reads() as session:
        actor, login_session = await accounts.actor_from_session(session, cookie)
    login = Login(_here(request, actor), login_session)
    if request.method not in _SAFE_METHODS:
        _refuse_forgery(request, login.session)
    if touch and accounts.touch_is_due(login.session):
        async with database.writes.begin() as session:
            await accounts.touch(session, login.session)
    vouch(request)
    return login


def _here(request: ConsultRequest, actor: Actor) -> Actor:
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    here = replace(actor, address=address_of(request), request_id=str(request_id))
    request.state["actor"] = here
    return here


async def _actor_from_device(request: ConsultRequest, *, session_ended: bool) -> Actor | None:
    """Return the tablet as actor, if its cookie came; it may do little, and read nothing.

    What the best-placed tablet may not do is refused here, for every route alike. Where a
    person's session has just ended, a page that reads must hear of that and of nothing else.
    """
    secret = cookie_of(request, DEVICE_COOKIE)
    if secret is None or (session_ended and request.method in _SAFE_METHODS):
        return None
    async with request.state["backends"].database.reads() as session:
        actor, device_session = await devices.actor_from_device(session, secret)
    declared = declared_by(request.scope.get("endpoint"))
    if not declared or not ask(actor, declared.action, relation=Relation.MEMBER).allowed:
        raise Forbidden("This tablet sends photos and reads nothing. Sign in to read.")
    if request.method not in _SAFE_METHODS:
        _refuse_forgery(request, device_session)
    return _here(request, actor)


def _refuse_forgery(request: ConsultRequest, login: LoginSession | DeviceSession) -> None:
    _refuse_forms(request)
    if _came_from_elsewhere(request) is not False:
        raise _refused()
    presented = request.headers.get("x-csrf-token", "").encode()
    if not hmac.compare_digest(presented, csrf_token(request, login).encode()):
        raise _refused()


def _came_from_elsewhere(request: ConsultRequest) -> bool | None:
    """Tell whether another page made the request; None when nothing says where it came from.

    SameSite does not tell ports or subdomains apart, these two headers do.
    """
    if site := request.headers.get("sec-fetch-site"):
        return site != "same-origin"
    if origin := request.headers.get("origin"):
        return origin != request.state["backends"].settings.public_url
    return None


def _refuse_forms(request: ConsultRequest) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type in _FORM_TYPES:
        raise HTTPException(415, "Send JSON, or the bytes of a photo, with their own content type.")


def _refused() -> Forbidden:
    return Forbidden(
        "This request did not come from Consult's own page. Reload the page and try again.",
        code="csrf_refused",
    )
