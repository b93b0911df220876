"""What accounts show on the wire."""

from typing import Self
from uuid import UUID

from api.auth import Login, csrf_token
from api.shapes import Shape, Time
from api.state import ConsultRequest
from consult import accounts
from consult.models import Actor, Credential, LoginSession, Proof, Role


class Me(Shape):
    id: UUID
    name: str
    email: str | None
    role: Role

    @classmethod
    def of(cls, actor: Actor) -> Self:
        return cls(id=actor.user_id, name=actor.name, email=actor.email, role=actor.role)


class SessionRead(Shape):
    user: Me
    csrf_token: str
    """Goes with every unsafe request as `X-CSRF-Token`."""
    created_at: Time
    idle_expires_at: Time
    expires_at: Time
    fresh_until: Time | None
    """Until then no passkey is asked for again; null when it will be, or would not help."""
    device_id: UUID | None
    """The tablet of an ambulance that this session began on."""

    @classmethod
    def of(cls, request: ConsultRequest, login: Login) -> Self:
        idle, absolute = accounts.expiry_of(login.session, login.actor.role)
        proved_at = login.session.proved_at
        fresh = login.actor.proof is Proof.FRESH and proved_at is not None
        return cls(
            user=Me.of(login.actor),
            csrf_token=csrf_token(request, login.session),
            created_at=login.session.created_at,
            idle_expires_at=min(idle, absolute),
            expires_at=absolute,
            fresh_until=proved_at + accounts.FRESH_FOR if fresh and proved_at else None,
            device_id=login.session.device_id,
        )


class SessionSummary(Shape):
    id: UUID
    device: str
    """Browser and system, such as "Firefox on Windows"."""
    created_at: Time
    seen_at: Time
    current: bool

    @classmethod
    def of(cls, login: LoginSession, actor: Actor) -> Self:
        return cls(
            id=login.id,
            device=login.device,
            created_at=login.created_at,
            seen_at=login.seen_at,
            current=login.id == actor.via_id,
        )


class SessionList(Shape):
    sessions: list[SessionSummary]


class PasskeyRead(Shape):
    id: UUID
    name: str
    created_at: Time
    last_used_at: Time | None
    backed_up: bool
    """Kept by a password manager or an account of the system: it outlives this device."""
    current: bool
    """The one that opened this session."""
    usable_from: Time | None

    @classmethod
    def of(cls, row: Credential, *, current: bool = False) -> Self:
        return cls(
            id=row.id,
            name=row.name,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            backed_up=row.backed_up,
            current=current,
            usable_from=row.usable_from,
        )
