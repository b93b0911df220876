"""kill -9, at random moments, of the real service while it escalates, mails and posts.

    python -m tests.soak.kills [POINTS [SEED]]

Each point: consults are opened over HTTP on a service whose ladder takes a second, and the process
is killed somewhere in it. At the end the service runs until it has nothing left to do, and then:
every consult that was answered for has been paged rung by rung, once each; every page has reached
the mail server, and every event the webhook; whatever came twice came under the same id.
"""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx2

from consult.accounts import add_user, create_token
from consult.backends.database import upgrade
from consult.bootstrap import open_backends
from consult.clinical.workflow.service_levels import Rung
from consult.config import read_settings
from consult.models import DEFAULT_SERVICE, Role, Service, Shift, Webhook, now
from consult.tasks import NAMES
from tests import service as services
from tests.postbox import Postbox, make_postbox
from tests.receiver import Receiver, receiving

_LADDER = {"primary": 0.0, "backup": 0.006, "supervisor": 0.012}
"""Minutes."""
_SETTLED = 300.0


@dataclass
class Report:
    points: int = 0
    opened: set[str] = field(default_factory=set[str])
    """Answered with 201 before the process died."""
    rungs: Counter[str] = field(default_factory=Counter[str])
    lost_consults: int = 0
    unpaged: int = 0
    """Rungs of consults that were never done."""
    paged_twice: int = 0
    pages: int = 0
    mails: int = 0
    mails_lost: int = 0
    mails_again: int = 0
    """Under the same Message-ID: cut off between the mail server's word and ours."""
    mails_twice: int = 0
    """Under two ids: must never be."""
    posts: int = 0
    posts_lost: int = 0
    posts_again: int = 0
    dead_jobs: int = 0
    """Cut off too often: what they were for went on all the same."""
    chain: str = ""

    @property
    def whole(self) -> bool:
        wrong = (
            *(self.lost_consults, self.unpaged, self.paged_twice, self.mails_lost),
            *(self.mails_twice, self.posts_lost),
        )
        return not any(wrong) and self.chain.endswith("is whole.")


def run(points: int, seed: int, folder: Path) -> Report:
    dice, report = random.Random(seed), Report(points)
    with _receiver() as receiver:
        postbox = make_postbox(folder)
        data, token = folder / "data", asyncio.run(_prepare(folder / "data", receiver.url))
        settings = {
            "CONSULT_MAIL_URL": postbox.url,
            "CONSULT_MAIL_CA_FILE": str(postbox.ca_file),
            "CONSULT_WEBHOOK_PRIVATE_NETWORKS": "true",
            "CONSULT_LOG_LEVEL": "warning",
            "CONSULT_DECODE_WORKERS": "0",
        }
        port = services.free_port()
        with postbox.listening():
            with nursing(data, port, settings) as nursery:
                for _ in range(points):
                    _one_point(dice, report, nursery, token)
            with services.start(data, port=port, settings=settings) as last:
                _wait_until_done(data / "consult.db")
                report.chain = last.command("audit", "verify")[-1]
        _judge(report, data / "consult.db", postbox, receiver)
    return report


@dataclass(frozen=True)
class Nursery:
    process: "subprocess.Popen[str]"
    origin: str

    def start(self) -> int:
        """Start a service, and wait until it is ready; its process id."""
        assert self.process.stdin is not None  # pipes, as it was started
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx2.get(f"{self.origin}/readyz").status_code == 200:
                    return child
            except httpx2.TransportError:
                time.sleep(0.02)
        os.kill(child, signal.SIGKILL)
        raise RuntimeError("the service did not become ready")


@contextmanager
def nursing(data: Path, port: int, settings: Mapping[str, str]) -> Generator[Nursery]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.nursery"],
        cwd=services.ROOT,
        env=services.environment(data, port) | dict(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            yield Nursery(process, f"http://localhost:{port}")
            process.communicate()  # its stdin is over: it ends
    finally:
        process.kill()


def _one_point(dice: random.Random, report: Report, nursery: Nursery, token: str) -> None:
    child = nursery.start()
    sender = threading.Thread(target=_open, args=(nursery, token, report, dice.randint(1, 3)))
    sender.start()
    time.sleep(dice.uniform(0.0, 1.4))
    os.kill(child, signal.SIGKILL)
    sender.join()


def _open(service: Nursery, token: str, report: Report, count: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx2.Client(base_url=service.origin, headers=headers) as http:
            for _ in range(count):
                answer = http.post("/api/consults", json={"kind": "emergency"})
                if answer.status_code == 201:
                    report.opened.add(answer.json()["id"])
    except httpx2.TransportError:
        return  # killed in the middle: what was not answered may or may not be there


async def _prepare(data: Path, url: str) -> str:
    """People, one on each rung, a ladder of a second, a webhook. The token of a crew."""
    settings = read_settings(data_dir=data)
    upgrade(settings)
    async with (
        open_backends(settings, task_names=NAMES) as backends,
        backends.database.writes.begin() as session,
    ):
        crew = await add_user(session, email="crew@kills.test", name="Crew", role=Role.EMS)
        token = await create_token(session, crew, name="kills")
        at = now()
        for rung in Rung:
            person = await add_user(
                session,
                email=f"{rung.value}@kills.test",
                name=rung.value.title(),
                role=Role.SPECIALIST,
            )
            shift = Shift(
                service_id=DEFAULT_SERVICE,
                user_id=person.id,
                rung=rung,
                starts_at=at - timedelta(hours=1),
                ends_at=at + timedelta(days=1),
            )
            session.add(shift)
        service = await session.get_one(Service, DEFAULT_SERVICE)
        service.levels = {"red": _LADDER}
        session.add_all([service, Webhook(service_id=service.id, url=url)])
    return token


_LEFT = {
    "escalations": "escalation WHERE settled_at IS NULL AND kind = 'acknowledge'",
    "pages": "notice WHERE escalation_id IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL",
    "posts": "delivery WHERE delivered_at IS NULL",
}


def _wait_until_done(path: Path) -> None:
    """Until nothing is due and no page or post is on its way."""
    deadline, left = time.monotonic() + _SETTLED, {"everything": 1}
    while any(left.values()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"left after {_SETTLED:.0f} s: {left}")
        time.sleep(0.2)
        with closing(sqlite3.connect(path)) as database:
            left = {
                name: database.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
                for name, rows in _LEFT.items()
            }


def _judge(report: Report, path: Path, postbox: Postbox, receiver: Receiver) -> None:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            "SELECT consult_id, rung, outcome, id FROM escalation WHERE kind = 'acknowledge'"
        ).fetchall()
        notices = database.execute(
            "SELECT n.id, n.escalation_id, u.email FROM notice n JOIN user u ON u.id = n.user_id"
            " WHERE n.escalation_id IS NOT NULL"
        ).fetchall()
        deliveries = {row[0] for row in database.execute("SELECT id FROM delivery")}
        (report.dead_jobs,) = database.execute(
            "SELECT count(*) FROM job WHERE state = 'dead'"
        ).fetchone()
        consults = {row[0] for row in database.execute("SELECT id FROM consult")}
    report.rungs = Counter(f"{rung}: {outcome}" for _, rung, outcome, _ in rows)
    report.lost_consults = len({one.replace("-", "") for one in report.opened} - consults)
    report.unpaged = 3 * len(consults) - sum(outcome == "paged" for _, _, outcome, _ in rows)
    report.pages = len(notices)
    report.paged_twice = len(notices) - len({escalation for _, escalation, _ in notices})
    _judge_mails(report, postbox, notices)
    sent = Counter(one.replace("-", "") for one in receiver.ids)
    report.posts, report.posts_lost = len(deliveries), len(deliveries - sent.keys())
    report.posts_again = sum(sent.values()) - len(sent)


def _judge_mails(report: Report, postbox: Postbox, notices: list[tuple[str, str, str]]) -> None:
    pages = [mail for mail in postbox.mails if "on duty" in str(mail["Subject"])]
    sent = Counter(str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in pages)
    sent = Counter({one.replace("-", ""): count for one, count in sent.items()})
    report.mails = sum(sent.values())
    report.mails_lost = len({row[0] for row in notices} - sent.keys())
    report.mails_twice = len(sent.keys() - {row[0] for row in notices})
    report.mails_again = report.mails - len(sent)


@contextmanager
def _receiver() -> Generator[Receiver]:
    """A receiver of webhooks in a thread of its own."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[Receiver] = []

    async def main() -> None:
        async with receiving() as receiver:
            found.append(receiver)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    ready.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def main() -> int:
    given = dict(enumerate(map(int, sys.argv[1:])))
    points, seed = given.get(0, 300), given.get(1, 5)
    with tempfile.TemporaryDirectory(prefix="consult-kills-") as folder:
        started = time.monotonic()
        report = run(points, seed, Path(folder))
    for name, value in vars(report).items():
        print(f"  {name:<14} {len(value) if name == 'opened' else value}")
    print(f"  {'seconds':<14} {time.monotonic() - started:.0f}")
    print("whole" if report.whole else "BROKEN")
    return 0 if report.whole else 1


if __name__ == "__main__":
    sys.exit(main())
