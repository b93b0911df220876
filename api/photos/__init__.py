"""Photos over HTTP."""

from api.photos.handlers import routes
from api.photos.shapes import PhotoRead, shape_photos

__all__ = ["PhotoRead", "routes", "shape_photos"]
