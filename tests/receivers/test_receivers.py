"""Archives that other people wrote take our files as they are and give back the same photos."""

import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from consult.clinical.body_sites import BodySite, Laterality, View, find_site
from consult.imaging import workers
from consult.imaging.dicom import InstanceContext, instance_uid, read_header, sop_class_for, wrap
from consult.imaging.photo import ScrubbedPhoto
from consult.imaging.scrub import scrub
from tests.imaging.expected import ACCEPTED
from tests.imaging.instances import CONSULT_ID, SOP_CLASSES, make_context, make_jpeg, read
from tests.imaging.photos import CORPUS, real
from tests.needs import needs

COUNT = 100
PROGRAMS = {"storescp": "storescp", "orthanc": "Orthanc"}
SITES = [
    find_site(body_site, laterality, view)
    for view in (View.FRONT, View.BACK)
    for laterality in (Laterality.L, Laterality.R, Laterality.B, None)
    for body_site in BodySite
]
NAMES = ["Núñez^Ana", "محمد بن علي", "Wang^XiaoMing=王^小明", "Иван Иванов", "สมชาย ใจดี", ""]
# Nothing but loopback is in it, and whatever still runs in it ends with it.
NAMESPACE = ("unshare", "--map-root-user", "--net", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True)
class Sent:
    """What we gave away."""

    header: Dataset
    jpeg: bytes


@dataclass(frozen=True)
class Exchange:
    """A hundred photos, what the archive said to each, and each as it gave it back."""

    sent: dict[str, Sent]
    statuses: dict[str, int]
    returned: dict[str, Dataset]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sent")


@pytest.fixture(scope="module")
def sent(folder: Path) -> Generator[dict[str, Sent]]:
    """By SOP Instance UID, which is also the name of each file in `folder`."""
    yield dict(write(folder, number, upload) for number, upload in enumerate(uploads()))
    workers.close()


@pytest.fixture(scope="module", params=PROGRAMS)
def exchange(
    request: pytest.FixtureRequest,
    folder: Path,
    sent: dict[str, Sent],
    tmp_path_factory: pytest.TempPathFactory,
) -> Exchange:
    archive: str = request.param
    needs(PROGRAMS[archive])
    needs_a_network_of_its_own()
    out = tmp_path_factory.mktemp(archive) / "returned"
    out.mkdir()
    module = (sys.executable, "-m", "tests.receivers.exchange")

    told = subprocess.run(
        [*NAMESPACE, *module, archive, folder, out],
        check=True,
        stdout=subprocess.PIPE,
        timeout=120,
    )

    files = [read(path) for path in out.iterdir()]
    return Exchange(sent, json.loads(told.stdout), {ds.SOPInstanceUID: ds for ds in files})


def test_every_photo_is_taken(exchange: Exchange) -> None:
    assert exchange.statuses == dict.fromkeys(exchange.sent, 0)
    assert len(exchange.sent) == COUNT


def test_every_photo_comes_back_and_nothing_else(exchange: Exchange) -> None:
    assert exchange.returned.keys() == exchange.sent.keys()


def test_every_jpeg_comes_back_byte_for_byte(exchange: Exchange) -> None:
    frames = {uid: frames_of(ds) for uid, ds in exchange.returned.items()}

    assert [uid for uid, sent in exchange.sent.items() if frames[uid] != [padded(sent.jpeg)]] == []


def test_every_other_attribute_comes_back_as_it_was(exchange: Exchange) -> None:
    for uid, sent in exchange.sent.items():
        returned = exchange.returned[uid]
        del returned.PixelData

        assert list(returned) == list(sent.header)


def write(folder: Path, number: int, upload: bytes) -> tuple[str, Sent]:
    photo = scrub(upload)
    context = context_of(number, photo)
    instance = wrap(photo, context)
    (folder / context.sop_instance_uid).write_bytes(instance.data)
    return context.sop_instance_uid, Sent(read_header(instance.data), photo.jpeg)


def context_of(number: int, photo: ScrubbedPhoto) -> InstanceContext:
    """Both classes, every site and side, and names in many scripts come round in turn."""
    sop_class = sop_class_for(photo, SOP_CLASSES[number % 2])
    photo_id = uuid5(CONSULT_ID, str(number))
    return make_context(
        sop_class=sop_class,
        sop_instance_uid=instance_uid(photo_id, sop_class=sop_class),
        instance_number=number + 1,
        site=SITES[number],
        patient_name=NAMES[number % len(NAMES)],
    )


def uploads() -> list[bytes]:
    """Real photos where the corpus lies, and made ones of every kind up to a hundred."""
    kinds: list[dict[str, Any]] = [
        {},
        {"mode": "L"},
        {"keep_rgb": True},
        {"progressive": True},
        {"subsampling": "4:2:0"},
    ]
    photos = [real(six_digits) for six_digits in ACCEPTED[:90]] if CORPUS.is_dir() else []
    made = [
        make_jpeg(size=(64 + number, 48 + number % 7), **kinds[number % len(kinds)])
        for number in range(COUNT - len(photos))
    ]
    return photos + made


def needs_a_network_of_its_own() -> None:
    """An archive listens on ports of everybody's; where that cannot be fenced in, none is started."""
    needs("ip")
    if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        # Some containers allow none; their ports must not meet an archive that somebody runs here.
        pytest.skip("needs a network namespace")


def frames_of(ds: Dataset) -> list[bytes]:
    return list(generate_frames(ds.PixelData, number_of_frames=1))


def padded(jpeg: bytes) -> bytes:
    """DICOM holds an even number of bytes."""
    return jpeg + b"\0" * (len(jpeg) % 2)
