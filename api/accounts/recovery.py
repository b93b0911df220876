"""The way back in: saved codes, a link by mail, and a new passkey on two proofs."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from starlette.responses import Response
from starlette.routing import Route

from api.accounts.ceremonies import CredentialJSON, Secret, burn, sign_in
from api.accounts.shapes import PasskeyRead, SessionRead
from api.auth import login_of, refuse_other_pages, set_cookie
from api.bodies import Body, read_json
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import accounts
from consult.access import Action, require

Proofs = Annotated[list[Secret], Field(min_length=2, max_length=2)]
"""Two by different methods: the link's secret, a saved code, a witness's code, a card's."""


class RecoveryAsk(Body):
    email: Annotated[str, Field(min_length=1, max_length=254)]


class RecoveryStart(Body):
    proofs: Proofs


class Recovery(Body):
    proofs: Proofs
    credential: CredentialJSON
    lost: Annotated[tuple[UUID, ...], Field(max_length=50)] = ()
    """Passkeys that are not to work any more."""


class RecoveryOptions(Shape):
    options: dict[str, Any]
    """`PublicKeyCredentialCreationOptionsJSON`."""
    passkeys: list[PasskeyRead]
    """What may be named as lost."""


class RecoveryRead(Shape):
    session: SessionRead | None
    """Null while the passkey has to wait."""
    usable_from: Time | None
    read_only_until: Time | None
    """An administrator changes nothing before this."""


class SavedCodes(Shape):
    """Shown once: they are not kept here."""

    codes: list[str]


class SavedCodesLeft(Shape):
    left: int


@operation(
    "Ask for a recovery link by mail. The answer is the same whoever has this address.",
    action=Action.COME_IN,
    takes=RecoveryAsk,
    status=202,
    errors=(400, 403, 415, 422),
)
async def post_recovery(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, RecoveryAsk), request.state["backends"]
    async with backends.database.writes.begin() as session:
        await accounts.ask_to_recover(session, backends.jobs, backends.secret, body.email)
    return Response(status_code=202)


@operation(
    "Show two proofs, and ask what to make a passkey with. Neither is used up.",
    action=Action.COME_IN,
    takes=RecoveryStart,
    returns=RecoveryOptions,
    errors=(400, 403, 415, 422),
)
async def post_recovery_options(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, RecoveryStart), request.state["backends"]
    async with backends.database.writes.begin() as session:
        options, rows = await accounts.recovery_options(session, backends.settings, *body.proofs)
    return RecoveryOptions(
        options=options, passkeys=[PasskeyRead.of(row) for row in rows]
    ).response()


@operation(
    "Bind a new passkey on two proofs; every session ends, and every address is told.",
    action=Action.COME_IN,
    takes=Recovery,
    returns=RecoveryRead,
    status=201,
    errors=(400, 401, 403, 415, 422),
)
async def post_recovery_passkey(request: ConsultRequest) -> Response:
    refuse_other_pages(request)
    body, backends = await read_json(request, Recovery), request.state["backends"]
    answered = await burn(request, body.credential)
    secret, login = None, None
    async with backends.database.writes.begin() as session:
        user, passkey = await accounts.recover(
            session,
            backends.jobs,
            backends.settings,
            first=body.proofs[0],
            second=body.proofs[1],
            credential=body.credential,
            answered=answered,
            lost=body.lost,
        )
        if passkey.usable_from is None:
            secret, login = await sign_in(request, session, user, passkey)
    response = RecoveryRead(
        session=SessionRead.of(request, login) if login else None,
        usable_from=passkey.usable_from,
        read_only_until=user.read_only_until,
    ).response(201)
    if secret:
        set_cookie(response, secret)
    return response


@operation(
    "Ask how many of my saved codes are left.",
    action=Action.ACCOUNT_READ,
    returns=SavedCodesLeft,
    errors=(400,),
)
async def get_saved_codes(request: ConsultRequest) -> Response:
    login = await login_of(request)
    require(login.actor, Action.ACCOUNT_READ)
    async with request.state["backends"].database.reads() as session:
        left = await accounts.count_saved_codes(session, login.actor)
    return SavedCodesLeft(left=left).response()


@operation(
    "Make eight codes to write down, in the place of any before.",
    action=Action.ACCOUNT_CHANGE,
    returns=SavedCodes,
    status=201,
    errors=(400, 403, 415),
)
async def post_saved_codes(request: ConsultRequest) -> Response:
    login, backends = await login_of(request), request.state["backends"]
    require(login.actor, Action.ACCOUNT_CHANGE)
    async with backends.database.writes.begin() as session:
        codes = await accounts.make_saved_codes(session, backends.jobs, login.actor)
    return SavedCodes(codes=codes).response(201)


routes = [
    Route("/api/recovery", post_recovery, methods=["POST"]),
    Route("/api/recovery/options", post_recovery_options, methods=["POST"]),
    Route("/api/recovery/passkey", post_recovery_passkey, methods=["POST"]),
    Route("/api/recovery/codes", get_saved_codes),
    Route("/api/recovery/codes", post_saved_codes, methods=["POST"]),
]
