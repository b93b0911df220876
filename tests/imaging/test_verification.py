"""A certificate beside the file that it speaks of: true ones hold, and no lie goes through."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consult.errors import InvalidRequest
from consult.imaging.certificate import certificate_json
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from consult.imaging.turning import KeptPhoto, turned
from consult.imaging.verification import (
    NOT_CLEAN,
    OTHER_ENCODER,
    REFUSED,
    Verdict,
    read_claim,
    verify,
)
from tests.imaging.photos import (
    chunk,
    make_exif,
    make_icc,
    make_jpeg,
    make_png,
    make_webp,
    real,
    tell_all_exif,
    tell_all_segments,
    with_segments,
)

AS_IS = with_segments(
    make_jpeg(161, 99, exif=tell_all_exif(), icc_profile=make_icc(name="P3")), *tell_all_segments()
)
PHOTOS = {
    "as it is": AS_IS,
    "turned": make_jpeg(orientation=6, comment=b"bed 4"),
    "transcoded": make_jpeg(progressive=True),
    "encoded anew": make_jpeg(61, 43, orientation=6),
    "from inks": make_jpeg(mode="CMYK"),
    "grey": make_jpeg(mode="L", comment=b"bed 4"),
    "PNG": make_png(40, 30, chunk(b"tEXt", b"Author\x00J. Doe")),
    "WebP": make_webp(),
}
REAL = ["724e74", "fd0faf", "cf0be8", "ac5568", "e760c8", "fee262", "e8402f"]

FIELDS = "found removed_bytes kept lossless steps sha256_before sha256_after"

Json = dict[str, Any]


@cache
def scrubbed(upload: bytes) -> ScrubbedPhoto:
    return scrub(upload)


def certificate(upload: bytes) -> Json:
    """Return what `/api/photos/{id}/certificate` answers."""
    return json.loads(json.dumps(certificate_json(scrubbed(upload).certificate)))


def line(upload: bytes) -> Json:
    """Return what `consult scrub` prints."""
    photo = scrubbed(upload)
    return certificate(upload) | {
        "file": "a.jpg",
        "ok": True,
        "error": None,
        "width": photo.width,
        "height": photo.height,
        "orientation_applied": photo.orientation_applied,
        "orientation_uncertain": photo.orientation_uncertain,
        "out_jpeg": "out/a.jpg",
        "out_dicom": None,
    }


def checked(said: Json, file: bytes, *, now: datetime | None = None) -> Verdict:
    return verify(read_claim(json.dumps(said).encode()), file, now=now)


def fields(verdict: Verdict) -> list[str]:
    return [difference.field for difference in verdict.differences]


def clockwise_otherwise(said: Json) -> Json:
    """Say that the person turned the photo by other degrees."""
    (step,) = [step for step in said["steps"] if "by the specialist" in step]
    other = "turned 90 by the specialist" if "90" not in step else "turned back by the specialist"
    return said | {"steps": [other if each == step else each for each in said["steps"]]}


def part_of(path: str) -> str:
    return path.partition(".")[0]


class TestTheTruth:
    @pytest.mark.parametrize("upload", PHOTOS.values(), ids=PHOTOS)
    @pytest.mark.parametrize("said", [certificate, line])
    def test_holds_beside_the_original(self, upload: bytes, said: Callable[[bytes], Json]) -> None:
        verdict = checked(said(upload), upload)
        assert (verdict.subject, verdict.ok, verdict.differences) == ("original", True, ())

    @pytest.mark.parametrize("upload", PHOTOS.values(), ids=PHOTOS)
    @pytest.mark.parametrize("said", [certificate, line])
    def test_holds_beside_the_scrubbed_photo(
        self, upload: bytes, said: Callable[[bytes], Json]
    ) -> None:
        verdict = checked(said(upload), scrubbed(upload).jpeg)
        assert (verdict.subject, verdict.ok, verdict.differences) == ("scrubbed", True, ())

    @pytest.mark.parametrize("six_digits", REAL)
    def test_holds_for_real_photos(self, six_digits: str) -> None:
        upload = real(six_digits)
        assert checked(line(upload), upload).ok
        assert checked(line(upload), scrubbed(upload).jpeg).ok

    @pytest.mark.parametrize("upload", [AS_IS, make_jpeg(64, 48, comment=b"bed 4"), make_png()])
    @pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
    def test_holds_when_a_person_turned_the_photo_afterwards(
        self, upload: bytes, clockwise: int
    ) -> None:
        first = scrubbed(upload)
        kept = KeptPhoto(**{each.name: getattr(first, each.name) for each in fields_of(KeptPhoto)})
        photo = turned(kept, clockwise=clockwise, by="the specialist")
        said = json.loads(json.dumps(certificate_json(photo.certificate)))

        assert "by the specialist" in " ".join(said["steps"])
        assert checked(said, upload) == Verdict("original", ())
        assert checked(said, photo.jpeg).ok
        assert "sha256_after" in fields(checked(clockwise_otherwise(said), upload))

    def test_a_photo_that_came_clean_is_checked_as_the_original(self) -> None:
        clean = scrubbed(AS_IS).jpeg
        assert checked(certificate(clean), clean) == Verdict("original", ())

    def test_a_capture_time_that_was_not_believed_is_not_missed(self) -> None:
        day = datetime(2026, 3, 1, tzinfo=UTC)
        upload = make_jpeg(exif=make_exif(taken="2026:03:09 05:06:07"))
        said = json.loads(json.dumps(certificate_json(scrub(upload, received_at=day).certificate)))

        assert checked(said, upload, now=day).ok
        assert fields(checked(said, upload)) == ["kept.captured_at"]


TURNED, CONVERTED = PHOTOS["turned"], PHOTOS["PNG"]
LIES: dict[str, tuple[str, object]] = {
    "found.exif.count": ("found.0.count", 2),
    "found.app_other.bytes": ("found.2.bytes", 0),
    "found.comment.count": ("found.4.kind", "trailer"),
    "removed_bytes": ("removed_bytes", 7),
    "kept.captured_at": ("kept.captured_at", "2026-03-04T05:06:08.250000"),
    "kept.captured_offset": ("kept.captured_offset", "+03:00"),
    "kept.device_make": ("kept.device_make", "Acne"),
    "kept.device_model": ("kept.device_model", "Phone 8"),
    "kept.colour_profile": ("kept.colour_profile", "sRGB"),
    "kept.orientation_applied": ("kept.orientation_applied", 6),
    "lossless": ("lossless", False),
    "steps": ("steps", ["rebuilt", "turned 90"]),
    "sha256_after": ("sha256_after", "0" * 64),
    "width": ("width", 160),
    "height": ("height", 98),
    "orientation_applied": ("orientation_applied", 6),
    "orientation_uncertain": ("orientation_uncertain", True),
}


def told_otherwise(said: Json, path: str, value: object) -> Json:
    changed = json.loads(json.dumps(said))
    *way, last = (int(step) if step.isdecimal() else step for step in path.split("."))
    place = changed
    for step in way:
        place = place[step]
    assert place[last] != value
    place[last] = value
    return changed


class TestLies:
    @pytest.mark.parametrize(("path", "value"), LIES.values(), ids=LIES)
    def test_any_field_that_was_changed_is_named(self, path: str, value: object) -> None:
        verdict = checked(told_otherwise(line(AS_IS), path, value), AS_IS)

        assert verdict.subject == "original"
        assert not verdict.ok
        assert verdict.differences
        assert {part_of(name) for name in fields(verdict)} == {part_of(path)}

    def test_both_what_is_said_and_what_is_so_are_told(self) -> None:
        verdict = checked(told_otherwise(line(AS_IS), "removed_bytes", 7), AS_IS)

        (difference,) = verdict.differences
        assert (difference.field, difference.certificate) == ("removed_bytes", 7)
        assert difference.file == scrubbed(AS_IS).certificate.removed_bytes

    @pytest.mark.parametrize("name", ["kept.device_make", "kept.captured_at", "found.gps.count"])
    def test_what_was_left_out_is_missed(self, name: str) -> None:
        part, item, *_ = name.split(".")
        said = line(AS_IS)
        if part == "kept":
            del said["kept"][item]
        else:
            said["found"] = [each for each in said["found"] if each["kind"] != item]

        verdict = checked(said, AS_IS)

        assert name in fields(verdict)
        assert [each.certificate for each in verdict.differences if each.field == name] == [None]

    def test_what_was_invented_is_not_found(self) -> None:
        said = line(TURNED)
        said["found"].append({"kind": "gps", "count": 1, "bytes": 0})
        said["kept"]["device_make"] = "Acme"

        assert fields(checked(said, TURNED)) == [
            *("found.gps.bytes", "found.gps.count", "kept.device_make"),
        ]

    @pytest.mark.parametrize("name", ["sha256_before", "sha256_after"])
    def test_another_hash_is_of_another_photo(self, name: str) -> None:
        said = certificate(AS_IS) | {name: "0" * 64}
        file = AS_IS if name == "sha256_before" else scrubbed(AS_IS).jpeg

        verdict = checked(said, file)

        assert (verdict.subject, verdict.ok) == ("neither", False)
        assert fields(verdict) == ["sha256_before", "sha256_after"]

    def test_one_bit_of_the_file_is_another_photo(self) -> None:
        assert checked(certificate(AS_IS), AS_IS[:-1] + b"\xd8").subject == "neither"

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_no_other_value_of_any_field_goes_through(self, data: st.DataObject) -> None:
        said = line(TURNED)
        about = [
            path
            for path in paths(said)
            if part_of(path) not in {"file", "ok", "error", "out_jpeg", "out_dicom"}
        ]
        path = data.draw(st.sampled_from(about))
        value = data.draw(other_values(value_at(said, path)))

        changed = json.dumps(told_otherwise(said, path, value)).encode()

        try:
            claim = read_claim(changed)
        except InvalidRequest:
            return
        assert not verify(claim, TURNED).ok


def paths(value: Any, at: str = "") -> list[str]:
    """Return the way to every single value in JSON."""
    match value:
        case dict():
            pairs: list[tuple[Any, Any]] = [*value.items()]  # pyright: ignore[reportUnknownArgumentType] - JSON
        case list():
            pairs = [*enumerate(value)]  # pyright: ignore[reportUnknownArgumentType] - JSON
        case _:
            return [at]
    return [path for name, item in pairs for path in paths(item, f"{at}.{name}".lstrip("."))]


def value_at(said: Any, path: str) -> Any:
    for step in path.split("."):
        said = said[int(step) if step.isdecimal() else step]
    return said


def other_values(value: Any) -> st.SearchStrategy[Any]:
    kinds: dict[type, st.SearchStrategy[Any]] = {
        bool: st.booleans(),
        int: st.integers(-5, 70_000),
        str: st.text(max_size=20) | st.just("0" * 64),
    }
    return kinds[type(value)].filter(lambda other: other != value)


class TestTheScrubbedPhoto:
    def test_its_size_and_profile_are_checked(self) -> None:
        photo = scrubbed(AS_IS)
        for path, value in (("width", 99), ("height", 161), ("kept.colour_profile", "sRGB")):
            said = told_otherwise(line(AS_IS), path, value)
            assert fields(checked(said, photo.jpeg)) == [path]

    def test_the_bytes_of_the_findings_must_add_up(self) -> None:
        said = told_otherwise(certificate(AS_IS), "removed_bytes", 1)
        assert fields(checked(said, scrubbed(AS_IS).jpeg)) == ["removed_bytes"]

    @pytest.mark.parametrize(
        "dirty",
        [AS_IS, make_jpeg() + b"tail", make_jpeg(progressive=True), b"no photo at all"],
        ids=["metadata", "trailer", "progressive", "text"],
    )
    def test_a_certificate_cannot_call_a_dirty_file_clean(self, dirty: bytes) -> None:
        said = certificate(TURNED) | {"sha256_after": hashlib.sha256(dirty).hexdigest()}

        verdict = checked(said, dirty)

        assert (verdict.subject, verdict.ok) == ("scrubbed", False)
        assert [each.note for each in verdict.differences] == [NOT_CLEAN]


class TestEncoders:
    def test_other_bytes_alone_may_be_another_encoder_but_are_not_proved(self) -> None:
        said = certificate(CONVERTED) | {"sha256_after": "0" * 64}

        verdict = checked(said, CONVERTED)

        assert not verdict.ok
        assert [each.note for each in verdict.differences] == [OTHER_ENCODER]

    def test_with_anything_else_wrong_it_is_not_said(self) -> None:
        said = certificate(CONVERTED) | {"sha256_after": "0" * 64, "removed_bytes": 1}
        assert [each.note for each in checked(said, CONVERTED).differences] == [None, None]

    def test_without_loss_there_is_no_other_encoder(self) -> None:
        said = certificate(TURNED) | {"sha256_after": "0" * 64}
        assert [each.note for each in checked(said, TURNED).differences] == [None]


class TestReading:
    def test_a_certificate_of_what_is_no_photo_is_caught(self) -> None:
        text = b"Dear doctor, here is my photo."
        said = certificate(TURNED) | {"sha256_before": hashlib.sha256(text).hexdigest()}

        verdict = checked(said, text)

        assert (verdict.subject, verdict.ok) == ("original", False)
        assert str(verdict.differences[0].note).startswith(REFUSED)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (b"", "Invalid JSON"),
            (b"\xff\xd8\xff", "Invalid JSON"),
            (b"[" * 100_000, "Invalid JSON"),
            (b"[]", "an object"),
            (b"{}", "found: Field required"),
            (b"{}\n{}", "trailing characters"),
        ],
    )
    def test_what_is_no_certificate_is_said_not_to_be_one(self, text: bytes, reason: str) -> None:
        with pytest.raises(InvalidRequest, match=reason) as refusal:
            read_claim(text)
        assert refusal.value.code == "not_a_certificate"

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"colour": "red"}, "colour: Extra inputs"),
            ({"removed_bytes": "7"}, "removed_bytes: Input should be a valid integer"),
            ({"lossless": 1}, "lossless: Input should be a valid boolean"),
            ({"lossless": None}, "lossless: Input should be a valid boolean"),
            ({"sha256_after": "0" * 63}, "sha256_after: String should match"),
            ({"sha256_before": "A" * 64}, "sha256_before: String should match"),
            ({"found": [{"kind": "gps", "count": 1}]}, r"found\.0\.bytes: Field required"),
            ({"found": [{"kind": "gps", "count": 1, "bytes": 0}] * 2}, "kind is listed twice"),
            ({"kept": {"device_make": None}}, "kept.device_make"),
            ({"ok": False}, "ok: Input should be True"),
        ],
    )
    def test_a_field_that_cannot_be_is_named(self, change: Json, reason: str) -> None:
        with pytest.raises(InvalidRequest, match=reason):
            read_claim(json.dumps(line(TURNED) | change).encode())

    @pytest.mark.parametrize("name", FIELDS.split())
    def test_every_field_is_needed(self, name: str) -> None:
        said = certificate(TURNED)
        del said[name]
        with pytest.raises(InvalidRequest, match=f"{name}: Field required"):
            read_claim(json.dumps(said).encode())
