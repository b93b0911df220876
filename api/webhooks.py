"""Webhooks of a service: where pages go besides the mailbox, and how each of them fared."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from starlette.responses import Response
from starlette.routing import Route

from api.auth import actor_of
from api.bodies import Body, Query, read_json, read_query
from api.openapi import operation
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import services, webhooks
from consult.access import Action
from consult.models import Attempt, Delivery, Webhook


class WebhookPost(Body):
    url: Annotated[str, StringConstraints(min_length=8, max_length=1000)]


class WebhookRead(Shape):
    id: UUID
    service_id: UUID
    url: str
    added_at: Time


class WebhookSecret(WebhookRead):
    secret: str
    """Shown this once. Keep it where the receiver checks signatures (Standard Webhooks)."""


class WebhookList(Shape):
    items: list[WebhookRead]


class AttemptRead(Shape):
    number: int
    at: Time
    status: int | None
    error: str
    milliseconds: int


class DeliveryRead(Shape):
    id: UUID
    """The `webhook-id` of every attempt."""
    created_at: Time
    delivered_at: Time | None
    given_up_at: Time | None
    next_at: Time | None
    attempts: list[AttemptRead]

    @classmethod
    def of(cls, delivery: Delivery, attempts: list[Attempt]) -> "DeliveryRead":
        plain = delivery.model_dump(include=set(cls.model_fields))
        log = [AttemptRead(**one.model_dump(exclude={"delivery_id"})) for one in attempts]
        return cls(**plain, attempts=log)


class DeliveryList(Shape):
    items: list[DeliveryRead]


class DeliveryQuery(Query):
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@operation(
    "List the webhooks of a service. Their secrets are not shown again.",
    action=Action.WEBHOOK_READ,
    returns=WebhookList,
    errors=(404,),
)
async def get_webhooks(request: ConsultRequest) -> Response:
    await actor_of(request)
    async with request.state["backends"].database.reads() as session:
        service = await services.get_service(session, request.path_params["service_id"])
        rows = await webhooks.list_webhooks(session, service)
    return WebhookList(items=[WebhookRead(**_plain(row)) for row in rows]).response()


@operation(
    "Add a webhook; the answer holds its secret, this once.",
    action=Action.WEBHOOK_CHANGE,
    takes=WebhookPost,
    returns=WebhookSecret,
    status=201,
    errors=(404, 422),
)
async def post_webhook(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    wish = await read_json(request, WebhookPost)
    private = backends.settings.webhook_private_networks
    async with backends.database.writes.begin() as session:
        service = await services.get_service(session, request.path_params["service_id"])
        webhook = await webhooks.add_webhook(
            session, service, wish.url, private=private, actor=actor
        )
    return _with_secret(backends.secret, webhook).response(201)


@operation(
    "Give a webhook a new secret; the old one signs nothing any more.",
    action=Action.WEBHOOK_CHANGE,
    returns=WebhookSecret,
    status=201,
    errors=(404,),
)
async def post_secret(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        webhook = await webhooks.get_webhook(session, request.path_params["webhook_id"])
        await webhooks.renew_secret(session, webhook, actor=actor)
    return _with_secret(backends.secret, webhook).response(201)


@operation("End a webhook.", action=Action.WEBHOOK_CHANGE, status=204, errors=(404,))
async def delete_webhook(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        webhook = await webhooks.get_webhook(session, request.path_params["webhook_id"])
        await webhooks.end_webhook(session, webhook, actor=actor)
    return Response(status_code=204)


@operation(
    "Read what was sent to a webhook, attempt by attempt, the newest first.",
    action=Action.WEBHOOK_READ,
    query=DeliveryQuery,
    returns=DeliveryList,
    errors=(404, 422),
)
async def get_deliveries(request: ConsultRequest) -> Response:
    await actor_of(request)
    query = read_query(request, DeliveryQuery)
    async with request.state["backends"].database.reads() as session:
        webhook = await webhooks.get_webhook(session, request.path_params["webhook_id"])
        rows = await webhooks.list_deliveries(session, webhook, limit=query.limit)
    return DeliveryList(items=[DeliveryRead.of(*row) for row in rows]).response()


@operation(
    "Send it again, under the same id.", action=Action.WEBHOOK_READ, status=202, errors=(404, 409)
)
async def post_redelivery(request: ConsultRequest) -> Response:
    backends, actor = request.state["backends"], await actor_of(request)
    async with backends.database.writes.begin() as session:
        delivery_id = request.path_params["delivery_id"]
        await webhooks.redeliver(session, backends.jobs, delivery_id, actor=actor)
    return Response(status_code=202)


def _with_secret(key: bytes, webhook: Webhook) -> WebhookSecret:
    return WebhookSecret(**_plain(webhook), secret=webhooks.secret_of(key, webhook))


def _plain(webhook: Webhook) -> dict[str, Any]:
    return webhook.model_dump(include=set(WebhookRead.model_fields))


routes = [
    Route("/api/services/{service_id:uuid}/webhooks", get_webhooks),
    Route("/api/services/{service_id:uuid}/webhooks", post_webhook, methods=["POST"]),
    Route("/api/webhooks/{webhook_id:uuid}/secret", post_secret, methods=["POST"]),
    Route("/api/webhooks/{webhook_id:uuid}", delete_webhook, methods=["DELETE"]),
    Route("/api/webhooks/{webhook_id:uuid}/deliveries", get_deliveries),
    Route("/api/deliveries/{delivery_id:uuid}/redelivery", post_redelivery, methods=["POST"]),
]
