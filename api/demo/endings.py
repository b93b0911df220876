"""How every story ends: what became of the patient, the history, the figures."""

from datetime import datetime, timedelta
from typing import Any

from api.demo.mailbox import link_in, mail_to, show
from api.demo.operator import Person
from api.demo.stage import Stage, facts, in_words, shown
from api.demo.telling import say

_WITHIN = timedelta(minutes=61)
"""The service looks once an hour whom it has to ask."""


def tell_outcome(
    stage: Stage, path: str, *, asker: Person, adviser: Person, answers: dict[str, str]
) -> None:
    """`stage` stands at the closing of the consult at `path`."""
    (service,) = adviser.client.get("/api/services")["items"]
    stage.wait(timedelta(days=service["outcome_after_days"]) + _WITHIN, over=3.0)
    stage.step("Consult asks once what became of the patient")
    mail = mail_to(asker.email, stage.home, about="Three questions")
    show(mail)
    holder = asker.client.by_link(link_in(mail))
    opened = holder.post("/api/link/opening", {"kind": "outcome"})
    say(f"All that the page behind it is told: {facts(opened)}")

    stage.wait(timedelta(minutes=4))
    stage.step(f"{asker.name} answers in three taps, without signing in")
    holder.post("/api/link/outcome", answers)
    told = adviser.client.get(f"{path}/outcome")
    say(f"{adviser.name}, who advised, is shown: {facts({name: told[name] for name in answers})}")


def tell_history(stage: Stage, path: str, reader: Person) -> None:
    stage.step("The history of the consult, as it is kept")
    for row in reader.client.get(f"{path}/steps")["items"]:
        by = row["by"]["name"] if row["by"] else "Consult"
        why = row["reason"] or row["reason_code"].replace("_", " ")
        say(f"{shown(row['at'])}  {row['to_state']:19} {by:17} {why}".rstrip())


def tell_figures(stage: Stage, reader: Person) -> None:
    stage.step("Turn-round figures of the last thirty days")
    say(f"{'':20}{'partner':20}{'reached':>9}{'p50':>14}{'p90':>14}{'p99':>14}")
    for figure in reader.client.get("/api/figures")["items"]:
        if figure["partner"]:
            say(_line(figure))
    stage.come_to_the_present()


def _line(figure: dict[str, Any]) -> str:
    measure, partner = figure["measure"].replace("_", " "), figure["partner"]
    reached = f"{figure['reached']} of {figure['consults']}"
    times = "".join(f"{_span(figure[name]):>14}" for name in ("p50", "p90", "p99"))
    return f"{measure:20}{partner:20}{reached:>9}{times}"


def _span(seconds: float | None) -> str:
    return "-" if seconds is None else in_words(timedelta(seconds=seconds))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
