"""Headers on every answer, errors included: what a browser may do with it, who may keep it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types sw"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(self), "
    "publickey-credentials-create=(self), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Vary": "Sec-Fetch-Site, Origin, Cookie",
}


class SecurityHeaders:
    """Adds what an answer has not set for itself. Pure ASGI: no body is touched."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.always = _HEADERS | (
            {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"} if https else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                page = headers.get("content-type", "").startswith("text/html")
                policy = _PAGE_POLICY if page else _DATA_POLICY
                for name, value in {**self.always, "Content-Security-Policy": policy}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
