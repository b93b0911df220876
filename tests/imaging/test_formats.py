import pytest

from consult.errors import InvalidPhoto, PhotoTooLarge, UnreadablePhoto, UnsupportedPhoto
from consult.imaging import formats
from consult.imaging.refusals import REFUSALS, refused
from tests.imaging.photos import make_jpeg, make_png, make_webp

AVIF = b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(16)


@pytest.mark.parametrize(
    ("upload", "expected"),
    [
        (make_jpeg(), "JPEG"),
        (b"\xff\xd8" + bytes(30), "JPEG"),
        (make_png(), "PNG"),
        (make_webp(), "WEBP"),
        (HEIC, "HEIC"),
        (HEIC.replace(b"ftypheic", b"ftypMiHE"), "HEIC"),
        (HEIC.replace(b"heic", b"XXXX"), "HEIC"),
        (AVIF, "AVIF"),
        (AVIF.replace(b"ftypavif", b"ftypmif1"), "AVIF"),
        (AVIF.replace(b"ftypavif", b"ftypavis"), "AVIF"),
        (AVIF.replace(b"ftypavif", b"ftypheic"), "HEIC"),
    ],
    ids=[
        *("jpeg", "jpeg with junk", "png", "webp", "heic", "heic among the compatible brands"),
        *("only the container", "avif", "avif among the compatible brands", "avif in motion"),
        "heic before avif",
    ],
)
def test_the_magic_tells_the_format(upload: bytes, expected: str) -> None:
    assert formats.sniff(upload) == expected


@pytest.mark.parametrize(
    "upload",
    [
        b"GIF89a" + bytes(40),
        b"II*\x00" + bytes(40),
        b"MM\x00*" + bytes(40),
        b"%PDF-1.7" + bytes(40),
        b"%!PS-Adobe-3.0 EPSF-3.0" + bytes(40),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"BM" + bytes(60),
        b"PK\x03\x04" + bytes(60),
        b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42",
    ],
    ids=["gif", "tiff", "tiff mm", "pdf", "eps", "svg", "html", "bmp", "zip", "mp4"],
)
def test_any_other_kind_of_file_is_unsupported(upload: bytes) -> None:
    with pytest.raises(UnsupportedPhoto) as refusal:
        formats.sniff(upload)
    assert refusal.value.code == "unsupported_format"


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (b"", "empty_upload"),
        (b"\xff", "not_a_photo"),
        (b"\xff\xd8", "not_a_photo"),
        (b"\xff\xd8\xff\xd9", "not_a_photo"),
        (b"\x00\x00\x00\x0cftyp", "not_a_photo"),
    ],
    ids=["nothing", "one byte", "only SOI", "SOI and EOI", "bare ftyp"],
)
def test_too_little_to_be_a_photo_is_unreadable(upload: bytes, code: str) -> None:
    with pytest.raises(UnreadablePhoto) as refusal:
        formats.sniff(upload)
    assert refusal.value.code == code


@pytest.mark.parametrize("size", [(8160, 6120), (16_384, 3000), (1, 1)])
def test_sizes_that_phones_write_pass(size: tuple[int, int]) -> None:
    formats.check_size(*size, max_pixels=formats.MAX_PIXELS)


@pytest.mark.parametrize("size", [(16_385, 1), (1, 16_385), (10_001, 5000), (65_500, 65_500)])
def test_more_pixels_than_the_cap_are_too_large(size: tuple[int, int]) -> None:
    with pytest.raises(PhotoTooLarge):
        formats.check_size(*size, max_pixels=formats.MAX_PIXELS)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_a_side_of_zero_is_unreadable(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePhoto):
        formats.check_size(*size, max_pixels=formats.MAX_PIXELS)


def test_every_refusal_tells_the_sender_what_to_do_in_plain_words() -> None:
    for code in REFUSALS:
        error = refused(code)
        assert isinstance(error, InvalidPhoto)
        assert error.code == code
        assert error.message.endswith(".")
        assert "lease" in error.message
        assert max(len(word) for word in error.message.split()) <= 12
