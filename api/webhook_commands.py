"""The commands about webhooks. They are the operator's: nobody is asked for a role."""

import argparse

from consult import services, webhooks
from consult.bootstrap import Backends
from consult.errors import NotFound
from consult.models import DEFAULT_SERVICE


async def webhook_add(backends: Backends, args: argparse.Namespace) -> None:
    private = backends.settings.webhook_private_networks
    async with backends.database.writes.begin() as session:
        try:
            service = await services.get_service(session, args.service or DEFAULT_SERVICE)
        except NotFound:
            raise NotFound("No service has this id.") from None
        webhook = await webhooks.add_webhook(session, service, args.url, private=private)
    print("Keep this secret where the receiver checks signatures. It is not shown again:")
    print(webhooks.secret_of(backends.secret, webhook))


async def webhook_list(backends: Backends, _: argparse.Namespace) -> None:
    async with backends.database.reads() as session:
        for service in await services.list_services(session):
            for webhook in await webhooks.list_webhooks(session, service):
                print(f"{webhook.id}  {service.name}  {webhook.url}")


async def webhook_end(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        try:
            webhook = await webhooks.get_webhook(session, args.id)
        except NotFound:
            raise NotFound("No webhook has this id. `consult webhook list` shows them.") from None
        await webhooks.end_webhook(session, webhook)
    print("Ended. Nothing is sent there any more.")
