"""The stories there are, and how one is told: from an empty database to a service that runs on."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from api.demo import emergency, pre_visit
from api.demo.main_job import tell_main_job
from api.demo.operator import Person, enrol_links
from api.demo.running import HOME, Home, in_use, start, stop
from api.demo.stage import Stage, set_clock
from api.demo.telling import say, tell
from consult.config import Settings

_START = timedelta(minutes=1)
"""The service has so long to start, so that a story begins on the minute."""


@dataclass(frozen=True)
class Tale:
    teller: Callable[[Home, Settings, bytes | None], list[Person]]
    """Tells it, with a photo of one's own if there is one; the people in it."""
    begins: Callable[[], datetime] | None = None
    """When, for a story of minutes and days: its service runs by a clock of its own."""


TALES: Mapping[str, Tale] = {
    "main-job": Tale(tell_main_job),
    "emergency": Tale(emergency.tell_it, emergency.begins),
    "pre-visit": Tale(pre_visit.tell_it, pre_visit.begins),
}


def run(photo: str | None, *, port: int, folder: Path = HOME, tale: str = "main-job") -> int:
    """Tell the story; leave the service running; 0 when every step was seen to work."""
    home, story = Home(folder), TALES[tale]
    upload = Path(photo).read_bytes() if photo else None
    stop(folder)
    if in_use(port):
        print(f"Port {port} is taken. Choose another: make demo PORT={port + 1}", file=sys.stderr)
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    tell(f"Starting Consult on http://localhost:{port} with an empty database")
    begins = story.begins() if story.begins else None
    settings = start(home, port, _prepare(home, begins))
    if begins:
        Stage(home, settings).wait_until(begins, over=0.2)
    people = story.teller(home, settings, upload)
    _farewell(settings, people)
    return 0


def _prepare(home: Home, begins: datetime | None) -> Mapping[str, str]:
    """The settings that the service starts with."""
    if begins is None:
        return {}
    set_clock(home, begins - _START)
    return {
        "CONSULT_DEMO_CLOCK": str(home.clock),
        # The pager that hears of pages is on this machine.
        "CONSULT_WEBHOOK_PRIVATE_NETWORKS": "true",
    }


def _farewell(settings: Settings, people: Sequence[Person]) -> None:
    tell(f"Consult is still running at {settings.public_url}")
    say("Open each link once, in a browser of its own (or a private window), to sign in:")
    for person, link in zip(people, enrol_links(settings, people), strict=True):
        say(f"  {person.name:16} {link}")
    say("End it with: make demo-stop")
