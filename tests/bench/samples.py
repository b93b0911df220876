"""Photos for the benchmark: real ones where the test corpus lies, else made ones."""

import io
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

_CORPUS = Path(os.environ.get("CONSULT_TEST_CORPUS", "../shared/corpus"))
_REAL = {
    "upright JPEG": "jpeg/*__33516b__*",
    "JPEG to be turned": "jpeg/*__cf0be8__*",
    "HEIC": "heic/*__e760c8__*",
}
_FOLDER = 60  # made photos


@dataclass(frozen=True)
class Sample:
    title: str
    origin: str
    suffix: str
    upload: bytes


def samples() -> list[Sample]:
    """Of 12 megapixels: one upright, one to be turned in blocks that are not whole, one HEIC."""
    real = [
        Sample(title, f"a real photo, {path.stem.split('__')[1]}", path.suffix, path.read_bytes())
        for title, pattern in _REAL.items()
        for path in _CORPUS.glob(pattern)
    ]
    return real or [
        Sample("upright JPEG", "a made picture", ".jpg", made((4032, 3024), orientation=1)),
        Sample("JPEG to be turned", "a made picture", ".jpg", made((4000, 3000), orientation=6)),
    ]


def to_be_turned(sample: Sample) -> Sample:
    """The same photo, said to lie on its side by an EXIF block before all others."""
    exif = Image.Exif()
    exif[0x0112] = 6
    block = exif.tobytes()
    segment = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
    upload = sample.upload[:2] + segment + sample.upload[2:]
    return replace(sample, title="JPEG turned in whole blocks", upload=upload)


def folder_samples() -> list[Sample]:
    """JPEG photos of every size, sound ones."""
    real = [
        Sample(path.stem, "a real photo", path.suffix, path.read_bytes())
        for path in sorted(_CORPUS.glob("jpeg/*"))
    ]
    sizes = [(640, 480), (1600, 1200), (800, 600), (3264, 2448)]
    return real or [
        Sample(str(n), "a made picture", ".jpg", made(sizes[n % 4], orientation=1))
        for n in range(_FOLDER)
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
