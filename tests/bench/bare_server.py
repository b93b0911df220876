"""The floor of the HTTP benchmark: receives a body, hashes it, writes and fsyncs it, answers 201.

    python -m tests.bench.bare_server PORT FOLDER

One thread a connection, plain sockets, no HTTP beyond what a PUT with Content-Length needs.
"""

import hashlib
import os
import socket
import sys
import threading
from pathlib import Path
from uuid import uuid4

ANSWER = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


def serve(port: int, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", port), backlog=64) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=keep, args=(connection, folder), daemon=True).start()


def keep(connection: socket.socket, folder: Path) -> None:
    with connection:
        while body := receive(connection):
            hashlib.sha256(body).digest()
            with (folder / uuid4().hex).open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            connection.sendall(ANSWER)


def receive(connection: socket.socket) -> bytes | bytearray:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        head += piece
    head, _, rest = head.partition(b"\r\n\r\n")
    (length,) = (
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    body = bytearray(length)
    view = memoryview(body)
    view[: len(rest)] = rest
    at = len(rest)
    while at < length:
        at += connection.recv_into(view[at:])
    return body


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
