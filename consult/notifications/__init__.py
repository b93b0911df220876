"""Who hears of what, and in which words. A notice never carries health information."""

from consult.notifications.hearing import (
    SEND_ALERT,
    SEND_DIGEST,
    SEND_NOTICE,
    SEND_PAGE,
    alert,
    consult_opened,
    glass_broken,
    page,
    patients_side,
    something_new,
    tell,
)
from consult.notifications.letters import Words, anchor_notice, notice

__all__ = [
    "SEND_ALERT",
    "SEND_DIGEST",
    "SEND_NOTICE",
    "SEND_PAGE",
    "Words",
    "alert",
    "anchor_notice",
    "consult_opened",
    "glass_broken",
    "notice",
    "page",
    "patients_side",
    "something_new",
    "tell",
]
