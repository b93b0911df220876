"""What a phone reads off a screen."""

from io import BytesIO

import segno


def qr_svg(text: str) -> str:
    """Draw `text` as a QR code (ISO/IEC 18004, level M), as an SVG document of its own."""
    drawn = BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="svg", scale=8, xmldecl=False, light="white")
    return drawn.getvalue().decode()
