"""`consult demo`: the main job, told step by step against a running service over real HTTP."""

import asyncio
import email
import email.policy
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from uuid import uuid4

from api.demo_client import Client
from api.demo_photo import make_photo
from consult.accounts import add_user, create_token, invite
from consult.bootstrap import open_backends
from consult.config import Settings, read_settings
from consult.imaging import dicom, upright
from consult.models import Role
from consult.tasks import NAMES

_ROOT = Path(__file__).parents[1]
HOME = _ROOT / ".demo"
_START_SECONDS = 60.0
_MAIL_SECONDS = 30.0


@dataclass(frozen=True)
class _Home:
    """Where the demo keeps its service's data, log and process id."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    @property
    def pid(self) -> Path:
        return self.folder / "service.pid"


@dataclass(frozen=True)
class _Person:
    name: str
    client: Client
    link: str


def run(photo: str | None, *, port: int, folder: Path = HOME) -> int:
    """Tell the story; leave the service running; 0 when every step was seen to work."""
    home = _Home(folder)
    upload = Path(photo).read_bytes() if photo else make_photo()
    stop(folder)
    if _in_use(port):
        print(f"Port {port} is taken. Choose another: make demo PORT={port + 1}", file=sys.stderr)
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    _tell(f"Starting Consult on http://localhost:{port} with an empty database")
    settings = _start(home, port)
    patient, specialist = asyncio.run(_people(settings))
    _main_job(home, patient, specialist, upload)
    _farewell(settings, patient, specialist)
    return 0


def stop(folder: Path = HOME) -> int:
    """End the service that an earlier demo left running, if it still is that service."""
    home = _Home(folder)
    try:
        pid = int(home.pid.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    if b"api" in command and b"serve" in command:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 15
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        _say("The service of the earlier demo has ended.")
    home.pid.unlink(missing_ok=True)
    return 0


def _start(home: _Home, port: int) -> Settings:
    own = {name: value for name, value in os.environ.items() if not name.startswith("CONSULT_")}
    environment = own | {"CONSULT_DATA_DIR": str(home.data), "CONSULT_PORT": str(port)}
    if library := os.environ.get("CONSULT_TURBOJPEG"):
        environment["CONSULT_TURBOJPEG"] = library
    with home.log.open("wb") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "api", "serve"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    home.pid.write_text(str(service.pid))
    _wait_until_ready(Client(f"http://localhost:{port}"), service, home.log)
    _say(f"It answers. Its log is {home.log}")
    return read_settings(data_dir=home.data, port=port)


def _wait_until_ready(client: Client, service: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        try:
            client.get("/readyz")
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The service did not start. Its log: {log}\n{log.read_text()[-2000:]}")


async def _people(settings: Settings) -> tuple[_Person, _Person]:
    async def add(name: str, address: str, role: Role) -> _Person:
        async with backends.database.writes.begin() as session:
            user = await add_user(session, email=address, name=name, role=role)
            secret = await create_token(session, user, name="demo")
            link = f"{settings.public_url}/enrol#t={await invite(session, user)}"
        return _Person(name, Client(settings.public_url, secret), link)

    async with open_backends(settings, task_names=NAMES) as backends:
        return (
            await add("Sam Patient", "sam@demo.example", Role.PATIENT),
            await add("Dr. Robin Burns", "robin@demo.example", Role.SPECIALIST),
        )


def _main_job(home: _Home, patient: _Person, specialist: _Person, upload: bytes) -> None:
    _tell("1. The patient opens a consult")
    consult = patient.client.post(
        "/api/consults",
        {"kind": "follow_up", "reason": "I burnt my arm on a pan on Saturday. Is it healing?"},
    )
    path = f"/api/consults/{consult['id']}"
    _say(f'"{consult["reason"]}"  (state: {consult["state"]}, urgency: {consult["urgency"]})')

    _tell("2. The patient sends a photo")
    photo = _send_photo(patient, path, upload)
    _certificate(patient, photo)
    _instance(home, specialist, photo)

    _tell("3. The specialist finds it in the inbox, looks, and replies")
    inbox = specialist.client.get("/api/consults")["items"]
    _say(f"{len(inbox)} consult waits, {inbox[0]['unread']} message unread.")
    picture = specialist.client.get_bytes(f"/api/photos/{photo['id']}/image")
    _say(
        f"The picture arrives as a JPEG of {len(picture):,} bytes: the one inside the DICOM object."
    )
    _write(specialist, path, "It looks clean. Keep it moist and covered; send a photo on Friday.")

    _tell("4. The patient is notified by e-mail")
    _show_mail(_mail_to("sam@demo.example", home))

    _tell("5. The patient reads the reply")
    for message in patient.client.get(f"{path}/messages")["items"]:
        photos = f"  [{len(message['photo_ids'])} photo]" if message["photo_ids"] else ""
        _say(f"{message['seq']}. {message['author']['name']}: {message['body']}{photos}")


def _send_photo(patient: _Person, path: str, upload: bytes) -> dict[str, Any]:
    query = urlencode({"body_site": "forearm", "laterality": "L", "view": "front"})
    photo = patient.client.put_bytes(f"{path}/photos/{uuid4()}?{query}", upload)
    again = patient.client.put_bytes(f"{path}/photos/{photo['id']}?{query}", upload)
    _say(f"{len(upload):,} bytes sent; the answer 201 means: on the disk, for good.")
    if again == photo:
        _say("Sent once more, as a phone with bad signal does: still one photo.")
    _write(patient, path, "Here is a photo.", [photo["id"]])
    return photo


def _write(person: _Person, path: str, body: str, photo_ids: list[str] | None = None) -> None:
    message = {"body": body, "photo_ids": photo_ids or []}
    person.client.put(f"{path}/messages/{uuid4()}", message)


def _certificate(patient: _Person, photo: dict[str, Any]) -> None:
    certificate = patient.client.get(f"/api/photos/{photo['id']}/certificate")
    found = ", ".join(f"{entry['kind']} ({entry['bytes']} B)" for entry in certificate["found"])
    kept = ", ".join(f"{name}: {value}" for name, value in certificate["kept"].items())
    _say(f"Found:   {found}")
    _say(f"Removed: {certificate['removed_bytes']:,} bytes")
    _say(f"Kept:    {kept}")
    _say(f"Done:    {'; '.join(certificate['steps'])}")
    _say(photo["scrub_summary"])
    if not upright.library():
        _say("(Install libturbojpeg0, and a photo like this is turned without any loss.)")
    if photo["quality"]["advice"]:
        _say(f"Advice to the sender: {photo['quality']['advice']}")


def _instance(home: _Home, specialist: _Person, photo: dict[str, Any]) -> None:
    instance = specialist.client.get_bytes(f"/api/photos/{photo['id']}/dicom")
    copy = home.folder / "photo.dcm"
    copy.write_bytes(instance)
    objects = [path for path in (home.data / "objects").rglob("*") if path.is_file()]
    _say(f"DICOM object: {objects[0]}")
    _say(f"A copy of it: {copy}")
    ds = dicom.read_header(instance)
    for keyword in (
        "SOPClassUID", "SOPInstanceUID", "Modality", "PatientName", "AcquisitionDateTime",
        "BodyPartExamined", "ImageLaterality", "Rows", "Columns", "PhotometricInterpretation",
        "LossyImageCompressionRatio", "ImageType",
    ):  # fmt: skip
        if keyword in ds:
            element = ds[keyword]
            shown = element.repval.strip("'\"")
            _say(f"  {element.tag} {keyword:26} {shown}")


def _mail_to(address: str, home: _Home) -> Path:
    deadline = time.monotonic() + _MAIL_SECONDS
    while time.monotonic() < deadline:
        for path in (home.data / "mail").glob("*.eml"):
            if address in path.read_text():
                return path
        time.sleep(0.1)
    raise SystemExit(
        f"No e-mail to {address} came within {_MAIL_SECONDS:.0f} seconds. See {home.log}"
    )


def _show_mail(path: Path) -> None:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    _say(f"{path}")
    for header in ("From", "To", "Subject"):
        _say(f"  {header}: {message[header]}")
    body = message.get_body()
    for line in str(body.get_content() if body else "").splitlines():
        _say(f"  {line}")


def _farewell(settings: Settings, patient: _Person, specialist: _Person) -> None:
    _tell(f"Consult is still running at {settings.public_url}")
    _say("Open each link once, in a browser of its own (or a private window), to sign in:")
    for person in (patient, specialist):
        _say(f"  {person.name:16} {person.link}")
    _say("End it with: make demo-stop")


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _tell(line: str) -> None:
    print(f"\n\033[1m{line}\033[0m" if sys.stdout.isatty() else f"\n{line}", flush=True)


def _say(line: str) -> None:
    print(f"   {line}", flush=True)
