"""Consults over HTTP."""

from api.consults.handlers import routes

__all__ = ["routes"]
