"""The job of the decode workers that every photo goes through, here without a worker."""

import io

import numpy as np
import pytest
from PIL import Image

from consult.errors import UnreadablePhoto
from consult.imaging import icc, proving
from consult.imaging.framing import Body, Notes
from tests.imaging.photos import EOI, make_jpeg


def verify(jpeg: Body, *, profile: bytes = b"") -> tuple[bytes, Notes]:
    body = b"".join([jpeg, profile])
    return proving.verify(memoryview(body), {"profile_size": len(profile)})


@pytest.mark.parametrize(("width", "height"), [(40, 30), (639, 400), (1600, 1200), (6000, 300)])
def test_the_preview_is_small_and_of_the_same_shape(width: int, height: int) -> None:
    preview, _ = verify(make_jpeg(width, height))
    with Image.open(io.BytesIO(preview)) as image:
        assert min(320, width) <= image.width < 640
        assert image.width / image.height == pytest.approx(width / height, rel=0.07)


def test_what_is_seen_of_a_photo_is_told_in_numbers() -> None:
    _, seen = verify(make_jpeg(800, 600))
    assert set(seen) == {"sharpness", "brightness", "highlights", "clipped"}
    assert all(isinstance(value, float) and value >= 0 for value in seen.values())


def test_the_preview_of_a_wide_gamut_is_in_srgb() -> None:
    jpeg = make_jpeg(400, 300)
    plain, _ = verify(jpeg)
    converted, _ = verify(jpeg, profile=icc.display_p3().content)
    with Image.open(io.BytesIO(plain)) as one, Image.open(io.BytesIO(converted)) as other:
        difference = np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int))
    assert difference.max() > 8


def test_half_a_photo_is_refused() -> None:
    upload = make_jpeg(800, 600)
    with pytest.raises(UnreadablePhoto):
        verify(upload[: len(upload) // 2] + EOI)
