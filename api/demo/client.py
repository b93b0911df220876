"""A small HTTP client for the demo: JSON and raw bodies with a token or a link."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Client:
    def __init__(self, origin: str, authorization: str = "") -> None:
        """`authorization`: the header's value, as "Bearer TOKEN"."""
        self._origin = origin
        self._headers = {"Authorization": authorization} if authorization else {}

    def by_link(self, link: str) -> "Client":
        """Whoever holds a link, and nothing else: its secret is what follows `#t=`."""
        return Client(self._origin, f"Link {link.partition('#t=')[2]}")

    def get(self, path: str) -> Any:
        return json.loads(self.get_bytes(path))

    def get_bytes(self, path: str) -> bytes:
        return self._send("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return json.loads(self._send("POST", path, json.dumps(body).encode(), "application/json"))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return json.loads(self._send("PUT", path, json.dumps(body).encode(), "application/json"))

    def put_bytes(self, path: str, body: bytes) -> Any:
        return json.loads(self._send("PUT", path, body, "application/octet-stream"))

    def _send(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> bytes:
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        request = Request(self._origin + path, body, headers, method=method)  # noqa: S310 - our own origin
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310 - our own origin
                return answer.read()
        except HTTPError as error:
            with error:
                detail = error.read().decode(errors="replace")
            raise SystemExit(f"{method} {path} answered {error.code}: {detail}") from None
