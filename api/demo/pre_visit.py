"""Before a visit: staff ask a patient for pictures; one is rejected, and taken again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from api.demo.centre import found_centre, put_on_duty
from api.demo.client import Client
from api.demo.endings import moment, tell_figures, tell_history, tell_outcome
from api.demo.mailbox import link_in, mail_to, read, sent_at, show
from api.demo.operator import Newcomer, Person, add_people
from api.demo.photo import blur, make_photo
from api.demo.running import Home
from api.demo.stage import ZONE, Stage, at, days_ago, on_the_hour, quote, shown
from api.demo.telling import say
from consult.config import Settings
from consult.imaging import dicom
from consult.models import Role

_VIEWS = ("front", "back")
_ADVICE = "The grafts have taken. Come on Friday as planned; leave the dressing on until then."


def begins() -> datetime:
    return days_ago(12, hour=9, minute=0, weekday=0)


@dataclass(frozen=True)
class _Cast:
    patient: Person
    specialist: Person
    coordinator: Person


def tell_it(home: Home, settings: Settings, own_photo: bytes | None) -> list[Person]:
    stage = Stage(home, settings)
    cast = _Cast(
        *add_people(
            settings,
            [
                Newcomer("Sam Rivera", "sam@demo.example", Role.PATIENT),
                Newcomer("Dr. Robin Burns", "robin@demo.example", Role.SPECIALIST),
                Newcomer("Ana Costa", "ana@demo.example", Role.COORDINATOR),
            ],
        )
    )
    photo = own_photo or make_photo()
    path = _ask(stage, cast)
    holder = _the_link(stage, cast)
    _remind(stage, cast)
    _send(stage, cast, holder, path, photo)
    rejected = _reject(stage, cast, path)
    _retake(stage, cast, path, rejected, photo)
    _advise(stage, cast, path)
    answers = {"went": "clinic", "healing": "healing", "advice_taken": "followed"}
    tell_outcome(stage, path, asker=cast.coordinator, adviser=cast.specialist, answers=answers)
    tell_history(stage, path, cast.coordinator)
    tell_figures(stage, cast.coordinator)
    return [cast.patient, cast.specialist, cast.coordinator]


def _ask(stage: Stage, cast: _Cast) -> str:
    stage.step(f"{cast.coordinator.name} prepares the visit of Friday: {cast.patient.name}'s hand")
    staff, starts = cast.coordinator.client, on_the_hour(0, hour=8)
    service_id = found_centre(cast.coordinator, cast.specialist)
    put_on_duty(
        cast.coordinator,
        service_id,
        {"primary": cast.specialist},
        starts=starts,
        ends=starts + timedelta(days=5),
    )
    consult = staff.post(
        "/api/consults",
        {
            "kind": "pre_visit",
            "reason": "Grafts on the left hand, ten days ago. How do they look before Friday?",
            "patient_id": cast.patient.id,
            "consent": "verbal",
        },
    )
    path = f"/api/consults/{consult['id']}"
    quote(consult["reason"])

    stage.wait(timedelta(minutes=4))
    stage.step(f"{cast.coordinator.name} asks for two pictures by Wednesday noon, in Spanish")
    due_at = on_the_hour(2, hour=12)
    made = staff.post(
        f"{path}/requests",
        {
            "purpose": "before_visit",
            "wanted": [{"body_site": "hand", "laterality": "L", "view": view} for view in _VIEWS],
            "addressee": "patient",
            "language": "es",
            "due_at": due_at.isoformat(),
            "time_zone": ZONE.key,
        },
    )
    (asked,) = made["items"]
    say(f"Wanted: left hand, {' and '.join(_VIEWS)}, by {shown(asked['due_at'])}.")
    say(
        f"The link ends {shown(asked['link_expires_at'])}; "
        f"the first reminder goes out {shown(asked['mail_at'])}."
    )
    wait = {"step": "ask", "reason": "Pictures before the visit.", "due_at": due_at.isoformat()}
    waiting = staff.post(f"{path}/steps", wait)
    say(
        f"State: {waiting['state']}. Whose turn: the {waiting['owner']['side']}'s, by "
        f"{shown(waiting['due_at'])}. Meanwhile the clock of the answer stands still."
    )
    return path


def _the_link(stage: Stage, cast: _Cast) -> Client:
    stage.step(f"{cast.patient.name} gets a link")
    mail = mail_to(cast.patient.email, stage.home, about="fotos")
    show(mail)
    holder = cast.patient.client.by_link(link_in(mail))
    for _ in range(5):
        holder.post("/api/link/opening", {"kind": "photos"})
    opened = holder.post("/api/link/opening", {"kind": "photos"})
    say(f"A scanner of mail opens it five times: {opened['photos_left']} photos may still come.")
    say(f"All that it is told, and nothing of whom: {', '.join(opened).replace('_', ' ')}")
    return holder


def _remind(stage: Stage, cast: _Cast) -> None:
    noon = on_the_hour(1, hour=12)
    stage.wait_until(noon + timedelta(minutes=1), over=2.0)
    stage.step("Nothing has come: a reminder goes out, a day before it is due")
    reminder = mail_to(cast.patient.email, stage.home, about="fotos", since=noon)
    say(f"E-mail of {at(sent_at(reminder))}, the same words and the same link.")


def _send(stage: Stage, cast: _Cast, holder: Client, path: str, photo: bytes) -> None:
    stage.wait_until(on_the_hour(0, hour=19) + timedelta(minutes=30), over=1.5)
    stage.step(f"{cast.patient.name} sends both pictures, by the link, without signing in")
    for number, upload in enumerate((blur(photo), photo)):
        receipt = holder.put_bytes(f"/api/link/photos/{uuid4()}?number={number}", upload)
        say(f"Picture {number + 1}, {_VIEWS[number]}: {receipt['state']}. No more is shown.")
    consult = cast.coordinator.client.get(path)
    say(f"State: {consult['state']}. The clock of the answer runs on.")


def _reject(stage: Stage, cast: _Cast, path: str) -> dict[str, Any]:
    stage.wait_until(on_the_hour(1, hour=8) + timedelta(minutes=15), over=2.0)
    stage.step(f"{cast.specialist.name} takes the consult, and looks the pictures over")
    reviewer = cast.specialist.client
    waiting = reviewer.get("/api/reviews")["photos"]
    say(f"{len(waiting)} pictures wait, the oldest since {shown(waiting[0]['created_at'])}.")
    reviewer.post(f"{path}/steps", {"step": "acknowledge"})
    blurred, sharp = sorted(waiting, key=lambda photo: photo["view"], reverse=True)
    for photo in (blurred, sharp):
        say(f"  {photo['view']:6} {photo['quality']['advice'] or 'nothing to say against it'}")
    reviewer.post(f"/api/photos/{sharp['id']}/review", {"verdict": "accepted"})
    retake_by = on_the_hour(0, hour=18)
    rejection = {
        "verdict": "rejected",
        "reason": "blurred",
        "retake_by": retake_by.isoformat(),
    }
    review = reviewer.post(f"/api/photos/{blurred['id']}/review", rejection)
    say(f"The {sharp['view']} is accepted. The {blurred['view']} is rejected: {review['reason']}.")
    note = dicom.read_header(reviewer.get_bytes(f"/api/photos/{blurred['id']}/rejection"))
    title = note["ConceptNameCodeSequence"].value[0]
    say(
        f"In DICOM: a Key Object Selection, {title['CodeMeaning'].value} "
        f"({title['CodeValue'].value} {title['CodingSchemeDesignator'].value})"
    )
    return blurred


def _retake(stage: Stage, cast: _Cast, path: str, rejected: dict[str, Any], photo: bytes) -> None:
    eight = on_the_hour(0, hour=8)
    mail = mail_to(cast.patient.email, stage.home, about="fotos", since=eight)
    stage.wait(timedelta(hours=1, minutes=20), over=1.0)
    stage.step(f"{cast.patient.name} opens the new link, is told what is wrong, and retakes it")
    holder = cast.patient.client.by_link(link_in(mail))
    opened = holder.post("/api/link/opening", {"kind": "photos"})
    say(f"What is wrong: {opened['rejected_for']}. By when: {shown(opened['due_at'])}.")
    holder.put_bytes(f"/api/link/photos/{uuid4()}?number=0", photo)

    stage.wait(timedelta(minutes=25))
    stage.step(f"{cast.specialist.name} accepts the retake; the rejected one stays beside it")
    reviewer = cast.specialist.client
    retaken = next(
        one for one in reviewer.get(path)["photos"] if one["retake_of"] == rejected["id"]
    )
    reviewer.post(f"/api/photos/{retaken['id']}/review", {"verdict": "accepted"})
    for one in sorted(reviewer.get(path)["photos"], key=lambda one: one["created_at"]):
        came = f"{one['view']:6} of {shown(one['created_at'])}  {one['verdict']}"
        place = f", taken again as {one['replaced_by'][:8]}" if one["replaced_by"] else ""
        lineage = f", takes the place of {one['retake_of'][:8]}" if one["retake_of"] else ""
        say(f"  {one['id'][:8]}  {came}{place}{lineage}")


def _advise(stage: Stage, cast: _Cast, path: str) -> None:
    stage.wait(timedelta(minutes=10))
    stage.step(f"{cast.specialist.name} signs advice")
    specialist, advice_path = cast.specialist.client, f"{path}/advice/{uuid4()}"
    friday = on_the_hour(2, hour=17)
    draft = {"text": _ADVICE, "disposition": "clinic", "valid_until": friday.isoformat()}
    specialist.put(advice_path, draft)
    signed = specialist.post(f"{advice_path}/signature", {})
    quote(signed["text"])
    say(
        f"To do: {signed['disposition']}. Signed {at(signed['signed_at'])} by "
        f"{signed['author']['name']}, valid until {shown(signed['valid_until'])}"
    )

    stage.wait(timedelta(hours=9), over=1.0)
    stage.step(f"{cast.patient.name} signs in this time, and confirms having read it")
    since = moment(signed["signed_at"]).replace(microsecond=0)
    mail = mail_to(cast.patient.email, stage.home, about="You have a new message", since=since)
    say(f"Told by e-mail at {at(sent_at(mail))}, without a word about health:")
    say(f"  Subject: {read(mail)['Subject']}")
    told = cast.patient.client.post(f"{advice_path}/acknowledgement", {})
    say(f"{cast.specialist.name} sees: read {at(told['acknowledged_at'])}")

    stage.wait_until(moment(signed["valid_until"]) - timedelta(hours=3), over=2.0)
    stage.step("Friday, after the visit: the consult is closed")
    closed = specialist.post(f"{path}/close", {})
    say(f"State: {closed['state']}")
