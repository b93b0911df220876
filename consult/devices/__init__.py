"""The tablets of ambulances: enrolled once, they send before anybody signs in, and read nothing."""

from consult.devices.claiming import Uploads, claim_uploads, unclaimed_uploads
from consult.devices.enrolment import (
    add_device,
    enrol_device,
    list_devices,
    renew_code,
    revoke_device,
)
from consult.devices.key import Purpose, message_of
from consult.devices.proving import (
    SESSION_LIFETIME,
    Answer,
    actor_from_device,
    burn_challenge,
    device_refused,
    make_challenge,
    prove,
)

__all__ = [
    "SESSION_LIFETIME",
    "Answer",
    "Purpose",
    "Uploads",
    "actor_from_device",
    "add_device",
    "burn_challenge",
    "claim_uploads",
    "device_refused",
    "enrol_device",
    "list_devices",
    "make_challenge",
    "message_of",
    "prove",
    "renew_code",
    "revoke_device",
    "unclaimed_uploads",
]
