"""`consult demo`: stories told step by step against a fresh service over real HTTP."""

from api.demo.running import HOME, stop
from api.demo.stories import TALES, run

__all__ = ["HOME", "TALES", "run", "stop"]
