"""Who calls, and what each is to get from each route: written down by hand, not worked out.

To add a kind of caller is to add one entry to ACTORS; what its `answers` do not name, it is
refused. A new route needs a row in the answers of each who may, and a body in BODIES if it
takes one; until then everybody is expected to be refused there.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.api.authorization.callers import (
    Caller,
    a_link,
    a_made_up_session,
    a_made_up_token,
    a_narrow_token,
    a_revoked_token,
    a_tablet,
    after,
    an_ended_session,
    an_expired_token,
    an_old_session,
    another_scheme,
    both_at_once,
    nobody,
    session_of,
    shut_out,
    the_guest_is_sent_away,
    the_guests_time_is_over,
    the_parents_part_ends,
    the_patient_keeps_it_to_themselves,
    token_of,
    whoever_asked_the_guest_in_leaves,
)
from tests.api.authorization.world import PHOTO, World, fresh_id, tomorrow
from tests.resumable import metadata

Answers = dict[str, int]

CONSULT = "/api/consults/{consult_id}"
A_PHOTO = "/api/photos/{photo_id}"
PATIENT = "/api/patients/{patient_id}"
USER = "/api/users/{user_id}"
DEVICE = "/api/devices/{device_id}"
REQUEST = f"{CONSULT}/requests/{{request_id}}"
SERVICE = "/api/services/{service_id}"
UPLOAD = "/api/uploads/{upload_id}"

PUBLIC: dict[str, set[int]] = {
    "GET /livez": {200},
    "GET /readyz": {200},
    "GET /api/openapi.json": {200},
    # Nobody who has no invitation, passkey, code or key comes in here, whoever they are besides.
    "POST /api/passkeys/registration/options": {400},
    "POST /api/passkeys/registration": {400, 401},
    "POST /api/passkeys/authentication/options": {200},
    "POST /api/passkeys/authentication": {400, 401},
    "POST /api/recovery": {202},
    "OPTIONS /api/uploads": {204},
    "POST /api/recovery/options": {400},
    "POST /api/recovery/passkey": {400, 401},
    "POST /api/devices/challenge": {200},
    "POST /api/devices/enrolment": {401},
    "POST /api/devices/session": {401},
    # By a link, and by nothing else that anybody has besides.
    "POST /api/link/opening": {401},
    "POST /api/link/outcome": {401},
    "PUT /api/link/photos/{photo_id}": {401},
    "PUT /api/link/photos/{photo_id}/preview": {401},
}
"""Answered to everybody in the same way."""

GUESSED: dict[str, Any] = {"challenge": "guessed", "signature": "AAAA"}
AGREED = {"purpose": "teaching", "given": True, "method": "signature"}
BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "POST /api/passkeys/registration/options": lambda _: {"json": {"token": "guessed"}},
    "POST /api/passkeys/registration": lambda _: {"json": {"token": "guessed", "credential": {}}},
    "POST /api/passkeys/authentication/options": lambda _: {"json": {}},
    "POST /api/passkeys/authentication": lambda _: {"json": {"credential": {}}},
    "POST /api/passkeys/options": lambda _: {"json": {}},
    "POST /api/passkeys": lambda _: {"json": {"credential": {}}},
    "POST /api/passkeys/step-up/options": lambda _: {"json": {}},
    "POST /api/passkeys/step-up": lambda _: {"json": {"credential": {}}},
    "PATCH /api/passkeys/{passkey_id}": lambda _: {"json": {"name": "My phone"}},
    "POST /api/recovery": lambda _: {"json": {"email": "nobody@consult.test"}},
    "POST /api/recovery/options": lambda _: {"json": {"proofs": ["guessed", "again"]}},
    "POST /api/recovery/passkey": lambda _: {
        "json": {"proofs": ["guessed", "again"], "credential": {}}
    },
    "POST /api/users": lambda _: {"json": {"name": "Somebody New", "role": "patient"}},
    f"POST {USER}/codes": lambda _: {"json": {"kind": "printed"}},
    f"POST {USER}/witness": lambda _: {"json": {"reason": "lost"}},
    "POST /api/devices": lambda _: {"json": {"name": "Medic 9"}},
    "POST /api/devices/challenge": lambda _: {"json": {}},
    "POST /api/devices/enrolment": lambda _: {
        "json": {"token": "guessed", "public_key": "AAAA"} | GUESSED
    },
    "POST /api/devices/session": lambda world: {
        "json": {"device_id": world.ids["device_id"]} | GUESSED
    },
    "POST /api/uploads/claim": lambda _: {"json": {}},
    "POST /api/uploads": lambda world: {"headers": beginning(world)},
    f"HEAD {UPLOAD}": lambda _: {"headers": TUS},
    f"PATCH {UPLOAD}": lambda _: {"headers": TUS | PIECE, "content": PHOTO[:1]},
    f"DELETE {UPLOAD}": lambda _: {"headers": TUS},
    "POST /api/consults": lambda _: {"json": {"kind": "emergency"}},
    f"POST {CONSULT}/close": lambda _: {"json": {"code": "told_by_telephone"}},
    f"POST {CONSULT}/steps": lambda _: {"json": {"step": "request_transfer"}},
    f"PUT {CONSULT}/advice/{{advice_id}}": lambda _: {
        "json": {"text": "Cool it.", "disposition": "clinic"}
    },
    "POST /api/services": lambda _: {"json": {"name": secrets.token_hex(8)}},
    f"PUT {SERVICE}": lambda _: {"json": {"name": secrets.token_hex(8)}},
    f"POST {SERVICE}/shifts": lambda world: {
        "json": {
            "user_id": str(world["specialist"].user.id),
            "rung": "backup",
            "starts": "2027-03-28T00:00",
            "ends": "2027-03-28T08:00",
        }
    },
    f"POST {SERVICE}/handovers": lambda world: {"json": {"to_id": str(world["colleague"].user.id)}},
    f"POST {SERVICE}/webhooks": lambda _: {"json": {"url": "https://example.org/hook"}},
    "PUT /api/me/notices": lambda _: {"json": {"events": {"news": "digest"}}},
    f"POST {CONSULT}/confidential": lambda _: {"json": {"confidential": False}},
    f"POST {CONSULT}/consents": lambda _: {"json": AGREED},
    f"POST {CONSULT}/seats": lambda world: {
        "json": {"email": world["guest"].user.email, "purpose": "opinion"}
    },
    f"POST {CONSULT}/break-glass": lambda _: {
        "json": {"reason": "emergency", "text": "It cannot wait any longer."}
    },
    "POST /api/break-glass/{glass_id}/review": lambda _: {"json": {"outcome": "justified"}},
    f"POST {CONSULT}/requests": lambda _: {
        "json": {"purpose": "follow_up", "addressee": "patient", "due_at": tomorrow()}
    },
    f"POST {REQUEST}/link": lambda _: {"json": {}},
    f"PUT {REQUEST}/photos/{{photo_id}}": lambda _: {"content": PHOTO},
    f"POST {A_PHOTO}/review": lambda _: {"json": {"verdict": "accepted"}},
    "POST /api/link/opening": lambda _: {"json": {"kind": "photos"}},
    "POST /api/link/outcome": lambda _: {
        "json": {"went": "home", "healing": "healed", "advice_taken": "followed"}
    },
    "PUT /api/link/photos/{photo_id}": lambda _: {"content": PHOTO},
    "PUT /api/link/photos/{photo_id}/preview": lambda _: {"content": PHOTO},
    f"PUT {CONSULT}/read": lambda _: {"json": {"seq": 1}},
    f"PUT {CONSULT}/messages/{{message_id}}": lambda _: {"json": {"body": "Hello"}},
    f"PUT {CONSULT}/photos/{{photo_id}}": lambda _: {"content": PHOTO},
    f"PUT {CONSULT}/photos/{{photo_id}}/preview": lambda _: {"content": PHOTO},
    f"POST {A_PHOTO}/turn": lambda _: {"json": {"clockwise": 90}},
    f"POST {PATIENT}/consents": lambda _: {"json": AGREED},
    f"POST {PATIENT}/proxies": lambda world: {
        "json": {"email": world["newcomer"].user.email, "basis": "delegate"}
    },
    f"PUT {PATIENT}/birth": lambda _: {
        "json": {"born_on": "1990-05-03", "time_zone": "Europe/Lisbon"}
    },
}

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}


def beginning(world: World) -> dict[str, str]:
    """The headers of an upload that begins, into the consult of this world."""
    said = metadata(photo_id=fresh_id(), consult_id=world.consult_id)
    return TUS | {"Upload-Length": str(len(PHOTO)), "Upload-Metadata": said}


OTHER_IDS: dict[str, Callable[[World], dict[str, str]]] = {
    f"GET {A_PHOTO}/rejection": lambda world: {"photo_id": world.ids["rejected_id"]},
    f"DELETE {CONSULT}/seats/{{user_id}}": lambda world: {"user_id": str(world["guest"].user.id)},
    f"POST {CONSULT}/advice/{{advice_id}}/acknowledgement": lambda world: {
        "advice_id": world.ids["signed_id"]
    },
    # Somebody who has been here, and has passkeys to lose.
    f"POST {USER}/witness": lambda world: {"user_id": str(world["parent"].user.id)},
}
"""Where a path names something else than it does elsewhere."""

NEW_IDS = {
    f"PUT {CONSULT}/messages/{{message_id}}": "message_id",
    f"PUT {CONSULT}/photos/{{photo_id}}": "photo_id",
    f"PUT {REQUEST}/photos/{{photo_id}}": "photo_id",
    "PUT /api/link/photos/{photo_id}": "photo_id",
    "PUT /api/link/photos/{photo_id}/preview": "photo_id",
    f"PUT {CONSULT}/photos/{{photo_id}}/preview": "photo_id",
    f"PUT {CONSULT}/advice/{{advice_id}}": "advice_id",
}
"""Where the path ends in an id that the caller makes."""

ENDS_SESSION = ("DELETE /api/session", "POST /api/session/end-shift")
LAST = (
    f"DELETE {UPLOAD}",
    f"DELETE {REQUEST}",
    f"DELETE {PATIENT}/proxies/{{proxy_id}}",
    f"DELETE {CONSULT}/seats/{{user_id}}",
    "DELETE /api/passkeys/{passkey_id}",
    f"POST {CONSULT}/close",
    f"POST {CONSULT}/steps",
    f"POST {CONSULT}/break-glass",
    "DELETE /api/webhooks/{webhook_id}",
    f"DELETE {DEVICE}",
    f"POST {USER}/disable",
    "DELETE /api/sessions",
    *ENDS_SESSION,
)
"""After these nothing is as it was."""


def told(status: int, routes: Iterable[str]) -> Answers:
    return dict.fromkeys(routes, status)


def told_no(*routes: Iterable[str]) -> Answers:
    """Of what they know, or what anybody knows: 403, not 404."""
    return told(403, [name for some in routes for name in some])


# One's own account: by passkey only.
HOLDS: Answers = {
    "GET /api/session": 200,
    "GET /api/sessions": 200,
    "DELETE /api/sessions/{session_id}": 204,
    "DELETE /api/sessions": 204,
    "DELETE /api/session": 204,
    "POST /api/session/end-shift": 200,
    "GET /api/passkeys": 200,
    "POST /api/passkeys/options": 200,
    "POST /api/passkeys": 401,  # what it was sent is no passkey
    "POST /api/passkeys/step-up/options": 200,
    "POST /api/passkeys/step-up": 401,
    "PATCH /api/passkeys/{passkey_id}": 200,
    "DELETE /api/passkeys/{passkey_id}": 204,
    "GET /api/recovery/codes": 200,
    "POST /api/recovery/codes": 201,
}
WHO: Answers = {
    "GET /api/me": 200,
    "GET /api/me/patients": 200,
    "GET /api/me/notices": 200,
    "PUT /api/me/notices": 200,
    "GET /api/services": 200,
}
BY_TOKEN: Answers = WHO | told(401, HOLDS)
BY_SESSION: Answers = WHO | HOLDS

LISTS: Answers = {"GET /api/consults": 200}
OPENS: Answers = LISTS | {"POST /api/consults": 201}
OPENS_NONE: Answers = LISTS | {"POST /api/consults": 403}
READS: Answers = {
    f"GET {CONSULT}": 200,
    f"GET {CONSULT}/messages": 200,
    f"GET {CONSULT}/events": 200,
    f"PUT {CONSULT}/read": 204,
    f"GET {CONSULT}/steps": 200,
    f"GET {CONSULT}/advice": 200,
    f"GET {A_PHOTO}": 200,
    f"GET {CONSULT}/requests": 200,
}
SEES: Answers = {
    f"GET {A_PHOTO}/image": 200,
    f"GET {A_PHOTO}/preview": 200,
    f"GET {A_PHOTO}/dicom": 200,
    f"GET {A_PHOTO}/certificate": 200,
    f"GET {A_PHOTO}/rejection": 200,
}
SPEAKS: Answers = {f"PUT {CONSULT}/messages/{{message_id}}": 201}
SENDS: Answers = {
    f"PUT {CONSULT}/photos/{{photo_id}}": 201,
    f"PUT {CONSULT}/photos/{{photo_id}}/preview": 201,
    f"PUT {REQUEST}/photos/{{photo_id}}": 201,
    "POST /api/uploads": 201,
}
GOES_ON: Answers = {f"HEAD {UPLOAD}": 200, f"PATCH {UPLOAD}": 204, f"DELETE {UPLOAD}": 204}
"""Of the patient alone, who began it."""
TURNS: Answers = {f"POST {A_PHOTO}/turn": 201}
CLOSES: Answers = {f"POST {CONSULT}/close": 200}
PURSUES: Answers = {
    f"POST {CONSULT}/steps": 200,
    f"POST {CONSULT}/advice/{{advice_id}}/acknowledgement": 200,
    f"POST {CONSULT}/emergency-read": 409,  # it is none
}
# What they could do: when it is asked, they have closed it.
MOVES: Answers = {f"POST {CONSULT}/steps": 409}
SIGNS: Answers = {f"POST {CONSULT}/advice/{{advice_id}}/signature": 200}
ADVISES: Answers = {f"PUT {CONSULT}/advice/{{advice_id}}": 200} | SIGNS
HIDES: Answers = {f"POST {CONSULT}/confidential": 200}
AGREES: Answers = {f"GET {CONSULT}/consents": 200, f"POST {CONSULT}/consents": 201}
ENDS_SEATS: Answers = {f"DELETE {CONSULT}/seats/{{user_id}}": 204}
ASKS_IN: Answers = {f"POST {CONSULT}/seats": 201}
BREAKS: Answers = {f"POST {CONSULT}/break-glass": 201}

MAKES: Answers = {
    f"POST {CONSULT}/requests": 201,
    f"POST {REQUEST}/link": 201,
    f"DELETE {REQUEST}": 204,
}
JUDGES: Answers = {f"POST {A_PHOTO}/review": 201}
LEARNS: Answers = {f"GET {CONSULT}/outcome": 200}
WORKS: Answers = {"GET /api/reviews": 200, "GET /api/requests/overdue": 200}
FIGURES: Answers = {"GET /api/figures": 200, "GET /api/figures.csv": 200}
BY_LINK: Answers = {
    "POST /api/link/opening": 200,
    "PUT /api/link/photos/{photo_id}": 201,
    "PUT /api/link/photos/{photo_id}/preview": 201,
    "POST /api/uploads": 201,
} | told(404, GOES_ON)

READERS: Answers = {f"GET {CONSULT}/readers": 200}
EXPORTS: Answers = {"GET /api/me/disclosures": 200}
AUDITS: Answers = {"GET /api/audit": 200}

# What is about the patient and no single consult.
KNOWS_PATIENT: Answers = {
    f"GET {PATIENT}/proxies": 200,
    f"GET {PATIENT}/consents": 200,
    f"POST {PATIENT}/consents": 201,
}
ENDS_PROXIES: Answers = {f"DELETE {PATIENT}/proxies/{{proxy_id}}": 204}
ADDS_PROXIES: Answers = {f"POST {PATIENT}/proxies": 201}
SETS_BIRTH: Answers = {f"PUT {PATIENT}/birth": 204}
OF_PATIENT = (*KNOWS_PATIENT, *ENDS_PROXIES, *ADDS_PROXIES, *SETS_BIRTH)

REVIEWS: Answers = {"GET /api/break-glass": 200, "POST /api/break-glass/{glass_id}/review": 200}
SEES_PEOPLE: Answers = {"GET /api/users": 200}
INVITES: Answers = {"POST /api/users": 201, f"POST {USER}/invitation": 204}
ENDS_SESSIONS: Answers = {f"DELETE {USER}/sessions": 204}
SHUTS_OUT: Answers = {f"POST {USER}/disable": 204, f"POST {USER}/enable": 204}
GIVES_CODES: Answers = {f"POST {USER}/codes": 201}
TAKES_CODES_BACK: Answers = {f"DELETE {USER}/codes": 204}
WITNESSES: Answers = {f"POST {USER}/witness": 201}
SEES_DEVICES: Answers = {"GET /api/devices": 200, f"DELETE {DEVICE}": 204}
ENROLS: Answers = {"POST /api/devices": 201, f"POST {DEVICE}/link": 201}
MEASURES: Answers = {"GET /metrics": 200}
SEES_ROSTER: Answers = {
    f"GET {SERVICE}/roster": 200,
    f"GET {SERVICE}/team": 200,
    "GET /api/handovers": 200,
}
HANDS_OVER: Answers = {
    f"POST {SERVICE}/handovers": 201,
    "POST /api/handovers/{handover_id}/acceptance": 404,  # offered to somebody else
    "POST /api/handovers/{handover_id}/refusal": 404,
}
KEEPS_ROSTER: Answers = {
    f"POST {SERVICE}/shifts": 201,
    f"DELETE {SERVICE}/shifts/{{shift_id}}": 204,
}
KEEPS_SERVICES: Answers = {"POST /api/services": 201, f"PUT {SERVICE}": 200}
SEES_WEBHOOKS: Answers = {
    f"GET {SERVICE}/webhooks": 200,
    "GET /api/webhooks/{webhook_id}/deliveries": 200,
    "POST /api/deliveries/{delivery_id}/redelivery": 202,
}
KEEPS_WEBHOOKS: Answers = {
    f"POST {SERVICE}/webhooks": 201,
    "POST /api/webhooks/{webhook_id}/secret": 201,
    "DELETE /api/webhooks/{webhook_id}": 204,
}
CLAIMS = ("GET /api/uploads", "POST /api/uploads/claim")

IN_A_CONSULT = (*READS, *SEES, *SPEAKS, *SENDS, *TURNS, *CLOSES, *HIDES, *AGREES, *ENDS_SEATS)
"""All that a seat may give, but for letting others in."""

THE_PATIENT = (
    PURSUES | told_no(ADVISES) | OPENS | READS | SEES | SPEAKS | SENDS | TURNS | HIDES | AGREES | ENDS_SEATS
    | KNOWS_PATIENT | ENDS_PROXIES | READERS | told_no(CLOSES, ASKS_IN, MAKES, JUDGES, LEARNS)
    | GOES_ON
)  # fmt: skip
A_PARENT = (
    PURSUES | told_no(ADVISES) | OPENS | READS | SEES | SPEAKS | SENDS | AGREES | KNOWS_PATIENT | READERS | told_no(EXPORTS)
    | told_no(TURNS, CLOSES, HIDES, ENDS_SEATS, ASKS_IN, ENDS_PROXIES, ADDS_PROXIES, SETS_BIRTH)
    | told_no(MAKES, JUDGES, LEARNS)
)  # fmt: skip
THE_CREW = (
    PURSUES | told_no(ADVISES) | OPENS | READS | SEES | SPEAKS | SENDS | TURNS | HIDES
    | told_no(CLOSES, AGREES, ENDS_SEATS, ASKS_IN, OF_PATIENT, READERS)
    | LEARNS | told_no(MAKES, JUDGES)
)  # fmt: skip
A_SPECIALIST = OPENS | TAKES_CODES_BACK | SEES_ROSTER | HANDS_OVER | WORKS | FIGURES
AT_THE_INBOX = (
    told_no(PURSUES) | MOVES | ADVISES | told_no(SIGNS) | A_SPECIALIST | READS | SEES | SPEAKS | SENDS | TURNS | CLOSES | HIDES | AGREES | ENDS_SEATS
    | MAKES | JUDGES | LEARNS | told_no(ASKS_IN, READERS)
)  # fmt: skip
THE_SPECIALIST = (
    AT_THE_INBOX | SIGNS | KNOWS_PATIENT | told_no(ENDS_PROXIES, ADDS_PROXIES, SETS_BIRTH, BREAKS)
)  # fmt: skip
A_GUEST = (
    told_no(PURSUES, ADVISES) | OPENS_NONE | READS | SEES | SPEAKS
    | told_no(SENDS, TURNS, CLOSES, HIDES, AGREES, ENDS_SEATS, ASKS_IN, READERS)
    | JUDGES | LEARNS | told_no(MAKES)
)  # fmt: skip
# A delegate is chosen by the patient: from anybody else it is a wrong field, and no refusal.
FOR_THE_PATIENT_TO_CHOOSE = told(422, ADDS_PROXIES)
THE_COORDINATOR = (
    told_no(PURSUES, ADVISES) | MOVES | SEES_ROSTER | HANDS_OVER | told(422, [f"POST {SERVICE}/handovers"])
    | KEEPS_ROSTER | KEEPS_SERVICES | OPENS | READS | SPEAKS | CLOSES | HIDES | AGREES | ENDS_SEATS | KNOWS_PATIENT | ENDS_PROXIES
    | REVIEWS | SEES_PEOPLE | TAKES_CODES_BACK | told_no(SEES, SENDS, TURNS, ASKS_IN, CLAIMS, BREAKS, READERS)
    | MAKES | LEARNS | WORKS | FIGURES | told_no(JUDGES)
)  # fmt: skip
AN_ADMIN = (
    KEEPS_SERVICES | SEES_WEBHOOKS | OPENS_NONE | SEES_PEOPLE | SEES_DEVICES | MEASURES | FIGURES
)

# What asks for a passkey touched just now: allowed with one, and told so without.
FRESH_PATIENT = ADDS_PROXIES | EXPORTS
A_PATIENT = OPENS | told_no(EXPORTS)
FRESH_SPECIALIST = ASKS_IN | GIVES_CODES
FRESH_COORDINATOR = ADDS_PROXIES | SETS_BIRTH | INVITES | ENDS_SESSIONS | GIVES_CODES | WITNESSES
FRESH_ADMIN = KEEPS_WEBHOOKS | INVITES | ENDS_SESSIONS | SHUTS_OUT | ENROLS | AUDITS

UNSAFE = {*SPEAKS, *SENDS, *TURNS, *CLOSES, *ADDS_PROXIES, *BREAKS, f"PUT {CONSULT}/read"}
SAFE = {
    name
    for name in (
        *HOLDS,
        *WHO,
        *LISTS,
        *IN_A_CONSULT,
        *OF_PATIENT,
        *LEARNS,
        *WORKS,
        *FIGURES,
        *SEES_ROSTER,
    )
    if "GET" in name
}


@dataclass(frozen=True)
class Kind:
    sends: Caller
    answers: Answers = field(default_factory=dict[str, int])
    refused: int = 404
    taken: bool = True
    """Whether a specialist has taken the consult; else it waits in the inbox."""


def only_safe(answers: Answers) -> Answers:
    """Nothing that changes anything."""
    return {name: status for name, status in answers.items() if name in SAFE}


STALE_SPECIALIST = A_SPECIALIST | told_no(GIVES_CODES, BREAKS)
BROWSER = BY_SESSION | THE_SPECIALIST | FRESH_SPECIALIST
HIDDEN_FROM_SPECIALISTS = told(
    404,
    (
        *EXPORTS,
        *AUDITS,
        *MEASURES,
        *SEES_PEOPLE,
        *(name for name in SEES_WEBHOOKS if "GET" in name),
        "GET /api/devices",
        "GET /api/break-glass",
        "GET /api/uploads",
        f"HEAD {UPLOAD}",
    ),
)

ACTORS: dict[str, Kind] = {
    # Nobody, or nobody any more.
    "anonymous": Kind(nobody, refused=401),
    "with a made-up token": Kind(a_made_up_token, refused=401),
    "with another scheme": Kind(another_scheme, refused=401),
    "with a made-up session": Kind(a_made_up_session, refused=401),
    "with an ended session": Kind(an_ended_session, refused=401),
    "with an old session": Kind(an_old_session, refused=401),
    "with a revoked token": Kind(a_revoked_token, refused=401),
    "with an expired token": Kind(an_expired_token, refused=401),
    "a member who was shut out": Kind(after(shut_out, token_of("specialist")), refused=401),
    # Those that the consult is for.
    "the patient": Kind(
        token_of("patient"), BY_TOKEN | THE_PATIENT | told_no(FRESH_PATIENT, SETS_BIRTH)
    ),
    "the patient in the browser": Kind(
        session_of("patient"), BY_SESSION | THE_PATIENT | FRESH_PATIENT | told_no(SETS_BIRTH)
    ),
    "a parent": Kind(token_of("parent"), BY_TOKEN | A_PARENT),
    "the crew": Kind(token_of("crew"), BY_TOKEN | THE_CREW),
    "the specialist": Kind(
        token_of("specialist"), BY_TOKEN | THE_SPECIALIST | told_no(FRESH_SPECIALIST)
    ),
    "the specialist in the browser": Kind(session_of("specialist"), BROWSER),
    "a specialist at the inbox": Kind(
        token_of("other_specialist"),
        # They reply on the way, and know the patient from then on.
        BY_TOKEN | AT_THE_INBOX | told_no(GIVES_CODES, BREAKS, SETS_BIRTH, ENDS_PROXIES),
        taken=False,
    ),
    "a guest": Kind(token_of("guest"), BY_TOKEN | A_GUEST),
    "the coordinator": Kind(
        token_of("coordinator"), BY_TOKEN | THE_COORDINATOR | told_no(FRESH_COORDINATOR)
    ),
    "the coordinator in the browser": Kind(
        session_of("coordinator"),
        BY_SESSION | THE_COORDINATOR | FRESH_COORDINATOR | FOR_THE_PATIENT_TO_CHOOSE,
    ),
    # Those that it is not for.
    "another patient": Kind(token_of("other_patient"), BY_TOKEN | A_PATIENT),
    "another patient at the inbox": Kind(
        token_of("other_patient"), BY_TOKEN | A_PATIENT, taken=False
    ),
    "another crew": Kind(token_of("other_crew"), BY_TOKEN | OPENS),
    "another crew at the inbox": Kind(token_of("other_crew"), BY_TOKEN | OPENS, taken=False),
    "another specialist": Kind(token_of("other_specialist"), BY_TOKEN | STALE_SPECIALIST),
    "another specialist in the browser": Kind(
        session_of("other_specialist"), BY_SESSION | A_SPECIALIST | GIVES_CODES | BREAKS
    ),
    "a parent whose part has ended": Kind(
        after(the_parents_part_ends, token_of("parent")), BY_TOKEN | A_PATIENT
    ),
    "a parent from whom it is kept": Kind(
        after(the_patient_keeps_it_to_themselves, token_of("parent")),
        BY_TOKEN | OPENS | KNOWS_PATIENT | told_no(ENDS_PROXIES, ADDS_PROXIES, SETS_BIRTH, EXPORTS),
    ),
    "a guest who was sent away": Kind(
        after(the_guest_is_sent_away, token_of("guest")), BY_TOKEN | OPENS_NONE
    ),
    "a guest whose time is over": Kind(
        after(the_guests_time_is_over, token_of("guest")), BY_TOKEN | OPENS_NONE
    ),
    "a guest whose host has left": Kind(
        after(whoever_asked_the_guest_in_leaves, token_of("guest")), BY_TOKEN | OPENS_NONE
    ),
    "an admin": Kind(token_of("admin"), BY_TOKEN | AN_ADMIN | told_no(FRESH_ADMIN)),
    "an admin in the browser": Kind(session_of("admin"), BY_SESSION | AN_ADMIN | FRESH_ADMIN),
    "a tablet": Kind(
        a_tablet,
        {"POST /api/consults": 201} | told(404, (*SENDS, *GOES_ON)) | told(401, HOLDS),
        refused=403,
    ),
    "the holder of a link": Kind(a_link, BY_LINK, refused=401),
    "a device with a person's token": Kind(token_of("device"), OPENS_NONE | told(401, HOLDS)),
    "the specialist with a token for something else": Kind(
        a_narrow_token,
        told_no(WHO, THE_SPECIALIST, FRESH_SPECIALIST) | LISTS | told(401, HOLDS),
    ),
    # Those whom a page of somebody else has a browser of a member send.
    "the specialist without the token of the page": Kind(
        session_of("specialist", x_csrf_token=None),
        only_safe(BROWSER) | HIDDEN_FROM_SPECIALISTS,
        refused=403,
    ),
    "the specialist on another page": Kind(
        session_of("specialist", sec_fetch_site="cross-site"),
        only_safe(BROWSER)
        | HIDDEN_FROM_SPECIALISTS
        | told_no(SEES, [name for name in PUBLIC if not name.startswith(("GET", "OPTIONS"))]),
        refused=403,
    ),
    "the specialist twice": Kind(both_at_once, refused=400),
}
