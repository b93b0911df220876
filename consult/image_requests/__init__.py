"""Images that somebody is asked for: by whom, of what, by when, and what came."""

from consult.image_requests.answering import (
    Answer,
    asked_by,
    attach_answer,
    find_answer,
)
from consult.image_requests.making import (
    Made,
    Wanted,
    Wish,
    ask_for_images,
    cancel_request,
    end_retakes_of,
    renew_link,
)
from consult.image_requests.reading import (
    get_request,
    links_of,
    overdue_requests,
    request_answered_by,
    requests_in,
)
from consult.image_requests.reminding import (
    SEND_IMAGE_REQUEST,
    end_of_closed,
    mail_due_requests,
    request_mail,
)

__all__ = [
    "SEND_IMAGE_REQUEST",
    "Answer",
    "Made",
    "Wanted",
    "Wish",
    "ask_for_images",
    "asked_by",
    "attach_answer",
    "cancel_request",
    "end_of_closed",
    "end_retakes_of",
    "find_answer",
    "get_request",
    "links_of",
    "mail_due_requests",
    "overdue_requests",
    "renew_link",
    "request_answered_by",
    "request_mail",
    "requests_in",
]
