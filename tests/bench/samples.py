"""12 megapixel photos for the benchmark: real ones where the test corpus lies, else made ones."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

_CORPUS = Path(os.environ.get("CONSULT_TEST_CORPUS", "../shared/corpus"))
_REAL = {
    "upright JPEG": "jpeg/*__33516b__*",
    "JPEG to be turned": "jpeg/*__cf0be8__*",
    "HEIC": "heic/*__e760c8__*",
}


@dataclass(frozen=True)
class Sample:
    title: str
    origin: str
    suffix: str
    upload: bytes


def samples() -> list[Sample]:
    real = [
        Sample(title, f"a real photo, {path.stem.split('__')[1]}", path.suffix, path.read_bytes())
        for title, pattern in _REAL.items()
        for path in _CORPUS.glob(pattern)
    ]
    return real or [
        Sample("upright JPEG", "a made picture", ".jpg", made((4032, 3024), orientation=1)),
        Sample("JPEG to be turned", "a made picture", ".jpg", made((4000, 3000), orientation=6)),
    ]


def made(size: tuple[int, int], *, orientation: int) -> bytes:
    """Smooth colour with the grain of a small sensor, about 4 MB like a phone's own."""
    width, height = size
    grain = np.random.default_rng(12).normal(0, 9, (height, width, 3))
    slope = np.linspace(60, 200, width)[None, :, None] + np.linspace(-40, 40, height)[:, None, None]
    pixels = np.clip(slope * [1.0, 0.85, 0.75] + grain, 0, 255).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85, subsampling="4:2:0", exif=exif)
    return out.getvalue()
