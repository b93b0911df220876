"""Writes api/openapi.json anew: `python -m api.document`."""

import json

from api.app import API_ROUTES
from api.openapi import build
from api.operations import DOCUMENT


def text() -> str:
    return json.dumps(build(API_ROUTES), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(text())
