"""Photos over HTTP."""

from api.photos.handlers import routes, show_to
from api.photos.query import PhotoQuery
from api.photos.shapes import ComingPhoto, PhotoRead, PhotoReceipt, shape_coming, shape_photos

__all__ = [
    "ComingPhoto",
    "PhotoQuery",
    "PhotoRead",
    "PhotoReceipt",
    "routes",
    "shape_coming",
    "shape_photos",
    "show_to",
]
