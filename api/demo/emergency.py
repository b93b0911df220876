"""An emergency: a crew asks from the roadside, and the ladder finds somebody who answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from api.demo import pager
from api.demo.centre import found_centre, level, put_on_duty
from api.demo.endings import moment, tell_figures, tell_history, tell_outcome
from api.demo.mailbox import mail_to, mails_to, sent_at, show, wait_for
from api.demo.operator import Newcomer, Person, add_people, add_webhook
from api.demo.pager import Pager
from api.demo.photo import make_photo
from api.demo.running import Home
from api.demo.stage import Stage, at, days_ago, on_the_hour, quote
from api.demo.telling import say
from consult import clock
from consult.config import Settings
from consult.models import Role

_PAGE = "You are on duty"
_ADVICE = (
    "Deep partial and full thickness, about 12 % of the body, both forearms. Transfer to us.\n"
    "Warm, dry dressings. Ringer's lactate 500 ml in the first hour. No ice."
)


def begins() -> datetime:
    return days_ago(9, hour=22, minute=12)


@dataclass(frozen=True)
class _Cast:
    crew: Person
    primary: Person
    backup: Person
    supervisor: Person
    coordinator: Person

    @property
    def everybody(self) -> list[Person]:
        return [self.crew, self.primary, self.backup, self.supervisor, self.coordinator]


def tell_it(home: Home, settings: Settings, own_photo: bytes | None) -> list[Person]:
    stage = Stage(home, settings)
    cast = _Cast(
        *add_people(
            settings,
            [
                Newcomer("Kim Alvarez", "kim@demo.example", Role.EMS),
                Newcomer("Dr. Robin Burns", "robin@demo.example", Role.SPECIALIST),
                Newcomer("Dr. Noor Haddad", "noor@demo.example", Role.SPECIALIST),
                Newcomer("Dr. Mika Laine", "mika@demo.example", Role.SPECIALIST),
                Newcomer("Ana Costa", "ana@demo.example", Role.COORDINATOR),
            ],
        )
    )
    with pager.listening() as receiver:
        _prepare(stage, cast, receiver)
        path = _ask(stage, cast, own_photo or make_photo())
        _nobody_answers(stage, cast, receiver, path)
        _somebody_takes_it(stage, cast, path)
        _advise(stage, cast, path)
        _ladder_stands(stage, cast, receiver, path)
        _read(stage, cast, path)
        _transfer(stage, cast, path)
        answers = {"went": "burn_centre", "healing": "operated", "advice_taken": "followed"}
        tell_outcome(stage, path, asker=cast.crew, adviser=cast.backup, answers=answers)
        tell_history(stage, path, cast.crew)
        tell_figures(stage, cast.coordinator)
    return cast.everybody


def _prepare(stage: Stage, cast: _Cast, receiver: Pager) -> None:
    stage.step("The burn centre says who is on call tonight, and what it promises")
    service_id = found_centre(cast.coordinator, cast.supervisor)
    tonight = on_the_hour(0, hour=19)
    duty = {"primary": cast.primary, "backup": cast.backup, "supervisor": cast.supervisor}
    put_on_duty(
        cast.coordinator, service_id, duty, starts=tonight, ends=tonight + timedelta(hours=12)
    )
    red = level(cast.coordinator, "red")
    say(
        f"Red: somebody takes it within {red['acknowledge']:.0f} minutes, else the backup is paged "
        f"after {red['backup']:.0f}, the supervisor after {red['supervisor']:.0f}."
    )
    receiver.secret = add_webhook(stage.settings, receiver.url)
    say(f"Pages go by e-mail, and by signed webhook to the pager system at {receiver.url}")


def _ask(stage: Stage, cast: _Cast, photo: bytes) -> str:
    stage.wait(timedelta(minutes=2))
    stage.step(f"Paramedic {cast.crew.name} opens an emergency from the roadside")
    crew = cast.crew.client
    consult = crew.post(
        "/api/consults",
        {
            "kind": "emergency",
            "reason": "Man, about 40, car fire. Both forearms and hands. Awake, breathing well.",
        },
    )
    path = f"/api/consults/{consult['id']}"
    quote(consult["reason"])
    query = urlencode({"body_site": "forearm", "laterality": "L", "view": "front"})
    taken = crew.put_bytes(f"{path}/photos/{uuid4()}?{query}", photo)
    say(f"A photo of the left forearm, {len(photo):,} bytes. {taken['scrub_summary']}")
    say(
        f"Priority {consult['priority']}. Whose turn: the {consult['owner']['side']}'s, "
        f"by {at(consult['due_at'])}. Number to ring: {consult['service']['telephone']}"
    )
    return path


def _nobody_answers(stage: Stage, cast: _Cast, receiver: Pager, path: str) -> None:
    stage.step(f"The primary, {cast.primary.name}, is paged at once")
    show(mail_to(cast.primary.email, stage.home, about=_PAGE))
    _webhook_came(stage, receiver, "primary")
    say(f"One that somebody made up is answered {receiver.forge()}.")
    delivered = stage.consult(cast.crew, path, "delivered_at")["clock"]["delivered_at"]
    say(f"The crew sees: delivered {at(delivered)}")

    stage.wait_until(_page(cast, path, "backup") - timedelta(minutes=2), over=1.5)
    stage.step(f"{cast.primary.name} does not answer, and the crew is told what to do")
    consult = cast.crew.client.get(path)
    say(f"Delivered, not seen, overdue since {at(consult['clock']['acknowledge_by'])}.")
    say(f"Do not wait: ring {consult['service']['telephone']}")

    stage.wait_until(_page(cast, path, "backup"), over=1.5)
    stage.step(f"The ladder pages the backup, {cast.backup.name}")
    mail = mail_to(cast.backup.email, stage.home, about=_PAGE)
    say(f"By e-mail of {at(sent_at(mail))}, the same words as to everybody")
    _webhook_came(stage, receiver, "backup")
    say("The crew sees it happen:")
    _show_ladder(cast.crew.client.get(path))


def _somebody_takes_it(stage: Stage, cast: _Cast, path: str) -> None:
    stage.wait(timedelta(seconds=50))
    stage.step(f"{cast.backup.name} opens it, and takes it: the ladder stops")
    cast.backup.client.get(path)
    stage.wait(timedelta(seconds=20))
    cast.backup.client.post(f"{path}/steps", {"step": "acknowledge"})
    told = stage.consult(cast.crew, path, "seen_at", "acknowledged_at")["clock"]
    say(
        f"The crew sees: seen {at(told['seen_at'])}, taken {at(told['acknowledged_at'])} "
        f"by {told['acknowledged_by']['name']}, answer by {at(told['reply_by'])}"
    )


def _advise(stage: Stage, cast: _Cast, path: str) -> None:
    stage.wait(timedelta(seconds=50))
    stage.step(f"{cast.backup.name} drafts advice; nobody else sees a draft")
    advice_path = f"{path}/advice/{uuid4()}"
    cast.backup.client.put(advice_path, {"text": _ADVICE, "disposition": "transfer"})
    drafts = cast.crew.client.get(f"{path}/advice")["items"]
    say(f"The crew is shown {len(drafts)} pieces of advice.")

    stage.wait(timedelta(seconds=50))
    stage.step(f"{cast.backup.name} signs it: now it never changes")
    cast.backup.client.post(f"{advice_path}/signature", {})
    (advice,) = cast.crew.client.get(f"{path}/advice")["items"]
    quote(advice["text"])
    say(
        f"To do: {advice['disposition']}. Signed {at(advice['signed_at'])} by "
        f"{advice['author']['name']}, SHA-256 {advice['sha256'][:16]}…"
    )


def _ladder_stands(stage: Stage, cast: _Cast, receiver: Pager, path: str) -> None:
    consult = cast.crew.client.get(path)
    stage.wait_until(moment(consult["clock"]["reply_by"]) + timedelta(seconds=30), over=1.5)
    stage.step("The supervisor's time has passed, and nobody else was paged")
    _show_ladder(cast.crew.client.get(path))
    mails = len(mails_to(cast.supervisor.email, stage.home, about=_PAGE))
    hooks = len(receiver.pages("supervisor"))
    say(f"{cast.supervisor.name}, supervisor: {mails} e-mails, {hooks} webhooks.")


def _read(stage: Stage, cast: _Cast, path: str) -> None:
    stage.wait(timedelta(seconds=20))
    stage.step(f"{cast.crew.name} confirms that the crew has read the advice")
    (advice,) = cast.crew.client.get(f"{path}/advice")["items"]
    read = cast.crew.client.post(f"{path}/advice/{advice['id']}/acknowledgement", {})
    say(f"{cast.backup.name} sees: read {at(read['acknowledged_at'])}")


def _transfer(stage: Stage, cast: _Cast, path: str) -> None:
    stage.wait(timedelta(seconds=30))
    stage.step("The crew asks for the transfer, and the burn centre accepts it")
    cast.crew.client.post(f"{path}/steps", {"step": "request_transfer"})
    stage.wait(timedelta(minutes=1))
    arrives = (clock.now() + timedelta(minutes=50)).replace(second=0, microsecond=0)
    transfer = {
        "clinician_id": cast.backup.id,
        "mode": "ground",
        "arrives_at": arrives.isoformat(),
        "bed": "Burn ICU 4",
    }
    cast.backup.client.post(f"{path}/steps", {"step": "accept_transfer", "transfer": transfer})
    accepted = cast.crew.client.get(f"{path}/steps")["items"][-1]["details"]["transfer"]
    say(
        f"The crew sees: accepted by {accepted['clinician']}, by {accepted['mode']}, "
        f"bed {accepted['bed']}, expected {at(accepted['arrives_at'])}"
    )

    stage.wait_until(arrives + timedelta(minutes=6), over=2.0)
    stage.step("The patient is here; the consult is closed")
    closed = cast.backup.client.post(f"{path}/close", {})
    say(f"State: {closed['state']}. Nothing is deleted: its history stays.")


def _page(cast: _Cast, path: str, rung: str) -> datetime:
    """When `rung` is paged, as the crew is told beforehand."""
    pages = cast.crew.client.get(path)["pages"]
    return next(moment(page["due_at"]) for page in pages if page["rung"] == rung)


def _webhook_came(stage: Stage, receiver: Pager, rung: str) -> None:
    event, *_ = wait_for(
        f"The webhook about the {rung}", lambda: receiver.pages(rung) or None, stage.home
    )
    say(
        f"The pager system took a webhook whose signature it checked: {event['type']}, {rung}, "
        f"{at(event['timestamp'])}"
    )


def _show_ladder(consult: dict[str, Any]) -> None:
    for page in consult["pages"]:
        if page["kind"] != "acknowledge":
            continue
        who = page["person"]["name"] if page["person"] else "-"
        state = (
            f"{page['outcome']} {at(page['at'])}" if page["at"] else f"to come {at(page['due_at'])}"
        )
        say(f"  {page['rung']:11} {who:17} {state}")
    say(f"  and the number to ring: {consult['service']['telephone']}")
