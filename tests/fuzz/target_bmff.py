"""The box reader of HEIC and AVIF files: index, sizes, turn, colour, company."""

from consult.imaging import avif, exif, formats, heif
from tests.fuzz.target import MAX_INPUT, Target
from tests.imaging import boxes as built
from tests.imaging.photos import CORPUS, XMP_NAME, make_icc, tell_all_exif


def run(upload: bytes) -> None:
    """What is read of a file that passes has a meaning."""
    reader = avif if formats.sniff(upload) == "AVIF" else heif
    container = reader.read(upload, max_pixels=50_000_000)
    assert len(container.picture) == len(upload)
    assert container.own_orientation in {None, *range(1, 9)}
    assert len(container.exif) <= len(upload)
    exif.read(container.exif)
    assert all(finding.count > 0 for finding in container.found.listed())


def seeds() -> list[bytes]:
    """One with everything, one with nothing, and the heads of real ones."""
    block = b"\x00\x00\x00\x06" + tell_all_exif()
    xmp = XMP_NAME + b"<exif:GPSLatitude>"
    items = (
        built.item(1, b"grid"), built.item(2, b"Exif"), built.item(4, b"hvc1"),
        built.item(3, b"mime", b"\x00application/rdf+xml\x00"),
    )  # fmt: skip
    turns = (built.box(b"irot", b"\x03"), built.box(b"imir", b"\x01"))
    colours = built.box(b"colr", b"prof", make_icc()[:200])
    rich = built.make_heic(
        items=items,
        properties=(built.ISPE, *turns, colours),
        iloc=built.located((2, 0, len(block)), (3, len(block), len(xmp))),
        idat=block + xmp,
        behind=built.box(b"mpvd", bytes(8)),
    )
    heads = [file.read_bytes()[:MAX_INPUT] for file in sorted(CORPUS.glob("heic/*"))]
    still = built.make_still(built.AVIF_10_BITS, built.clap(32, 24, 2), turns[0], brand=b"avif")
    return [rich, built.make_heic(), still, built.AVIF_10_BITS, *heads]


TARGET = Target(run, seeds)
