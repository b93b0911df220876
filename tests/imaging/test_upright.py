import io
import subprocess
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from consult.errors import UnreadablePhoto
from consult.imaging import jpeg, upright, workers
from consult.imaging.scrub import scrub
from tests.imaging.photos import EOI, make_jpeg, pixels_of, psnr
from tests.needs import needs, needs_turbo

PERFECT, IMPERFECT = (64, 48), (61, 43)
TURNED = range(2, 9)


@pytest.fixture
def turbo() -> None:
    needs_turbo()


@pytest.fixture
def no_turbo(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The library is looked up once per process: here, and in the workers."""
    monkeypatch.setenv("CONSULT_TURBOJPEG", "/nowhere/libturbojpeg.so")
    workers.close()
    upright._library.cache_clear()
    yield
    monkeypatch.undo()
    workers.close()
    upright._library.cache_clear()


def as_galleries_show(upload: bytes) -> Image.Image:
    with Image.open(io.BytesIO(upload)) as image:
        return ImageOps.exif_transpose(image)


@pytest.mark.usefixtures("turbo")
class TestLosslessTurn:
    @pytest.mark.parametrize("orientation", TURNED)
    @pytest.mark.parametrize("size", [(64, 48), (48, 64)], ids=["landscape", "portrait"])
    @pytest.mark.parametrize("sampling", [0, 1, 2], ids=["4:4:4", "4:2:2", "4:2:0"])
    def test_the_photo_is_upright_as_galleries_show_it(
        self, orientation: int, size: tuple[int, int], sampling: int
    ) -> None:
        upload = make_jpeg(*size, orientation=orientation, subsampling=sampling)

        photo = scrub(upload)

        shown = as_galleries_show(upload)
        assert (photo.width, photo.height) == shown.size
        assert (photo.lossless, photo.orientation_applied) == (True, orientation)
        assert psnr(pixels_of(photo.jpeg), np.asarray(shown)) > 40

    def test_a_grey_photo_turns_by_blocks_of_eight(self) -> None:
        photo = scrub(make_jpeg(72, 40, mode="L", orientation=6))
        assert (photo.width, photo.height, photo.lossless) == (40, 72, True)

    def test_a_quarter_turn_and_its_opposite_give_back_every_byte(self) -> None:
        upload = make_jpeg(*PERFECT)
        there_and_back = upright.turn(upright.turn(upload, 6), 8)
        assert there_and_back == upright.turn(upload, 1)

    @pytest.mark.parametrize("orientation", TURNED)
    def test_every_turn_can_be_undone_to_the_byte(self, orientation: int) -> None:
        opposite = {6: 8, 8: 6}.get(orientation, orientation)
        upload = make_jpeg(*PERFECT)
        assert upright.turn(upright.turn(upload, orientation), opposite) == upright.turn(upload, 1)

    def test_jpegtran_turns_to_the_same_bytes(self, tmp_path: Path) -> None:
        jpegtran = needs("jpegtran")
        upload, file = make_jpeg(320, 240), tmp_path / "photo.jpg"
        file.write_bytes(upload)

        by_jpegtran = subprocess.run(
            [jpegtran, "-copy", "none", "-perfect", "-rotate", "90", file],
            check=True,
            capture_output=True,
        ).stdout

        assert upright.turn(upload, 6) == by_jpegtran

    @pytest.mark.parametrize("progressive", [True, False])
    def test_no_turn_makes_any_stream_baseline_without_loss(self, progressive: bool) -> None:
        upload = make_jpeg(61, 43, progressive=progressive)
        result = upright.turn(upload, 1)
        assert jpeg.walk(result).frame.marker == jpeg.BASELINE
        assert (pixels_of(result) == pixels_of(upload)).all()

    def test_a_missing_huffman_table_is_put_back(self) -> None:
        upload = make_jpeg()
        without = b""
        view = jpeg.walk(upload)
        for segment in view.segments:
            if segment.marker == jpeg.EOI:
                without += EOI
            elif segment.marker != jpeg.DHT:
                without += upload[segment.start - 4 : segment.coded_end]

        photo = scrub(b"\xff\xd8" + without)

        assert photo.certificate.steps == ("rebuilt", "transcoded")
        assert (pixels_of(photo.jpeg) == pixels_of(upload)).all()

    def test_damage_is_refused(self) -> None:
        upload = make_jpeg(400, 304, quality=95)
        with pytest.raises(UnreadablePhoto):
            upright.turn(upload[: len(upload) // 2] + EOI, 6)


class TestImperfectTurn:
    @pytest.mark.parametrize("orientation", [2, 3, 4, 6, 7, 8])
    @pytest.mark.parametrize("quality", [75, 99], ids=["coarse", "fine"])
    def test_the_photo_is_upright_whole_and_marked(self, orientation: int, quality: int) -> None:
        upload = make_jpeg(*IMPERFECT, orientation=orientation, subsampling=2, quality=quality)

        photo = scrub(upload)

        shown = as_galleries_show(upload)
        assert (photo.width, photo.height) == shown.size
        assert not photo.lossless
        assert photo.derivation
        assert [step.method for step in photo.lossy_steps] == ["ISO_10918_1", "ISO_10918_1"]
        assert "not of whole blocks" in photo.certificate.steps[-1]
        assert psnr(pixels_of(photo.jpeg), np.asarray(shown)) >= 44

    def test_a_transpose_is_always_perfect(self) -> None:
        upload = make_jpeg(*IMPERFECT, orientation=5, subsampling=2)
        if upright.library():
            assert scrub(upload).lossless

    def test_tables_finer_than_ours_are_kept(self) -> None:
        photo = scrub(make_jpeg(*IMPERFECT, orientation=6, subsampling=2, quality=100))
        assert "own tables" in photo.certificate.steps[-1]

    def test_a_photo_of_odd_size_is_imperfect_even_when_grey(self) -> None:
        upload = make_jpeg(61, 43, mode="L", orientation=6)
        photo = scrub(upload)
        assert (photo.photometric, photo.lossless) == ("MONOCHROME2", False)
        assert psnr(pixels_of(photo.jpeg), np.asarray(as_galleries_show(upload))) >= 44

    def test_a_damaged_photo_is_refused_before_it_is_encoded_anew(self) -> None:
        upload = make_jpeg(401, 303, orientation=6, quality=95)
        with pytest.raises(UnreadablePhoto):
            scrub(upload[:-900] + EOI)


@pytest.mark.usefixtures("no_turbo")
class TestWithoutTheLibrary:
    def test_an_upright_photo_is_kept_as_it_is(self) -> None:
        assert upright.library() is None
        assert scrub(make_jpeg()).lossless

    def test_a_turned_photo_is_encoded_anew_and_says_why(self) -> None:
        upload = make_jpeg(*PERFECT, orientation=6)
        photo = scrub(upload)
        assert not photo.lossless
        assert "no TurboJPEG library" in photo.certificate.steps[-1]
        assert psnr(pixels_of(photo.jpeg), np.asarray(as_galleries_show(upload))) >= 44

    def test_a_progressive_photo_is_encoded_anew(self) -> None:
        assert not scrub(make_jpeg(progressive=True)).lossless
