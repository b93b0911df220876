"""Photos in pieces over HTTP: tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from api.uploads.handlers import routes

__all__ = ["routes"]
