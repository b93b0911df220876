"""The commands of the service: each with the settings of the environment."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from api import keys
from consult import audit, logs
from consult.accounts import add_user, create_token, find_user, invite
from consult.backends.database import upgrade
from consult.backends.files import exclusive, make_directory
from consult.backends.jobs import WorkerRunning
from consult.backends.keys import open_keys
from consult.bootstrap import Backends, open_backends
from consult.config import InvalidSettings, Settings, read_settings
from consult.errors import ConsultError, NotFound
from consult.models import Role, User
from consult.tasks import NAMES
from consult.worker import run_worker


def run(name: str, args: argparse.Namespace) -> int:
    """Run one command; 2 when it could not be done, with the reason on stderr."""
    try:
        settings = read_settings(**_overrides(args))
        logs.configure(settings.log_level)
        return _COMMANDS[name](settings, args)
    except (InvalidSettings, ConsultError, WorkerRunning, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"consult: {error}", file=sys.stderr)
        return 2


def _overrides(args: argparse.Namespace) -> dict[str, object]:
    named = {name: getattr(args, name, None) for name in ("host", "port")}
    return {name: value for name, value in named.items() if value is not None}


def _serve(settings: Settings, args: argparse.Namespace) -> int:
    from api.server import serve  # noqa: PLC0415 - the other commands need no server

    _look_at_keys(settings)
    print(f"Consult is at {settings.public_url} (data in {settings.data_dir})", flush=True)
    serve(settings, with_worker=not args.no_worker)
    return 0


def _worker(settings: Settings, _: argparse.Namespace) -> int:
    return _with_backends(settings, run_worker)


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    upgrade(settings)
    print("The database is at this version.")
    return 0


def _doctor(settings: Settings, _: argparse.Namespace) -> int:
    from api.doctor import examine  # noqa: PLC0415 - only here

    return examine(settings)


def _demo(settings: Settings, args: argparse.Namespace) -> int:
    from api import demo  # noqa: PLC0415 - only here

    folder = Path(args.folder) if args.folder else demo.HOME
    return (
        demo.stop(folder) if args.stop else demo.run(args.photo, port=settings.port, folder=folder)
    )


def _user_add(settings: Settings, args: argparse.Namespace) -> int:
    async def add(backends: Backends) -> None:
        async with backends.database.writes.begin() as session:
            user = await add_user(session, email=args.email, name=args.name, role=Role(args.role))
            secret = await invite(session, user)
        print("Open this link once, within 24 hours, on the device that will sign in:")
        print(f"{settings.public_url}/enrol#t={secret}")

    return _with_backends(settings, add)


def _token_create(settings: Settings, args: argparse.Namespace) -> int:
    async def create(backends: Backends) -> None:
        lifetime = timedelta(days=args.expires_days)
        async with backends.database.writes.begin() as session:
            user = await _known(session, args.email)
            secret = await create_token(session, user, name=args.name, lifetime=lifetime)
        print(secret)

    return _with_backends(settings, create)


async def _known(session: AsyncSession, email: str) -> User:
    try:
        return await find_user(session, email)
    except NotFound:
        raise NotFound("Nobody has this address. First: consult user add --email …") from None


def _jobs(settings: Settings, args: argparse.Namespace) -> int:
    async def show(backends: Backends) -> int:
        if args.retry is not None and not await backends.jobs.retry(args.retry):
            raise NotFound("No failed job has this id. `consult jobs` lists them.")
        dead = await backends.jobs.dead()
        for job in dead:
            print(f"{job.id}  {job.name}  {job.attempts} attempts  {job.error}")
        return 1 if dead else 0

    return _with_backends(settings, show)


def _audit_verify(settings: Settings, _: argparse.Namespace) -> int:
    async def verify(backends: Backends) -> int:
        async with backends.database.reads() as session:
            report = await audit.verify(session)
        if report.first_bad_seq is None:
            print(f"The chain of {report.rows} rows is whole.")
            return 0
        print(f"The chain is broken at row {report.first_bad_seq}.")
        return 1

    return _with_backends(settings, verify)


def _of_keys(
    use: Callable[[Backends, argparse.Namespace], Coroutine[None, None, int | None]],
) -> Callable[[Settings, argparse.Namespace], int]:
    return lambda settings, args: _with_backends(settings, lambda backends: use(backends, args))


def _look_at_keys(settings: Settings) -> None:
    """Make or check the keys first: what is wrong with them is then said in words."""
    first = not settings.key_file.exists()
    make_directory(settings.data_dir)
    with exclusive(settings.data_dir / "lock", wait=True), open_keys(settings):
        pass
    if first:
        print(
            f"A key was made: {settings.key_file}\n"
            "Back it up, apart from the data: without it nothing that is kept can be read.",
            file=sys.stderr,
        )


def _with_backends(
    settings: Settings, use: Callable[[Backends], Coroutine[None, None, int | None]]
) -> int:
    async def run() -> int:
        async with open_backends(settings, task_names=NAMES) as backends:
            return await use(backends) or 0

    _look_at_keys(settings)
    upgrade(settings)
    return asyncio.run(run())


_COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "serve": _serve,
    "worker": _worker,
    "migrate": _migrate,
    "doctor": _doctor,
    "demo": _demo,
    "user_add": _user_add,
    "token_create": _token_create,
    "jobs": _jobs,
    "audit_verify": _audit_verify,
    "keys_status": _of_keys(keys.show_status),
    "keys_rotate": _of_keys(keys.rotate_keys),
    "keys_shred": _of_keys(keys.shred_patient),
    "keys_report": _of_keys(keys.report_shredded),
}
