"""The burn centre of the stories: what it promises, and who of it is on duty."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.demo.operator import Person
from api.demo.stage import ZONE
from api.demo.telling import say

TELEPHONE = "+1 312 555 0147"


def found_centre(coordinator: Person, supervisor: Person) -> str:
    """Give the service that every installation has its name, zone and telephone; its id."""
    (service,) = coordinator.client.get("/api/services")["items"]
    coordinator.client.put(
        f"/api/services/{service['id']}",
        {
            "name": "Lakeside Burn Centre",
            "time_zone": ZONE.key,
            "telephone": TELEPHONE,
            "supervisor_id": supervisor.id,
        },
    )
    return service["id"]


def put_on_duty(
    coordinator: Person,
    service_id: str,
    duty: Mapping[str, Person],
    *,
    starts: datetime,
    ends: datetime,
) -> None:
    """`duty`: who stands on which rung. Both times are by the clocks of the burn centre."""
    for rung, person in duty.items():
        shift = {
            "user_id": person.id,
            "rung": rung,
            "starts": starts.replace(tzinfo=None).isoformat(),
            "ends": ends.replace(tzinfo=None).isoformat(),
        }
        coordinator.client.post(f"/api/services/{service_id}/shifts", shift)
        say(f"On call as {rung}: {person.name}")


def level(coordinator: Person, priority: str) -> dict[str, Any]:
    """What the centre promises, in minutes."""
    (service,) = coordinator.client.get("/api/services")["items"]
    return service["levels"][priority]
