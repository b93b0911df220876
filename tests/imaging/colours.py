"""What a calibrated screen shows: CIELAB by littleCMS, and how far two colours are apart."""

import io
import struct
from typing import Any, Literal

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tests.imaging.photos import make_icc

Lab = NDArray[np.float64]
"""(..., 3): L* 0 to 100, a* and b*, under D50."""


def _own(space: Literal["sRGB", "LAB"]) -> Any:
    return ImageCms.createProfile(space)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - Pillow's hints


_SRGB, _LAB = _own("sRGB"), _own("LAB")
_ADOBE_RGB = {
    b"rXYZ": (0.60974, 0.31111, 0.01947),
    b"gXYZ": (0.20528, 0.62567, 0.06087),
    b"bXYZ": (0.14919, 0.06322, 0.74457),
}
_BLOCK = 8  # pixels: what JPEG keeps the colour of, whatever it does to the detail
_COLORIMETRIC = ImageCms.Intent.RELATIVE_COLORIMETRIC


def adobe_rgb() -> bytes:
    """A version 2 profile of Adobe RGB (1998), with the telling names of `make_icc`."""
    profile = bytearray(make_icc(name="sRGB"))
    curve = (np.linspace(0, 1, 1024) ** (563 / 256) * 65535).astype(">u2").tobytes()
    for number in range(int.from_bytes(profile[128:132], "big")):
        tag, at, size = struct.unpack_from(">4s2I", profile, 132 + 12 * number)
        if tag in _ADOBE_RGB:
            fixed = [round(value * 65536) for value in _ADOBE_RGB[tag]]
            struct.pack_into(">3i", profile, at + 8, *fixed)
        elif tag.endswith(b"TRC"):
            profile[at + 12 : at + size] = curve
    return bytes(profile)


def decoded(photo: bytes) -> tuple[Image.Image, bytes | None]:
    """Return a photo as Pillow or libheif decodes it, on white, and the profile in it."""
    if photo[4:8] == b"ftyp":
        container: Any = pi_heif.open_heif(photo)  # pyright: ignore[reportUnknownMemberType] - its hints are half done
        primary = container[container.primary_index]
        return Image.fromarray(np.asarray(primary)), primary.info.get("icc_profile")
    with Image.open(io.BytesIO(photo)) as image:
        profile = image.info.get("icc_profile")
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"), profile
        return image.convert("RGB"), profile


def sampled(image: Image.Image) -> Image.Image:
    """Return about a million pixels of a photo, each as it is."""
    step = max(1, max(image.size) // 1000)
    return Image.fromarray(np.ascontiguousarray(np.asarray(image)[::step, ::step]))


def patches(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the mean colours of the blocks that the photo has when it is shown at `size`."""
    width, height = size
    small = image.resize(size, Image.Resampling.BOX)
    return small.resize((-(-width // _BLOCK), -(-height // _BLOCK)), Image.Resampling.BOX)


def opened(profile: bytes) -> Any:
    """Return the profile as littleCMS knows it. Raises PyCMSError if it is none."""
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def shown(image: Image.Image, profile: bytes | None) -> Lab:
    """Return the colours of every pixel by `profile`, or by sRGB where there is none."""
    source = opened(profile) if profile else _SRGB
    lab = ImageCms.profileToProfile(
        image.convert("RGB"), source, _LAB, renderingIntent=_COLORIMETRIC, outputMode="LAB"
    )
    assert lab
    # Pillow keeps L* as 0 to 255, a* and b* in two's complement.
    raw = np.asarray(lab)
    lightness = raw[..., 0] * (100 / 255)
    return np.stack([lightness, *np.moveaxis(raw[..., 1:].view(np.int8), -1, 0)], axis=-1)


def in_srgb(image: Image.Image, profile: bytes | None) -> NDArray[np.bool_]:
    """Tell which pixels have a colour that an sRGB screen can show: there and back is the same."""
    source = opened(profile) if profile else _SRGB
    squeezed = ImageCms.profileToProfile(
        image, source, _SRGB, renderingIntent=_COLORIMETRIC, outputMode="RGB"
    )
    assert squeezed
    return ciede2000(shown(image, profile), shown(squeezed, None)) < 1


def ciede2000(one: Lab, other: Lab) -> NDArray[np.float64]:
    """Return the colour difference of each pair (ISO/CIE 11664-6, as Sharma et al. write it)."""
    (l1, a1, b1), (l2, a2, b2) = np.moveaxis(one, -1, 0), np.moveaxis(other, -1, 0)
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * _saturation(mean_chroma)
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1 = np.degrees(np.arctan2(b1, a1 * stretch)) % 360
    h2 = np.degrees(np.arctan2(b2, a2 * stretch)) % 360
    colourless = c1 * c2 == 0

    turn = h2 - h1 - 360 * (h2 - h1 > 180) + 360 * (h2 - h1 < -180)
    turn[colourless] = 0
    lightness, chroma = l2 - l1, c2 - c1
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))

    mean_c, off = (c1 + c2) / 2, ((l1 + l2) / 2 - 50) ** 2
    mean_h = (h1 + turn / 2) % 360
    mean_h[colourless] = (h1 + h2)[colourless]
    weight = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    lightness = lightness / (1 + 0.015 * off / np.sqrt(20 + off))
    chroma = chroma / (1 + 0.045 * mean_c)
    hue = hue / (1 + 0.015 * mean_c * weight)
    blue = 60 * np.exp(-(((mean_h - 275) / 25) ** 2))
    rotation = -2 * _saturation(mean_c) * np.sin(np.radians(blue))
    return np.sqrt(lightness**2 + chroma**2 + hue**2 + rotation * chroma * hue)


def _saturation(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
