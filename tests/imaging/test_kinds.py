"""Every kind of picture that people send, what becomes of it, and what is refused.

One line each: how to make it or which real one it is, the steps that the certificate must list,
and what must be found in it beside the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from consult.errors import UnsupportedPhoto
from consult.imaging.scrub import scrub
from tests.imaging import kinds
from tests.imaging.boxes import (
    AVIF_10_BITS,
    HEIC_8_BITS,
    HEIC_10_BITS,
    box,
    make_still,
    nclx,
)
from tests.imaging.photos import (
    chunk,
    kinds_of,
    make_animation,
    make_exif,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    picture,
    pixels_of,
    psnr,
    real,
    saved,
    tell_all_exif,
)

REBUILT = "rebuilt"
TRANSCODED = "rebuilt, transcoded"
TURNED = "rebuilt, turned 90"
FROM = "decoded from {}, encoded q98 4:4:4"
ANEW = "rebuilt, re-encoded q98 4:4:4: unusual colour sampling"
INKS = "rebuilt, converted from CMYK to sRGB, re-encoded q98 4:4:4"
PNG, WEBP, HEIC, AVIF = (FROM.format(name) for name in ("PNG", "WEBP", "HEIC", "AVIF"))
LOSSLESS = {REBUILT, TRANSCODED, TURNED}


@dataclass(frozen=True)
class Kind:
    upload: Callable[[], bytes]
    steps: str
    found: str = ""
    profile: str | None = None


ACCEPTED = {
    # How a JPEG is coded,
    "baseline": Kind(make_jpeg, REBUILT),
    "baseline, real": Kind(lambda: real("33516b"), REBUILT, "exif gps serial trailer"),
    "progressive": Kind(lambda: make_jpeg(progressive=True), TRANSCODED),
    "progressive, real": Kind(lambda: real("f0096a"), TRANSCODED, "exif xmp"),
    "arithmetic": Kind(lambda: kinds.from_cjpeg("-arithmetic"), TRANSCODED),
    "arithmetic, real": Kind(lambda: real("4672c7"), TRANSCODED),
    "arithmetic progressive": Kind(
        lambda: kinds.from_cjpeg("-arithmetic", "-progressive"), TRANSCODED
    ),
    "extended with 8 bits": Kind(lambda: kinds.with_frame_marker(0xC1), TRANSCODED),
    "missing Huffman tables": Kind(kinds.without_huffman_tables, TRANSCODED),
    "restart markers": Kind(lambda: make_jpeg(restart_marker_blocks=1), REBUILT),
    "turned": Kind(lambda: make_jpeg(64, 48, orientation=6), TURNED, "exif"),
    "turned, real": Kind(lambda: real("3ad8b0"), TURNED, "exif gps"),
    # in what colours,
    "grey": Kind(lambda: make_jpeg(mode="L"), REBUILT),
    "RGB": Kind(lambda: make_jpeg(keep_rgb=True), REBUILT),
    "CMYK": Kind(lambda: make_jpeg(mode="CMYK"), INKS),
    "YCCK": Kind(kinds.make_ycck, INKS),
    "YCCK, real": Kind(lambda: real("ac5568"), INKS),
    "4:4:4": Kind(lambda: make_jpeg(subsampling="4:4:4"), REBUILT),
    "4:2:2": Kind(lambda: make_jpeg(subsampling="4:2:2"), REBUILT),
    "4:4:0, real": Kind(lambda: real("d45980"), REBUILT, "gps"),
    "4:1:1": Kind(lambda: kinds.from_cjpeg("-sample", "4x1"), REBUILT),
    "4:4:1": Kind(lambda: kinds.from_cjpeg("-sample", "1x4"), ANEW),
    "4x2, real": Kind(lambda: real("50af7a"), ANEW, "icc", "sRGB"),
    "Display P3": Kind(
        lambda: make_jpeg(icc_profile=make_icc(name="P3")), REBUILT, "icc", "Display P3"
    ),
    # and what comes with it.
    "MPO": Kind(kinds.make_mpo, REBUILT, "mpf second_image"),
    "MPO, real": Kind(lambda: real("e21649"), REBUILT, "mpf second_image"),
    "Ultra HDR": Kind(kinds.make_ultra_hdr, REBUILT, "gain_map second_image xmp trailer"),
    "Ultra HDR, real": Kind(lambda: real("fd0faf"), REBUILT, "gain_map mpf gps", "sRGB"),
    "Apple gain map, real": Kind(lambda: real("2e4310"), REBUILT, "gain_map mpf", "Display P3"),
    "motion photo of Google": Kind(
        kinds.make_google_motion_photo, REBUILT, "motion_video xmp trailer"
    ),
    "motion photo of Samsung": Kind(
        kinds.make_samsung_motion_photo, REBUILT, "motion_video trailer"
    ),
    "C2PA": Kind(kinds.make_c2pa, REBUILT, "c2pa"),
    "C2PA, real": Kind(lambda: real("a2d147"), REBUILT, "c2pa"),
    # PNG
    **{f"PNG grey, {bits} bits": Kind(lambda n=bits: kinds.make_grey_png(n), PNG) for bits in (1, 2, 4, 8, 16)},
    **{f"PNG palette, {bits} bits": Kind(lambda n=bits: kinds.make_palette_png(n), PNG) for bits in (1, 2, 4, 8)},
    "PNG palette with a clear colour": Kind(
        lambda: kinds.make_palette_png(8, chunk(b"tRNS", b"\x00")), PNG
    ),
    "PNG colour, 8 bits": Kind(make_png, PNG),
    "PNG colour, 16 bits": Kind(lambda: kinds.make_deep_png(alpha=False), PNG),
    "PNG colour and alpha, 8 bits": Kind(lambda: kinds.make_alpha_png("RGBA"), PNG),
    "PNG colour and alpha, 16 bits": Kind(lambda: kinds.make_deep_png(alpha=True), PNG),
    "PNG grey and alpha": Kind(lambda: kinds.make_alpha_png("LA"), PNG),
    "PNG interlaced, real": Kind(lambda: real("b2690d"), PNG),
    "PNG eXIf": Kind(
        lambda: make_png(40, 30, chunk(b"eXIf", tell_all_exif()[6:])), PNG, "exif gps serial"
    ),
    "PNG iCCP, real": Kind(lambda: real("e882a6"), PNG, "icc", "sRGB"),
    "PNG cICP": Kind(
        lambda: make_png(40, 30, chunk(b"cICP", b"\x0c\x0d\x00\x01")), PNG, "", "Display P3"
    ),
    # WebP
    "WebP": Kind(make_webp, WEBP),
    "WebP, real": Kind(lambda: real("be7fe8"), WEBP, "exif gps", "sRGB"),
    "WebP lossless": Kind(lambda: make_webp(lossless=True), WEBP),
    "WebP alpha": Kind(lambda: saved(kinds.half_clear(), "WEBP"), WEBP),
    "WebP alpha, lossless": Kind(lambda: saved(kinds.half_clear(), "WEBP", lossless=True), WEBP),
    # HEIC
    "HEIC, 8 bits": Kind(lambda: HEIC_8_BITS, HEIC),
    "HEIC, 10 bits": Kind(lambda: HEIC_10_BITS, HEIC),
    "HEIC irot": Kind(
        lambda: make_still(HEIC_8_BITS, box(b"irot", b"\x03"), exif=make_exif(orientation=6)),
        HEIC.replace(",", ", turned 90,"), "exif",
    ),
    "HEIC imir": Kind(
        lambda: make_still(HEIC_8_BITS, box(b"imir", b"\x01")), HEIC.replace(",", ", mirrored,")
    ),
    "HEIC nclx of Display P3": Kind(
        lambda: make_still(HEIC_10_BITS, nclx(12, 13), brand=b"heix"), HEIC, "", "Display P3"
    ),
    "HEIC with depth": Kind(
        lambda: make_still(HEIC_8_BITS, auxiliary=b"urn:mpeg:hevc:2015:auxid:2"),
        HEIC, "auxiliary_image",
    ),
    "HEIC with a film": Kind(
        lambda: make_still(HEIC_8_BITS, behind=box(b"mpvd", kinds.MP4)), HEIC, "motion_video"
    ),
    "HEIC of an iPhone, real: P3, gain map, turned": Kind(
        lambda: real("e760c8"), HEIC.replace(",", ", turned 90,"),
        "exif xmp makernote gain_map thumbnail icc", "Display P3",
    ),
    "HEIC in motion, real": Kind(lambda: real("9a0d28"), HEIC, "motion_video xmp"),
    # AVIF
    "AVIF, 8 bits": Kind(lambda: saved(picture(64, 48), "AVIF"), AVIF),
    "AVIF, 10 bits": Kind(lambda: AVIF_10_BITS, AVIF),
    "AVIF alpha": Kind(lambda: saved(kinds.half_clear(), "AVIF"), AVIF),
    "AVIF irot": Kind(
        lambda: saved(picture(64, 48), "AVIF", exif=make_exif(orientation=6)),
        AVIF.replace(",", ", turned 90,"),
    ),
    "AVIF Display P3": Kind(
        lambda: saved(picture(64, 48), "AVIF", icc_profile=make_icc(name="P3")),
        AVIF, "icc", "Display P3",
    ),
}  # fmt: skip

REFUSED = {
    "JPEG, 12 bits": (lambda: kinds.with_precision(12), "unsupported_coding"),
    "JPEG extended, 12 bits": (
        lambda: kinds.with_frame_marker(0xC1, kinds.with_precision(12)), "unsupported_coding",
    ),
    "JPEG lossless": (lambda: kinds.with_frame_marker(0xC3), "unsupported_coding"),
    "JPEG lossless, real": (lambda: real("c617b4"), "unsupported_coding"),
    "JPEG hierarchical": (lambda: kinds.with_frame_marker(0xC5), "unsupported_coding"),
    "JPEG-LS": (lambda: kinds.with_frame_marker(0xF7), "unsupported_coding"),
    "PNG HDR": (kinds.make_hdr_png, "unsupported_coding"),
    "HEIC HDR, PQ": (lambda: make_still(HEIC_10_BITS, nclx(9, 16)), "unsupported_coding"),
    "HEIC HDR, HLG": (lambda: make_still(HEIC_10_BITS, nclx(9, 18)), "unsupported_coding"),
    "AVIF HDR, PQ": (
        lambda: make_still(AVIF_10_BITS, nclx(9, 16), brand=b"avif"), "unsupported_coding",
    ),
    "AVIF HDR, HLG": (
        lambda: make_still(AVIF_10_BITS, nclx(9, 18), brand=b"avif"), "unsupported_coding",
    ),
    "PNG animated": (lambda: make_animation("PNG"), "animated"),
    "WebP animated": (lambda: make_animation("WEBP"), "animated"),
    "AVIF animated": (lambda: make_animation("AVIF"), "animated"),
    "HEIC animated": (
        lambda: box(b"ftyp", b"hevc\x00\x00\x00\x00msf1hevc") + box(b"moov", bytes(40)),
        "animated",
    ),
    "GIF": (lambda: make_animation("GIF"), "unsupported_format"),
    "film": (lambda: kinds.MP4, "unsupported_format"),
}  # fmt: skip
WHAT_TO_DO = {
    "unsupported_coding": "Please save it as a normal JPEG",
    "animated": "Please send a still photo",
    "unsupported_format": "Please send a JPEG, HEIC, AVIF, PNG or WebP photo",
}


@pytest.mark.parametrize("kind", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_kind_of_photo_is_taken_as_it_is_to_be(kind: Kind) -> None:
    photo = scrub(kind.upload())
    assert ", ".join(photo.certificate.steps) == kind.steps
    assert photo.lossless is (kind.steps in LOSSLESS)
    assert (photo.derivation is None) is photo.lossless
    assert kinds_of(photo) >= set(kind.found.split())
    assert photo.certificate.kept.get("colour_profile") == kind.profile


@pytest.mark.parametrize(("upload", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_kind_that_cannot_be_kept_is_refused_with_what_to_do(
    upload: Callable[[], bytes], code: str
) -> None:
    with pytest.raises(UnsupportedPhoto) as refusal:
        scrub(upload())
    assert refusal.value.code == code
    assert WHAT_TO_DO[code] in refusal.value.message


def test_no_decoder_runs_in_the_process_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers are processes of their own, in which nothing is replaced."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a decoder ran")

    uploads = [kind.upload() for name, kind in ACCEPTED.items() if "real" not in name]
    for decoder in (
        *("simplejpeg.decode_jpeg", "simplejpeg.decode_jpeg_header", "simplejpeg.encode_jpeg"),
        *("PIL.Image.open", "PIL.ImageFile.ImageFile.load", "PIL.ImageCms.ImageCmsProfile"),
        *("pi_heif.open_heif", "consult.imaging.upright.turn"),
    ):
        monkeypatch.setattr(decoder, never)
    assert all(scrub(upload).preview for upload in uploads)


@pytest.mark.parametrize(
    ("kind", "decibels"),
    [
        ("PNG grey, 8 bits", 45), ("PNG grey, 16 bits", 45), ("PNG colour, 8 bits", 45),
        ("PNG colour, 16 bits", 45), ("PNG colour and alpha, 16 bits", 45), ("WebP lossless", 45),
        ("WebP", 26), ("HEIC, 8 bits", 33), ("HEIC, 10 bits", 33), ("AVIF, 8 bits", 28),
        ("AVIF, 10 bits", 45),
    ],
)  # fmt: skip
def test_a_converted_picture_looks_as_it_did(kind: str, decibels: float) -> None:
    """Beside the picture before it was coded; the lossy ones coded the colours at half size."""
    shown = pixels_of(scrub(ACCEPTED[kind].upload()).jpeg)
    height, width = shown.shape[:2]
    mode = "L" if shown.ndim == 2 else "RGB"
    assert psnr(shown, np.asarray(picture(width, height, mode))) > decibels


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_shades_of_grey_are_spread_from_black_to_white(bits: int) -> None:
    shown = pixels_of(scrub(kinds.make_grey_png(bits)).jpeg)
    shades = np.asarray(picture(64, 48, "L")) >> (8 - bits)
    assert psnr(shown, shades * (255 / (2**bits - 1))) > 40


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_gives_its_colours(bits: int) -> None:
    shown = pixels_of(scrub(kinds.make_palette_png(bits)).jpeg)
    assert psnr(shown, np.asarray(picture(64, 48).quantize(2**bits).convert("RGB"))) > 40


def test_clear_parts_of_every_format_lie_on_white() -> None:
    for name in ("PNG colour and alpha, 8 bits", "WebP alpha", "AVIF alpha"):
        left = pixels_of(scrub(ACCEPTED[name].upload()).jpeg)[:, :24]
        assert left.min() > 240
