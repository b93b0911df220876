"""The main job: a patient sends a photo, a specialist answers."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from api.demo.mailbox import mail_to, show
from api.demo.operator import Newcomer, Person, add_people
from api.demo.photo import make_photo
from api.demo.running import Home
from api.demo.telling import say, tell
from consult.config import Settings
from consult.imaging import dicom, upright
from consult.models import Role


def tell_main_job(home: Home, settings: Settings, own_photo: bytes | None) -> list[Person]:
    patient, specialist = add_people(
        settings,
        [
            Newcomer("Sam Patient", "sam@demo.example", Role.PATIENT),
            Newcomer("Dr. Robin Burns", "robin@demo.example", Role.SPECIALIST),
        ],
    )
    _tell(home, patient, specialist, own_photo or make_photo())
    return [patient, specialist]


def _tell(home: Home, patient: Person, specialist: Person, upload: bytes) -> None:
    tell("1. The patient opens a consult")
    consult = patient.client.post(
        "/api/consults",
        {"kind": "follow_up", "reason": "I burnt my arm on a pan on Saturday. Is it healing?"},
    )
    path = f"/api/consults/{consult['id']}"
    say(f'"{consult["reason"]}"  (state: {consult["state"]}, urgency: {consult["urgency"]})')

    tell("2. The patient sends a photo")
    photo = _send_photo(patient, path, upload)
    _certificate(patient, photo)
    _instance(home, specialist, photo)

    tell("3. The specialist finds it in the inbox, looks, and replies")
    inbox = specialist.client.get("/api/consults")["items"]
    say(f"{len(inbox)} consult waits, {inbox[0]['unread']} message unread.")
    picture = specialist.client.get_bytes(f"/api/photos/{photo['id']}/image")
    say(
        f"The picture arrives as a JPEG of {len(picture):,} bytes: the one inside the DICOM object."
    )
    _write(specialist, path, "It looks clean. Keep it moist and covered; send a photo on Friday.")

    tell("4. The patient is notified by e-mail")
    mail = mail_to(patient.email, home)
    say(f"{mail}")
    show(mail)

    tell("5. The patient reads the reply")
    for message in patient.client.get(f"{path}/messages")["items"]:
        photos = f"  [{len(message['photo_ids'])} photo]" if message["photo_ids"] else ""
        say(f"{message['seq']}. {message['author']['name']}: {message['body']}{photos}")


def _send_photo(patient: Person, path: str, upload: bytes) -> dict[str, Any]:
    query = urlencode({"body_site": "forearm", "laterality": "L", "view": "front"})
    photo = patient.client.put_bytes(f"{path}/photos/{uuid4()}?{query}", upload)
    again = patient.client.put_bytes(f"{path}/photos/{photo['id']}?{query}", upload)
    say(f"{len(upload):,} bytes sent; the answer 201 means: on the disk, for good.")
    if again == photo:
        say("Sent once more, as a phone with bad signal does: still one photo.")
    _write(patient, path, "Here is a photo.", [photo["id"]])
    return photo


def _write(person: Person, path: str, body: str, photo_ids: list[str] | None = None) -> None:
    message = {"body": body, "photo_ids": photo_ids or []}
    person.client.put(f"{path}/messages/{uuid4()}", message)


def _certificate(patient: Person, photo: dict[str, Any]) -> None:
    certificate = patient.client.get(f"/api/photos/{photo['id']}/certificate")
    found = ", ".join(f"{entry['kind']} ({entry['bytes']} B)" for entry in certificate["found"])
    kept = ", ".join(f"{name}: {value}" for name, value in certificate["kept"].items())
    say(f"Found:   {found}")
    say(f"Removed: {certificate['removed_bytes']:,} bytes")
    say(f"Kept:    {kept}")
    say(f"Done:    {'; '.join(certificate['steps'])}")
    say(photo["scrub_summary"])
    if not upright.library():
        say("(Install libturbojpeg0, and a photo like this is turned without any loss.)")
    if photo["quality"]["advice"]:
        say(f"Advice to the sender: {photo['quality']['advice']}")


def _instance(home: Home, specialist: Person, photo: dict[str, Any]) -> None:
    instance = specialist.client.get_bytes(f"/api/photos/{photo['id']}/dicom")
    copy = home.folder / "photo.dcm"
    copy.write_bytes(instance)
    objects = [path for path in (home.data / "objects").rglob("*") if path.is_file()]
    say(f"DICOM object: {objects[0]}")
    say(f"A copy of it: {copy}")
    ds = dicom.read_header(instance)
    for keyword in (
        "SOPClassUID", "SOPInstanceUID", "Modality", "PatientName", "AcquisitionDateTime",
        "BodyPartExamined", "ImageLaterality", "Rows", "Columns", "PhotometricInterpretation",
        "LossyImageCompressionRatio", "ImageType",
    ):  # fmt: skip
        if keyword in ds:
            element = ds[keyword]
            shown = element.repval.strip("'\"")
            say(f"  {element.tag} {keyword:26} {shown}")
