"""The chunk walk of PNG."""

from consult.imaging import exif, png
from tests.fuzz.seeds import real_seeds
from tests.fuzz.target import Target
from tests.imaging.photos import chunk, make_icc, make_png, tell_all_exif

_TO_THE_DECODER = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def run(upload: bytes) -> None:
    """The decoder gets chunks of the picture and nothing else."""
    container = png.read(upload, max_pixels=50_000_000)
    names = {name for name, _, _ in png._chunks(container.picture)}
    assert names <= _TO_THE_DECODER
    assert len(container.picture) <= len(upload)
    assert container.gamma is None or container.gamma > 0
    exif.read(container.exif)
    assert png.read(container.picture, max_pixels=50_000_000).picture == container.picture


def seeds() -> list[bytes]:
    text = chunk(b"zTXt", b"Raw profile type exif\x00\x00" + bytes(20))
    colours = [chunk(b"cICP", b"\x0c\x0d\x00\x01"), chunk(b"gAMA", b"\x00\x00\x80\x00")]
    packed = chunk(b"iCCP", b"mine\x00\x00" + make_icc()[:300])
    return [
        make_png(8, 8),
        make_png(8, 8, chunk(b"eXIf", tell_all_exif()[6:]), text, *colours, packed),
        make_png(8, 8, chunk(b"iTXt", b"XML:com.adobe.xmp\x00GPSLatitude"), mode="P"),
        *real_seeds("png/*", "bad/*.png"),
    ]


TARGET = Target(run, seeds)
