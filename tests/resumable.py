"""A client of tus 1.0 over a raw socket, which can be cut at any byte.

Written from the specification; it shares no code with what it talks to.
"""

import base64
import hashlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2

HTTP = httpx2.Client(timeout=60, verify=False, limits=httpx2.Limits(max_keepalive_connections=0))
"""Making one takes as long as many requests do. Each of those has a connection of its own."""


class Told(NamedTuple):
    status_code: int
    headers: httpx2.Headers
    content: bytes


def metadata(**words: object) -> str:
    """As Upload-Metadata has it."""
    return ",".join(
        f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in words.items()
    )


def checksum(piece: bytes, algorithm: str = "sha256") -> str:
    digest = hashlib.new(algorithm, piece, usedforsecurity=False).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


@dataclass
class Sender:
    """Somebody with credentials, and one photo that they send in pieces."""

    port: int
    credentials: Mapping[str, str]
    photo: bytes
    photo_id: str = field(default_factory=lambda: str(uuid4()))
    path: str = ""
    sent: int = 0
    """Bytes of the photo that went into a socket, sent again ones counted again."""

    def ask(
        self, method: str, path: str, *, content: bytes = b"", **headers: str
    ) -> httpx2.Response:
        url = f"http://localhost:{self.port}{path}"
        return HTTP.request(method, url, content=content, headers=self.headers(headers))

    def headers(self, more: Mapping[str, str]) -> dict[str, str]:
        named = {key.replace("_", "-").title(): value for key, value in more.items()}
        return {"Tus-Resumable": "1.0.0", **self.credentials, **named}

    def create(self, **words: object) -> httpx2.Response:
        answer = self.ask(
            "POST",
            "/api/uploads",
            upload_length=str(len(self.photo)),
            upload_metadata=metadata(photo_id=self.photo_id, **words),
        )
        if answer.status_code == 201:
            self.path = urlsplit(answer.headers["location"]).path
        return answer

    def head(self) -> httpx2.Response:
        return self.ask("HEAD", self.path)

    @property
    def offset(self) -> int:
        answer = self.head()
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["upload-offset"])

    def patch(self, offset: int, piece: bytes, **headers: str) -> httpx2.Response:
        self.sent += len(piece)
        more = {"content_type": "application/offset+octet-stream", "upload_offset": str(offset)}
        return self.ask("PATCH", self.path, content=piece, **(more | headers))

    def rest(self, **headers: str) -> httpx2.Response:
        """Go on where it was, to the end."""
        offset = self.offset
        return self.patch(offset, self.photo[offset:], **headers)

    def begin_patch(self, offset: int, **headers: str) -> "Line":
        """The head of a PATCH with all that is left; the bytes are for the caller to send."""
        more = {
            "host": f"localhost:{self.port}",
            "content_type": "application/offset+octet-stream",
            "content_length": str(len(self.photo) - offset),
            "upload_offset": str(offset),
        }
        lines = [
            f"{name}: {value}" for name, value in self.headers(more | headers).items() if value
        ]
        line = Line(socket.create_connection(("127.0.0.1", self.port), timeout=30))
        line.send("\r\n".join([f"PATCH {self.path} HTTP/1.1", *lines, "", ""]).encode())
        return line

    def cut_after(self, count: int, *, reset: bool = False) -> None:
        """Send so many bytes of what is left, and lose the connection."""
        offset = self.offset
        with self.begin_patch(offset) as line:
            piece = self.photo[offset : offset + count]
            self.sent += len(piece)
            line.send(piece)
            if reset:
                line.reset()


@dataclass
class Line:
    socket: socket.socket

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def told(self) -> Told:
        """The whole answer; whoever asks has sent all that they said they would."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, content = received.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = httpx2.Headers([tuple(line.split(": ", 1)) for line in lines])  # pyright: ignore[reportArgumentType] - pairs
        while len(content) < int(headers.get("content-length", 0)):
            content += self._more()
        return Told(int(first.split(" ")[1]), headers, content)

    def reset(self) -> None:
        """Lose it without a word of farewell, as far as a socket can (RST)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _more(self) -> bytes:
        more = self.socket.recv(65536)
        assert more, "the service closed the connection"
        return more
