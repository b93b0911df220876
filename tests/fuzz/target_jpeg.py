"""The segment walk, and the rebuild from an allow-list."""

from consult.imaging import findings, jpeg
from consult.imaging.exif import Facts
from consult.imaging.rebuild import rebuild
from tests.fuzz.seeds import real_seeds
from tests.fuzz.target import Target
from tests.imaging.photos import (
    make_icc,
    make_jpeg,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)


def run(upload: bytes) -> None:
    """The rebuild of a rebuild is the same bytes, and carries the same coded data."""
    walked = jpeg.walk(upload)
    jpeg.icc_of(upload, walked)
    jpeg.exif_of(upload, walked)
    findings.of_jpeg(upload, walked, Facts())
    clean = rebuild(upload, walked)
    again = jpeg.walk(clean)
    assert rebuild(clean, again) == clean
    assert again.frame == walked.frame
    assert _coded(clean, again) == _coded(upload, walked)
    assert {s.marker for s in again.segments} <= {
        *(jpeg.KEPT | {jpeg.EOI, jpeg.APP0, jpeg.APP14}),
    }


def seeds() -> list[bytes]:
    """One of each coding, with a segment of each kind."""
    made = [
        make_jpeg(24, 24),
        make_jpeg(24, 24, progressive=True),
        make_jpeg(24, 24, mode="L"),
        make_jpeg(24, 24, mode="CMYK"),
        make_jpeg(40, 24, restart_marker_blocks=1),
        make_jpeg(24, 24, exif=tell_all_exif(), icc_profile=make_icc()),
    ]
    return [*made, with_segments(made[0], *tell_all_segments()), *real_seeds("*/*.jp*g")]


def _coded(photo: bytes, walked: jpeg.Walk) -> list[bytes]:
    return [photo[start:end] for start, end in walked.coded]


TARGET = Target(run, seeds)
