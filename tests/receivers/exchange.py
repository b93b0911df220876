"""Give DICOM files to an archive by C-STORE and take them back: a process of its own.

    python -m tests.receivers.exchange storescp|orthanc SENT RETURNED

Runs in a network namespace that has nothing but loopback, because both archives listen on every
interface that they find. Prints one JSON object: the status of each file that was sent.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from pydicom.uid import (
    JPEGBaseline8Bit,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)
from pynetdicom import _config
from pynetdicom.ae import ApplicationEntity

HOST, DICOM_PORT, HTTP_PORT = "127.0.0.1", 14242, 18042
START_SECONDS = 30


def exchange(archive: str, sent: Path, returned: Path) -> dict[str, int]:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    run = {"storescp": storescp, "orthanc": orthanc}[archive]
    with run(returned):
        return send(sorted(sent.iterdir()))


def send(paths: list[Path]) -> dict[str, int]:
    """One association for all, and JPEG Baseline alone on offer. Status 0 is success."""
    _config.STORE_SEND_CHUNKED_DATASET = True  # the bytes of the file, not those of a writer
    entity = ApplicationEntity("CONSULT")
    for sop_class in (SecondaryCaptureImageStorage, VLPhotographicImageStorage):
        entity.add_requested_context(sop_class, JPEGBaseline8Bit)
    association = entity.associate(HOST, DICOM_PORT, ae_title="PEER")  # pyright: ignore[reportUnknownMemberType]  its ext_neg has no argument
    try:
        return {path.name: association.send_c_store(path).Status for path in paths}
    finally:
        association.release()


@contextmanager
def storescp(returned: Path) -> Generator[None]:
    """DCMTK's receiver writes what it takes into a folder, as its own writer sees fit."""
    with running("storescp", "+xy", "-od", returned, str(DICOM_PORT)):
        yield


@contextmanager
def orthanc(returned: Path) -> Generator[None]:
    """Orthanc keeps what it takes in its store; its REST interface gives the files back."""
    own = returned.parent / "orthanc"
    own.mkdir()
    settings = own / "orthanc.json"
    settings.write_text(json.dumps(orthanc_settings(own)))
    with running("Orthanc", settings):
        yield
        base = f"http://{HOST}:{HTTP_PORT}/instances"
        for instance in json.loads(get(base)):
            (returned / instance).write_bytes(get(f"{base}/{instance}/file"))


def orthanc_settings(own: Path) -> dict[str, object]:
    return {
        "Name": "peer",
        "StorageDirectory": str(own),
        "IndexDirectory": str(own),
        "TemporaryDirectory": str(own),
        "HttpPort": HTTP_PORT,
        "AuthenticationEnabled": False,
        "RemoteAccessAllowed": False,
        "DicomPort": DICOM_PORT,
        "DicomAet": "PEER",
        "DicomCheckCalledAet": False,
        "DicomAlwaysAllowStore": True,
        "OverwriteInstances": False,
        "SaveJobs": False,
    }


@contextmanager
def running(*command: str | Path) -> Generator[None]:
    """A program from the moment it listens until it is no longer needed."""
    with subprocess.Popen(command, stdout=sys.stderr) as process:
        try:
            wait_until_it_listens(process)
            yield
        finally:
            process.terminate()


def wait_until_it_listens(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, DICOM_PORT), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"{process.args} does not listen")


def get(url: str) -> bytes:
    with urlopen(url, timeout=30) as response:
        return response.read()


if __name__ == "__main__":
    name, sent_folder, returned_folder = sys.argv[1:]
    print(json.dumps(exchange(name, Path(sent_folder), Path(returned_folder))))
