"""Services: the teams that answer, their times and texts, and who of them is on duty."""

from consult.services.changing import (
    ServiceWish,
    add_service,
    change_service,
)
from consult.services.reading import (
    calendar_of,
    get_service,
    level_of,
    list_services,
    zone_of,
)
from consult.services.roster import (
    HORIZON,
    ShiftWish,
    add_shift,
    any_gap_soon,
    cancel_shift,
    gaps_of,
    list_shifts,
    list_team,
    on_duty,
    person_to_page,
)

__all__ = [
    "HORIZON",
    "ServiceWish",
    "ShiftWish",
    "add_service",
    "add_shift",
    "any_gap_soon",
    "calendar_of",
    "cancel_shift",
    "change_service",
    "gaps_of",
    "get_service",
    "level_of",
    "list_services",
    "list_shifts",
    "list_team",
    "on_duty",
    "person_to_page",
    "zone_of",
]
