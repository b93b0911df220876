"""Open, list, read and close consults."""

from api.consults.handlers import routes
from api.consults.shapes import ConsultRead, shape_consults

__all__ = ["ConsultRead", "routes", "shape_consults"]
