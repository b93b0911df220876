"""The other end of a webhook: a pager system on loopback, which believes no one unsigned.

Written from Standard Webhooks 1.0; it shares no code with what signs.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from consult import clock

_TOLERANCE = 300.0


@dataclass
class Pager:
    port: int
    secret: str = ""
    """`whsec_…`, as it was shown when the webhook was added."""
    taken: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refused: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def take(self, headers: dict[str, str], body: bytes) -> HTTPStatus:
        if not self._is_genuine(headers, body):
            self.refused += 1
            return HTTPStatus.UNAUTHORIZED
        self.taken.append(json.loads(body))
        return HTTPStatus.NO_CONTENT

    def forge(self) -> int:
        """Send it a page that nobody signed; the status of its answer."""
        forged = Request(self.url, b'{"type": "consult.paged"}', method="POST")  # noqa: S310 - our own address
        try:
            with urlopen(forged, timeout=10) as answer:  # noqa: S310 - our own address
                return answer.status
        except HTTPError as error:
            error.close()
            return error.code

    def pages(self, rung: str) -> list[dict[str, Any]]:
        return [event for event in self.taken if event["data"].get("rung") == rung]

    def _is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        sent, stamp = headers.get("webhook-signature", ""), headers.get("webhook-timestamp", "")
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        content = f"{headers.get('webhook-id')}.{stamp}.".encode() + body
        signature = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
        fresh = stamp.isdigit() and abs(clock.now().timestamp() - int(stamp)) < _TOLERANCE
        return fresh and hmac.compare_digest(sent.encode(), f"v1,{signature}".encode())


@contextmanager
def listening() -> Generator[Pager]:
    """A pager on a port of its own."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(pager.take(headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing: the story does."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        pager = Pager(server.server_port)
        Thread(target=server.serve_forever, daemon=True).start()
        yield pager
        server.shutdown()
