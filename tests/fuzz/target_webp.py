"""The chunk walk of WebP."""

from consult.imaging import exif, webp
from tests.fuzz.seeds import real_seeds
from tests.fuzz.target import Target
from tests.imaging.photos import make_animation, make_icc, make_webp, riff_chunk, tell_all_exif

_TO_THE_DECODER = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}


def run(upload: bytes) -> None:
    """The decoder gets chunks of the picture and nothing else."""
    container = webp.read(upload, max_pixels=50_000_000)
    names = {name for name, _, _ in webp._chunks(container.picture)}
    assert names <= _TO_THE_DECODER
    assert container.picture.startswith(b"RIFF")
    exif.read(container.exif)
    assert webp.read(container.picture, max_pixels=50_000_000).picture == container.picture


def seeds() -> list[bytes]:
    company = [
        riff_chunk(b"EXIF", tell_all_exif()),
        riff_chunk(b"XMP ", b"<x GPSLatitude='1'/>"),
        riff_chunk(b"ICCP", make_icc()[:300]),
        riff_chunk(b"C2PA", b"jumb"),
    ]
    return [
        make_webp(16, 16),
        make_webp(16, 16, lossless=True),
        make_webp(16, 16, *company),
        make_animation("WEBP"),
        *real_seeds("webp/*", "bad/*.webp"),
    ]


TARGET = Target(run, seeds)
