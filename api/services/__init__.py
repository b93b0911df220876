"""Services: what each promises, who is on duty when, where nobody is."""

from api.services.handlers import routes

__all__ = ["routes"]
