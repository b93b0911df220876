"""Photos over HTTP."""

from api.photos.handlers import PhotoQuery, routes, show_to
from api.photos.shapes import PhotoRead, PhotoReceipt, shape_photos

__all__ = ["PhotoQuery", "PhotoRead", "PhotoReceipt", "routes", "shape_photos", "show_to"]
