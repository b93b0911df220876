"""A turn that a person asked for: the same picture, proven once more, its history kept."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from consult.errors import UnreadablePhoto
from consult.imaging import jpeg, upright
from consult.imaging.certificate import summary
from consult.imaging.dicom import (
    SopClass,
    SourceImage,
    instance_uid,
    read_header,
    read_source,
    sop_class_for,
    wrap,
)
from consult.imaging.photo import LossyStep, ScrubbedPhoto
from consult.imaging.scrub import scrub
from consult.imaging.turning import KeptPhoto, turned
from tests.imaging.instances import PHOTO_ID, dciodvfy, make_context
from tests.imaging.photos import (
    EOI,
    SECRET,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    pixels_of,
    psnr,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)
from tests.imaging.typecheck import problems
from tests.needs import needs_turbo

BY = "the sender"
SOURCE = SourceImage("1.2.840.10008.5.1.4.1.1.7", "2.25.7")
UPLOADS: dict[str, Callable[[], bytes]] = {
    "whole blocks": lambda: make_jpeg(64, 48),
    "not whole blocks": lambda: make_jpeg(61, 43, subsampling=2),
    "grey": lambda: make_jpeg(64, 48, mode="L"),
    "RGB": lambda: make_jpeg(64, 48, keep_rgb=True),
    "wide gamut": lambda: make_jpeg(64, 48, icc_profile=make_icc(name="P3")),
    "turned on arrival": lambda: make_jpeg(64, 48, orientation=6),
    "turned on arrival, encoded anew": lambda: make_jpeg(61, 43, orientation=6, subsampling=2),
    "PNG": lambda: make_png(64, 48),
    "WebP": lambda: make_webp(61, 43),
}


@pytest.fixture
def _turbo() -> None:
    needs_turbo()


@pytest.fixture(params=UPLOADS.values(), ids=list(UPLOADS))
def photo(request: pytest.FixtureRequest) -> ScrubbedPhoto:
    return scrub(request.param())


class TestPicture:
    @pytest.mark.parametrize("clockwise", [90, 180, 270])
    def test_the_picture_is_turned_clockwise(self, photo: ScrubbedPhoto, clockwise: int) -> None:
        result = turned(kept(photo), clockwise=clockwise, by=BY)

        shown = as_turned(photo.jpeg, clockwise)
        assert (result.width, result.height) == shown.size
        assert psnr(pixels_of(result.jpeg), np.asarray(shown)) > 40
        small = np.asarray(as_turned(photo.preview, clockwise))
        assert psnr(pixels_of(result.preview), small) > 25

    @pytest.mark.usefixtures("_turbo")
    @pytest.mark.parametrize("clockwise", [90, 180, 270])
    def test_whole_blocks_are_moved_and_nothing_is_lost(self, clockwise: int) -> None:
        photo = scrub(make_jpeg(64, 48))

        result = turned(kept(photo), clockwise=clockwise, by=BY)

        back = turned(kept(result), clockwise=360 - clockwise, by=BY)
        assert (result.lossless, result.derivation) == (True, None)
        assert coded(back.jpeg) == coded(upright.turn(photo.jpeg, 1))

    def test_no_turn_gives_back_every_byte(self, photo: ScrubbedPhoto) -> None:
        result = turned(kept(photo), clockwise=0, by=BY)

        assert result.jpeg == photo.jpeg
        assert (result.lossless, result.derivation) == (photo.lossless, photo.derivation)
        assert result.lossy_steps == photo.lossy_steps
        assert result.certificate.steps == (*photo.certificate.steps, "turned back by the sender")

    def test_the_colours_keep_their_profile_and_their_model(self, photo: ScrubbedPhoto) -> None:
        result = turned(kept(photo), clockwise=90, by=BY)

        assert result.icc_profile == photo.icc_profile
        assert (result.photometric, result.source_format) == (
            "YBR_FULL_422"
            if photo.photometric == "RGB" and not result.lossless
            else photo.photometric,
            photo.source_format,
        )

    def test_damage_on_the_disk_is_noticed(self) -> None:
        photo = scrub(make_jpeg(400, 304, quality=95))
        damaged = kept(photo, jpeg=photo.jpeg[: len(photo.jpeg) // 2] + EOI)

        with pytest.raises(UnreadablePhoto):
            turned(damaged, clockwise=90, by=BY)

    def test_what_would_hide_in_a_kept_file_does_not_come_along(self) -> None:
        photo = scrub(make_jpeg(64, 48))
        forged = kept(photo, jpeg=with_segments(photo.jpeg, *tell_all_segments()) + SECRET)

        for clockwise in (0, 90, 180, 270):
            assert SECRET not in turned(forged, clockwise=clockwise, by=BY).jpeg


class TestHistory:
    def test_the_facts_of_the_photo_stay(self) -> None:
        photo = scrub(make_jpeg(64, 48, exif=tell_all_exif(orientation=8)))

        result = turned(kept(photo), clockwise=90, by=BY)

        for fact in (
            *("captured_at", "captured_offset", "device_make", "device_model"),
            *("source_format", "orientation_applied"),
        ):
            assert getattr(result, fact) == getattr(photo, fact), fact
        assert result.captured_at is not None
        assert result.orientation_applied == 8

    def test_somebody_has_said_which_side_is_up(self) -> None:
        photo = scrub(make_jpeg(64, 48))

        assert not turned(kept(photo), clockwise=180, by=BY).orientation_uncertain

    def test_the_certificate_still_tells_what_the_upload_held(self) -> None:
        photo = scrub(with_segments(make_jpeg(64, 48, exif=tell_all_exif()), *tell_all_segments()))
        before = photo.certificate

        after = turned(kept(photo), clockwise=90, by=BY).certificate

        assert (after.found, after.removed_bytes) == (before.found, before.removed_bytes)
        assert (after.kept, after.sha256_before) == (before.kept, before.sha256_before)
        assert {"gps", "xmp", "c2pa"} <= {finding.kind for finding in after.found}

    def test_the_hash_is_that_of_the_new_picture(self, photo: ScrubbedPhoto) -> None:
        result = turned(kept(photo), clockwise=270, by=BY)

        assert result.certificate.sha256_after == hashlib.sha256(result.jpeg).hexdigest()
        assert result.certificate.sha256_after != photo.certificate.sha256_after

    @pytest.mark.usefixtures("_turbo")
    def test_a_turn_without_loss_is_one_step(self) -> None:
        photo = scrub(make_jpeg(64, 48))

        result = turned(kept(photo), clockwise=90, by="a clinician")

        assert result.certificate.steps == ("rebuilt", "turned 90 by a clinician")
        assert [step.method for step in result.lossy_steps] == ["ISO_10918_1"]
        assert result.lossy_steps[0].ratio == round(64 * 48 * 3 / len(result.jpeg), 2)
        assert summary(result.certificate).endswith("turned upright and is otherwise unchanged.")

    def test_a_turn_with_loss_is_one_lossy_step_more(self) -> None:
        photo = scrub(make_jpeg(61, 43, subsampling=2))

        result = turned(kept(photo), clockwise=180, by=BY)

        assert result.certificate.steps == (
            *("rebuilt", "turned 180 by the sender"),
            "re-encoded q98 4:4:4: not of whole blocks",
        )
        assert not result.lossless
        assert result.derivation == "Re-encoded as JPEG 4:4:4, turned 180"
        assert result.lossy_steps[:-1] == photo.lossy_steps
        assert len(result.lossy_steps) == 2

    @pytest.mark.usefixtures("_turbo")
    def test_what_was_derived_before_stays_derived(self) -> None:
        photo = scrub(make_png(64, 48))

        result = turned(kept(photo), clockwise=270, by=BY)

        assert not result.lossless
        assert result.derivation == "Converted from PNG to JPEG 4:4:4, turned 270"
        assert len(result.lossy_steps) == 1

    def test_two_derivations_are_both_told(self) -> None:
        photo = scrub(make_webp(61, 43))

        result = turned(kept(photo), clockwise=90, by=BY)

        assert result.derivation == (
            "Converted from WEBP to JPEG 4:4:4; Re-encoded as JPEG 4:4:4, turned 90"
        )


class TestInDicom:
    @pytest.mark.parametrize("sop_class", ["secondary-capture", "vl-photographic"])
    def test_the_judges_have_nothing_to_say(
        self, photo: ScrubbedPhoto, sop_class: SopClass, tmp_path: Path
    ) -> None:
        result = turned(kept(photo), clockwise=90, by=BY)
        path = tmp_path / "photo.dcm"

        context = make_context(source=SOURCE, sop_class=sop_class_for(result, sop_class))
        path.write_bytes(wrap(result, context).data)

        assert dciodvfy(path) == []
        assert problems(read_header(path.read_bytes())) == []

    def test_the_instance_names_the_one_that_it_was_made_from(self) -> None:
        result = turned(kept(scrub(make_jpeg(64, 48))), clockwise=90, by=BY)

        header = read_header(wrap(result, make_context(source=SOURCE)).data)

        [source] = header.SourceImageSequence
        [purpose] = source.PurposeOfReferenceCodeSequence
        assert source.ReferencedSOPClassUID == SOURCE.sop_class_uid
        assert source.ReferencedSOPInstanceUID == SOURCE.sop_instance_uid
        assert (purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning) == (
            *("121322", "DCM"),
            "Source image for image processing operation",
        )

    def test_a_photo_as_it_was_sent_names_none(self) -> None:
        assert "SourceImageSequence" not in read_header(
            wrap(scrub(make_jpeg(64, 48)), make_context()).data
        )

    @pytest.mark.parametrize(("size", "kind"), [((64, 48), "ORIGINAL"), ((61, 43), "DERIVED")])
    def test_only_new_coefficients_make_it_derived(self, size: tuple[int, int], kind: str) -> None:
        if kind == "ORIGINAL":
            needs_turbo()
        result = turned(kept(scrub(make_jpeg(*size))), clockwise=90, by=BY)

        header = read_header(wrap(result, make_context(source=SOURCE)).data)

        assert header.ImageType == [kind, "PRIMARY"]
        assert ("DerivationDescription" in header) == (kind == "DERIVED")

    def test_an_instance_made_later_tells_both_times(self) -> None:
        later = make_context().received_at.replace(hour=9)

        header = read_header(wrap(scrub(make_jpeg(64, 48)), make_context(created_at=later)).data)

        assert header.InstanceCreationTime == "090203"
        assert header.ContentTime == "010203"

    def test_a_time_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="need a zone"):
            make_context(created_at=make_context().received_at.replace(tzinfo=None))

    def test_an_instance_tells_how_its_picture_came_about(self, photo: ScrubbedPhoto) -> None:
        source = read_source(wrap(photo, make_context()).data)

        assert source.reference == SourceImage(SOURCE.sop_class_uid, instance_uid(PHOTO_ID))
        assert source.lossy_steps == tuple(
            LossyStep(step.method, round(step.ratio, 2)) for step in photo.lossy_steps
        )
        assert source.derivation == photo.derivation


def kept(photo: ScrubbedPhoto, **changes: Any) -> KeptPhoto:
    fields = {name: getattr(photo, name) for name in KeptPhoto.__dataclass_fields__}
    return KeptPhoto(**fields | changes)


def as_turned(photo: bytes, clockwise: int) -> Image.Image:
    with Image.open(io.BytesIO(photo)) as image:
        return image.rotate(-clockwise, expand=True)


def coded(photo: bytes) -> list[bytes]:
    return [photo[start:end] for start, end in jpeg.walk(photo).coded]
