"""A consult with everything in it, and everybody who stands around it: new ones each time.

Everything that is written there is a canary: whoever may not read it must never see the word.
"""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from consult import devices
from consult.clinical.workflow.service_levels import Rung
from consult.models import (
    Advice,
    BreakGlass,
    Consult,
    Credential,
    Delivery,
    Disposition,
    GlassReason,
    Handover,
    Participant,
    PatientOutcome,
    PrivateText,
    Role,
    Service,
    Shift,
    User,
    Webhook,
    now,
    private,
)
from tests.api.authorization.server import Server
from tests.factories import Somebody, make_proxy, make_somebody
from tests.imaging.photos import make_jpeg
from tests.resumable import metadata

PHOTO = make_jpeg(48, 32)
SOON = timedelta(hours=1)

ROLES = {
    "patient": Role.PATIENT,
    "other_patient": Role.PATIENT,
    "parent": Role.PATIENT,
    "crew": Role.EMS,
    "other_crew": Role.EMS,
    "specialist": Role.SPECIALIST,
    "other_specialist": Role.SPECIALIST,
    "guest": Role.SPECIALIST,
    "coordinator": Role.COORDINATOR,
    "admin": Role.ADMIN,
    "device": Role.DEVICE,
    "newcomer": Role.PATIENT,
    "colleague": Role.SPECIALIST,
}
"""The newcomer is in nothing: somebody to be listed, shut out and given codes."""


@dataclass
class World:
    server: Server
    people: dict[str, Somebody]
    ids: dict[str, str] = field(default_factory=dict[str, str])
    """What the paths of the routes name."""
    link: str = ""
    """By which photos are asked for."""
    canary: str = field(default_factory=lambda: f"Canary{secrets.token_hex(8)}")

    def __getitem__(self, name: str) -> Somebody:
        return self.people[name]

    @property
    def consult_id(self) -> UUID:
        return UUID(self.ids["consult_id"])

    async def let_in(self, name: str, **more: Any) -> None:
        """Put somebody into the consult behind the back of the service."""
        user_id = self[name].user.id
        seat = Participant(consult_id=self.consult_id, user_id=user_id, in_the_open=True, **more)
        await self.keep(seat)

    async def private(self, words: str) -> PrivateText:
        """Words about whomever the consult is about."""
        async with self.server.backends.database.reads() as session:
            consult = await session.get_one(Consult, self.consult_id)
        return private(words, consult.subject_id)

    async def keep(self, *rows: Any) -> None:
        async with self.server.backends.database.writes.begin() as session:
            session.add_all(rows)

    async def change(self, table: type[Any], key: object, **values: Any) -> None:
        async with self.server.backends.database.writes.begin() as session:
            row = await session.get_one(table, key)
            for name, value in values.items():
                setattr(row, name, value)


async def make_people(server: Server) -> dict[str, Somebody]:
    domain = f"{secrets.token_hex(6)}.test"
    return {
        name: await make_somebody(
            server.backends,
            server.client,
            name.replace("_", " "),
            role,
            domain=domain,
            ours=name != "guest",
        )
        for name, role in ROLES.items()
    }


async def make_world(
    server: Server, people: dict[str, Somebody] | None = None, *, taken: bool = True
) -> World:
    """A consult that the crew opened about the patient, with a photo, and an answer if `taken`.

    A guest sits in it, and a parent acts for the patient.
    """
    world = World(server, people or await make_people(server))
    word, patient = world.canary, world["patient"]
    consult_id = await world["crew"].open_consult(
        patient_id=str(patient.user.id), reason=f"{word} reason"
    )
    said = await patient.say(consult_id, f"{word} message")
    photo = await patient.attach(consult_id, PHOTO, note=f"{word} note")
    await world["crew"].say(consult_id, f"{word} quietly", audience="clinicians")
    if taken:
        await world["specialist"].say(consult_id, f"{word} answer")
    agreed = {"purpose": "care", "given": True, "method": "tap"}
    answer = await patient.request("POST", f"/api/consults/{consult_id}/consents", json=agreed)
    assert answer.status_code == 201, answer.text
    world.ids = {"consult_id": consult_id, "photo_id": photo["id"], "message_id": said["id"]}
    world.ids["upload_id"] = await _upload_of(world)
    await _ask_for_more(world)
    await _stand_around(world, giver="specialist" if taken else "crew")
    return world


async def _upload_of(world: World) -> str:
    """A photo that the patient has begun to send in pieces."""
    said = metadata(photo_id=uuid4(), consult_id=world.consult_id, note=f"{world.canary} piece")
    length = {"Upload-Length": str(len(PHOTO)), "Tus-Resumable": "1.0.0"}
    headers = length | {"Upload-Metadata": said}
    answer = await world["patient"].request("POST", "/api/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rpartition("/")[2]


async def _ask_for_more(world: World) -> None:
    """Photos are asked for, one was rejected, and what became of the patient as well."""
    sent = await world["patient"].attach(str(world.consult_id), make_jpeg(32, 48))
    verdict = {"verdict": "rejected", "reason": "blurred"}
    answer = await world["specialist"].post(f"/api/photos/{sent['id']}/review", **verdict)
    assert answer.status_code == 201, answer.text
    wish = {"purpose": "follow_up", "addressee": "patient", "due_at": tomorrow()}
    asked = await world["specialist"].post(f"/api/consults/{world.consult_id}/requests", **wish)
    assert asked.status_code == 201, asked.text
    await world.keep(PatientOutcome(consult_id=world.consult_id))
    world.link = asked.json()["link"]
    world.ids |= {"rejected_id": sent["id"], "request_id": asked.json()["items"][0]["id"]}


async def _stand_around(world: World, *, giver: str) -> None:
    until = now() + SOON
    await world.let_in(
        "guest",
        granted_by=world[giver].user.id,
        purpose=await world.private("opinion"),
        expires_at=until,
    )
    proxy = await make_proxy(world.server.backends, world["patient"], world["parent"])
    async with world.server.backends.database.writes.begin() as session:
        device, _ = await devices.add_device(session, name="Medic 12")
    glass = BreakGlass(
        user_id=world["device"].user.id,  # nobody who is asked: whoever reviews it, it was not them
        consult_id=world.consult_id,
        reason_code=GlassReason(next(iter(GlassReason))),
        reason_text=await world.private("Somebody came in burnt"),
        expires_at=until,
        review_due_at=until,
    )
    await world.keep(glass)
    await give_passkeys(world, world["parent"].user)
    world.ids |= {
        "patient_id": str(world["patient"].user.id),
        "proxy_id": str(proxy.id),
        "user_id": str(world["newcomer"].user.id),
        "device_id": str(device.id),
        "glass_id": str(glass.id),
        **await _team(world),
        # Somebody's, and of nobody who asks: their own they are given when they sign in.
        "passkey_id": fresh_id(),
        "session_id": fresh_id(),
    }


async def _team(world: World) -> dict[str, str]:
    """A service with somebody on duty who hands over, a webhook, and advice in the consult."""
    people, at = world.people, now()
    service = Service(name=secrets.token_hex(8))
    await world.keep(service)
    who = people["specialist"].user.id
    shift = Shift(
        service_id=service.id, user_id=who, rung=Rung.PRIMARY, starts_at=at, ends_at=at + SOON
    )
    handover = Handover(
        service_id=service.id,
        from_id=people["coordinator"].user.id,
        to_id=people["colleague"].user.id,
        due_at=at + SOON,
    )
    webhook = Webhook(service_id=service.id, url="https://example.org/hook")
    await world.keep(webhook)
    delivery = Delivery(webhook_id=webhook.id, body="{}")
    words = await world.private(f"{world.canary} advice")
    draft, signed = (
        Advice(
            id=uuid4(),
            consult_id=world.consult_id,
            author_id=who,
            text=words,
            disposition=Disposition.CLINIC,
            signed_at=signed_at,
            number=1 if signed_at else None,
        )
        for signed_at in (None, at)
    )
    await world.keep(shift, handover, delivery, draft, signed)
    return {
        "service_id": str(service.id),
        "shift_id": str(shift.id),
        "handover_id": str(handover.id),
        "webhook_id": str(webhook.id),
        "delivery_id": str(delivery.id),
        "advice_id": str(draft.id),
        "signed_id": str(signed.id),
    }


async def give_passkeys(world: World, user: User) -> str:
    """Two that nobody holds, so that one can be taken away; the id of the first."""
    settings = world.server.settings
    passkeys = [
        Credential(
            user_id=user.id,
            credential_id=secrets.token_bytes(32),
            public_key=secrets.token_bytes(77),
            backup_eligible=True,
            backed_up=True,
            rp_id=settings.rp_id,
            name=private("Passkey", user.id),
        )
        for _ in range(2)
    ]
    await world.keep(*passkeys)
    return str(passkeys[0].id)


async def hide_from_proxies(world: World) -> None:
    await world.change(Consult, world.consult_id, confidential=True)


def tomorrow() -> str:
    return (now() + timedelta(days=1)).isoformat()


def fresh_id() -> str:
    return str(uuid4())
