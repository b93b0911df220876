"""Nothing hidden in any photo is found afterwards: not in an answer, not on the disk, not in a log.

Judged by the bytes alone, of a service in a process of its own that logs all it can.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests import service as services
from tests.api.canaries import Judge, head_of, hidden_in, staying_of, tell_all, written_by_us
from tests.imaging.photos import SECRET, canaries, manifest, real

FACTS = ("device_make", "device_model", "captured_at")


@dataclass
class Aftermath:
    uploads: dict[str, bytes]
    statuses: dict[str, int] = field(default_factory=dict[str, int])
    places: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Every answer, and every file that the service left: database, objects, log, temporary."""
    kept: list[bytes] = field(default_factory=list[bytes])
    """What photos keep on purpose: tables, make and model."""

    @cached_property
    def wanted(self) -> dict[bytes, str]:
        """Return the canaries, and the photo that each was hidden in."""
        hidden = {
            canary: name for name, upload in self.uploads.items() for canary in hidden_in(upload)
        }
        staying = [piece for upload in self.uploads.values() for piece in staying_of(upload)]
        harmless = Judge(hidden).found_in(b"|".join([*staying, *self.kept, *written_by_us()]))
        return {canary: name for canary, name in hidden.items() if canary not in harmless}


@pytest.fixture(scope="module", params=["made", "corpus"])
def aftermath(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Aftermath:
    after = Aftermath(tell_all() if request.param == "made" else corpus())
    folder = tmp_path_factory.mktemp("canaries")
    (folder / "temporary").mkdir()
    with services.running(
        folder / "data", CONSULT_LOG_LEVEL="debug", TMPDIR=str(folder / "temporary")
    ) as service:
        service.add_user("pat@consult.test", "patient")
        headers = {"Authorization": f"Bearer {service.token('pat@consult.test')}"}
        with httpx2.Client(base_url=service.origin, headers=headers, timeout=60) as http:
            consult = http.post("/api/consults", json={"kind": "follow_up"}).json()["id"]
            for name in after.uploads:
                _send(http, consult, name, after)
        files = _files(folder)
        assert not set(files.values()) & set(after.places.values()) - {b""}
        after.places |= files
    return after


def corpus() -> dict[str, bytes]:
    return {name: real(name) for name, row in manifest().items() if row["core"] == "1"}


def _send(http: httpx2.Client, consult: str, name: str, after: Aftermath) -> None:
    photo_id = uuid4()
    path = f"/api/consults/{consult}/photos/{photo_id}"
    answer = http.put(path, content=after.uploads[name])
    after.statuses[name] = answer.status_code
    after.places[f"answer to {name}"] = answer.content
    if answer.status_code != 201:
        return
    facts = answer.json()
    after.kept += [f"{facts[fact]} ".encode() for fact in FACTS]
    image, preview, instance, certificate = (
        http.get(f"/api/photos/{photo_id}/{rendition}").raise_for_status().content
        for rendition in ("image", "preview", "dicom", "certificate")
    )
    assert image in instance
    after.kept += [head_of(image), head_of(preview)]
    after.places[f"DICOM instance of {name}"] = instance
    after.places[f"preview of {name}"] = preview
    after.places[f"certificate of {name}"] = certificate


def _files(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_no_hidden_bytes_are_anywhere(aftermath: Aftermath) -> None:
    """UP-2."""
    wanted = aftermath.wanted

    judge = Judge(wanted)
    leaks = {
        (wanted[canary], place)
        for place, content in aftermath.places.items()
        for canary in judge.found_in(content)
    }

    assert sorted(leaks) == []


def test_every_photo_had_something_to_hide(aftermath: Aftermath) -> None:
    hiding = set(aftermath.wanted.values())
    taken = {name for name, status in aftermath.statuses.items() if status == 201}
    assert len(hiding & taken) >= 0.85 * len(taken)


def test_the_service_left_a_database_objects_and_a_log(aftermath: Aftermath) -> None:
    sizes = {place: len(content) for place, content in aftermath.places.items()}
    taken = [name for name, status in aftermath.statuses.items() if status == 201]
    assert sizes["data.log"] > 0
    assert sizes["data/consult.db"] > 0
    assert sizes["data/consult.db-wal"] > 1000 * len(taken)
    assert set(aftermath.statuses.values()) <= {201, 413, 415, 422}


class TestTheJudge:
    def test_a_secret_is_in_the_canaries_of_every_made_photo(self) -> None:
        for upload in tell_all().values():
            assert canaries(SECRET) & hidden_in(upload)

    def test_a_leak_at_any_offset_is_found(self) -> None:
        hidden = hidden_in(tell_all()["JPEG"])
        judge, leaked = Judge(hidden), max(hidden)
        for offset in range(17):
            assert judge.found_in(bytes(offset) + leaked + b"behind") == {leaked}
        for harmless in (b"", b"short", bytes(4096), leaked[:15]):
            assert judge.found_in(harmless) == set()
