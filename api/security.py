"""Headers on every answer, errors included: what a browser may do with it, who may keep it."""

from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.state import ConsultRequest
from consult.errors import Forbidden

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types sw"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_PICTURE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

HEADERS = {
    "Content-Security-Policy": _DATA_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(self), "
    "publickey-credentials-create=(self), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Vary": "Sec-Fetch-Site, Sec-Fetch-Dest, Origin, Cookie, Authorization",
    "Content-Type": "application/octet-stream",
    "Content-Disposition": "inline",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Request-ID": "",
}
"""The twelve headers, each with what it says where an answer says nothing itself.

Strict-Transport-Security is for https alone, Content-Type and Content-Disposition for answers
that have content, and X-Request-ID is another for each.
"""

WITHOUT_CONTENT = frozenset({204, 304})
_ABOUT_CONTENT = frozenset({"Content-Type", "Content-Disposition"})

# Where a photo would be shown outside our page, or as a page (Fetch Metadata, 2.1).
_VIEWERS = frozenset({"document", "iframe", "frame", "object", "embed", "fencedframe"})
_STRANGERS = frozenset({"cross-site", "same-site"})


class SecurityHeaders:
    """Adds what an answer has not set for itself. Pure ASGI: no body is touched."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                add_headers(headers, https=self.https, status=message["status"])
            await send(message)

        await self.app(scope, receive, send_with_headers)


def add_headers(headers: MutableHeaders, *, https: bool, status: int = 200) -> None:
    """Add what is missing of HEADERS."""
    if headers.get("content-type", "").startswith("text/html"):
        headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    headers.setdefault("X-Request-ID", str(uuid4()))
    for name, value in HEADERS.items():
        wanted = https or name != "Strict-Transport-Security"
        if wanted and not (status in WITHOUT_CONTENT and name in _ABOUT_CONTENT):
            headers.setdefault(name, value)


def picture_headers(length: int, disposition: str) -> dict[str, str]:
    """Return the headers of a photo: shown inside our own page, not framed, run or kept."""
    return {
        "Content-Security-Policy": _PICTURE_POLICY,
        "Cache-Control": "no-store",
        "Content-Length": str(length),
        "Content-Disposition": disposition,
    }


def refuse_other_viewers(request: ConsultRequest, *, download: bool = False) -> None:
    """Guard what belongs inside our own page. Raises Forbidden.

    `download` is for what is saved and never shown: its link is followed like one to a page.
    """
    viewer = request.headers.get("sec-fetch-dest")
    framed = viewer in _VIEWERS and not (download and viewer == "document")
    if framed or request.headers.get("sec-fetch-site") in _STRANGERS:
        error = Forbidden("This is shown inside Consult only.")
        error.rule = "shown_elsewhere"
        raise error
