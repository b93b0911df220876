"""A consult with everything in it, and everybody who stands around it.

Everything that is written there is a canary: whoever may not read it must never see the word.
"""

import secrets
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from consult import accounts
from consult.models import Participant, Role, User
from tests.api.authorization.server import Server
from tests.factories import Somebody
from tests.imaging.photos import make_jpeg

PHOTO = make_jpeg(48, 32)


@dataclass
class World:
    server: Server
    people: dict[str, Somebody]
    ids: dict[str, str] = field(default_factory=dict[str, str])
    """`consult_id`, `photo_id`, `message_id`: what the paths of the routes name."""
    canary: str = field(default_factory=lambda: f"Canary{secrets.token_hex(8)}")

    def __getitem__(self, name: str) -> Somebody:
        return self.people[name]

    async def let_in(self, name: str) -> None:
        """Make somebody a member behind the back of the service."""
        async with self.server.backends.database.writes.begin() as session:
            session.add(
                Participant(
                    consult_id=UUID(self.ids["consult_id"]),
                    user_id=self[name].user.id,
                    in_the_open=True,
                )
            )


ROLES = {
    "patient": Role.PATIENT,
    "other_patient": Role.PATIENT,
    "crew": Role.EMS,
    "other_crew": Role.EMS,
    "specialist": Role.SPECIALIST,
    "other_specialist": Role.SPECIALIST,
    "former_specialist": Role.SPECIALIST,
    "coordinator": Role.COORDINATOR,
    "admin": Role.ADMIN,
    "device": Role.DEVICE,
}


async def make_people(server: Server) -> dict[str, Somebody]:
    return {name: await make_somebody(server, name, role) for name, role in ROLES.items()}


async def make_somebody(server: Server, name: str, role: Role) -> Somebody:
    email = f"{name}.{secrets.token_hex(4)}@consult.test"
    async with server.backends.database.writes.begin() as session:
        user = await accounts.add_user(session, email=email, name=name, role=role)
        token = await accounts.create_token(session, user, name="test")
    return Somebody(user, server.client, token)


async def make_world(server: Server, people: dict[str, Somebody], *, taken: bool = True) -> World:
    """A consult that the crew opened about the patient, with a photo, and an answer if `taken`."""
    world = World(server, people)
    word = world.canary
    consult_id = await people["crew"].open_consult(
        patient_id=str(people["patient"].user.id), reason=f"{word} reason"
    )
    said = await people["patient"].say(consult_id, f"{word} message")
    photo = await people["patient"].attach(consult_id, PHOTO, note=f"{word} note")
    await people["crew"].say(consult_id, f"{word} quietly", audience="clinicians")
    if taken:
        await people["specialist"].say(consult_id, f"{word} answer")
    world.ids = {"consult_id": consult_id, "photo_id": photo["id"], "message_id": said["id"]}
    return world


async def open_session(server: Server, user: User) -> dict[str, str]:
    """Sign in without a passkey; what a browser on our own page sends from then on."""
    async with server.backends.database.writes.begin() as session:
        secret = await accounts.open_session(session, user)
    cookie = {"Cookie": f"__Host-session={secret}"}
    answer = await server.client.get("/api/session", headers=cookie)
    own_page = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": answer.json()["csrf_token"]}
    return cookie | own_page


def fresh_id() -> str:
    return str(uuid4())
