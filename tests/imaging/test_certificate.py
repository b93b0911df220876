"""A certificate never repeats what was removed: not a coordinate, a serial number or a name."""

import json
import re
import string
import zlib
from functools import cache

import piexif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consult.imaging.certificate import certificate_json
from consult.imaging.scrub import scrub
from tests.imaging.expected import ACCEPTED
from tests.imaging.photos import (
    XMP_NAME,
    chunk,
    make_exif,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    real,
    riff_chunk,
    segment,
    with_segments,
)

WORDS = re.compile(rb"[\x20-\x7e]{8,}")

KINDS = {
    *("exif", "gps", "makernote", "serial", "owner_text", "thumbnail", "xmp", "iptc", "photoshop"),
    *("icc", "c2pa", "mpf", "gain_map", "comment", "png_text", "app_other", "adobe_extra"),
    *("trailer", "motion_video", "second_image", "auxiliary_image", "junk"),
}

values = st.text(string.ascii_letters + string.digits + " .,:/-", min_size=8, max_size=60)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def certified(upload: bytes) -> str:
    return json.dumps(certificate_json(scrub(upload).certificate))


def eights(value: str | bytes) -> set[str]:
    text = value if isinstance(value, str) else value.decode("ascii")
    return {text[at : at + 8] for at in range(len(text) - 7)}


@cache
def said_anyway() -> set[str]:
    """Return what certificates say in their own words."""
    uploads = (make_jpeg(icc_profile=make_icc()), make_png(), make_webp())
    own = [re.sub('"[0-9a-f]{64}"', "", certified(upload)) for upload in uploads]
    return {word for text in (*own, *KINDS) for word in eights(text)}


def repeated(value: str | bytes, certificate: str) -> set[str]:
    return {eight for eight in eights(value) if eight in certificate}


def exif_with(value: bytes) -> bytes:
    main = (
        *(piexif.ImageIFD.Artist, piexif.ImageIFD.Copyright, piexif.ImageIFD.ImageDescription),
        *(piexif.ImageIFD.HostComputer, piexif.ImageIFD.CameraSerialNumber),
    )
    camera = (
        *(piexif.ExifIFD.BodySerialNumber, piexif.ExifIFD.LensSerialNumber),
        *(piexif.ExifIFD.CameraOwnerName, piexif.ExifIFD.ImageUniqueID, piexif.ExifIFD.MakerNote),
        piexif.ExifIFD.UserComment,
    )
    return make_exif(
        main=dict.fromkeys(main, value),
        camera=dict.fromkeys(camera, value),
        gps={piexif.GPSIFD.GPSDateStamp: value, piexif.GPSIFD.GPSAreaInformation: value},
    )


@quick
@given(values)
def test_no_value_of_any_segment_of_a_jpeg_is_repeated(value: str) -> None:
    hidden = value.encode()
    xmp = b"<exif:GPSLatitude>" + hidden + b"<dc:creator>" + hidden
    upload = with_segments(
        make_jpeg(exif=exif_with(hidden), icc_profile=make_icc(description=hidden)),
        segment(0xE1, XMP_NAME + xmp),
        segment(0xE2, b"MPF\x00" + hidden),
        segment(0xEB, b"JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x30jumb" + hidden),
        segment(0xEC, hidden),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x21" + hidden),
        segment(0xFE, hidden),
    )
    assert repeated(value, certified(upload + hidden)) <= said_anyway()


@quick
@given(values)
def test_no_value_of_any_chunk_of_a_png_or_webp_is_repeated(value: str) -> None:
    hidden = value.encode()
    png = make_png(
        40,
        30,
        chunk(b"eXIf", exif_with(hidden)[6:]),
        chunk(b"tEXt", b"Author\x00" + hidden),
        chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(hidden)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + hidden),
        chunk(b"prVt", hidden),
    )
    webp = make_webp(40, 30, riff_chunk(b"EXIF", exif_with(hidden)), riff_chunk(b"XMP ", hidden))
    for upload in (png, webp):
        assert repeated(value, certified(upload + hidden)) <= said_anyway()


def test_a_location_is_said_to_have_been_there_and_no_more() -> None:
    gps = {
        piexif.GPSIFD.GPSLatitudeRef: b"N",
        piexif.GPSIFD.GPSLatitude: ((51, 1), (5, 1), (2504, 100)),
        piexif.GPSIFD.GPSLongitude: ((4, 1), (27, 1), (1899, 100)),
    }
    said = json.loads(certified(make_jpeg(exif=make_exif(gps=gps))))
    (location,) = [finding for finding in said["found"] if finding["kind"] == "gps"]
    assert location == {"kind": "gps", "count": 1, "bytes": 0}
    assert set(said["kept"]) == {"orientation_applied"}


@pytest.mark.parametrize("six_digits", ACCEPTED)
def test_no_words_of_a_real_photo_are_repeated(six_digits: str) -> None:
    """But for make, model, capture time and the name of the colours, which are kept on purpose."""
    upload = real(six_digits)
    certificate = scrub(upload).certificate
    said = json.dumps({**certificate_json(certificate), "kept": None})

    words = {word for match in WORDS.findall(upload) for word in eights(match)}

    assert {word for word in words if word in said} <= said_anyway()
    assert {finding.kind for finding in certificate.found} <= KINDS
    assert certificate.kept.keys() <= {
        *("captured_at", "captured_offset", "device_make", "device_model"),
        *("colour_profile", "orientation_applied"),
    }
