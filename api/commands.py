"""The commands of the service: each with the settings of the environment."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from api import account_commands, device_commands, key_commands, trail, webhook_commands
from consult import audit, clock, logs
from consult.backends.database import upgrade
from consult.backends.files import exclusive, make_directory
from consult.backends.jobs import WorkerRunning
from consult.backends.keys import open_keys
from consult.bootstrap import Backends, open_backends
from consult.config import InvalidSettings, Settings, read_settings
from consult.errors import ConsultError, InvalidFields, NotFound
from consult.logs import place
from consult.tasks import NAMES
from consult.worker import run_worker


def run(name: str, args: argparse.Namespace) -> int:
    """Run one command; 2 when it could not be done, with the reason on stderr."""
    try:
        settings = read_settings(**_overrides(args))
        logs.configure(settings.log_level)
        if settings.demo_clock:
            clock.follow(settings.demo_clock)
        return _COMMANDS[name](settings, args)
    except (InvalidSettings, ConsultError, WorkerRunning, OSError, SQLAlchemyError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"consult: {_said(error)}", file=sys.stderr)
        return 2


def _said(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        return place(error)  # its words hold SQL
    if isinstance(error, InvalidFields):
        return " ".join(f"{field}: {fault}" for field, fault in error.faults.items())
    return str(error)


def _overrides(args: argparse.Namespace) -> dict[str, object]:
    named = {name: getattr(args, name, None) for name in ("host", "port")}
    return {name: value for name, value in named.items() if value is not None}


def _serve(settings: Settings, args: argparse.Namespace) -> int:
    from api.server import serve  # noqa: PLC0415 - the other commands need no server

    _look_at_keys(settings)
    if settings.demo_clock:
        print(f"A DEMO: its clock is {settings.demo_clock}, not the true time.", flush=True)
    print(
        f"Consult is at {settings.public_url} (data in {settings.data_dir}, the key to it in "
        f"{settings.key_file})",
        flush=True,
    )
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
    if args.stop:
        return demo.stop(folder)
    return demo.run(args.photo, port=settings.port, folder=folder, tale=args.tale)


def _jobs(settings: Settings, args: argparse.Namespace) -> int:
    async def show(backends: Backends) -> int:
        if args.retry is not None and not await backends.jobs.retry(args.retry):
            raise NotFound("No failed job has this id. `consult jobs` lists them.")
        dead = await backends.jobs.dead()
        for job in dead:
            print(f"{job.id}  {job.name}  {job.attempts} attempts  {job.error}")
        return 1 if dead else 0

    return _with_backends(settings, show)


def _audit_verify(settings: Settings, args: argparse.Namespace) -> int:
    if not settings.secret_file.exists():
        raise OSError(f"{settings.secret_file}: the key of the audit trail is not there")
    extra = Path(args.anchor) if args.anchor else None
    return _with_backends(settings, partial(trail.verify, extra=extra), anchored=False)


def _audit_anchor(settings: Settings, _: argparse.Namespace) -> int:
    return _with_backends(settings, trail.anchor)


def _audit_export(settings: Settings, args: argparse.Namespace) -> int:
    wanted = audit.Filter(since=args.since, until=args.until)
    return _with_backends(settings, partial(trail.export, wanted=wanted, as_fhir=args.fhir))


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
    settings: Settings,
    use: Callable[[Backends], Coroutine[None, None, int | None]],
    *,
    anchored: bool = True,
) -> int:
    """Run `use`; the rows of the audit trail that it left are anchored at once."""

    async def run() -> int:
        async with open_backends(settings, task_names=NAMES) as backends:
            status = await use(backends) or 0
            if anchored:
                await trail.drop_anchor(backends)
            return status

    _look_at_keys(settings)
    upgrade(settings)
    return asyncio.run(run())


def _with(
    command: Callable[[Backends, argparse.Namespace], Coroutine[None, None, int | None]],
) -> Callable[[Settings, argparse.Namespace], int]:
    def run(settings: Settings, args: argparse.Namespace) -> int:
        return _with_backends(settings, lambda backends: command(backends, args))

    return run


_COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "serve": _serve,
    "worker": _worker,
    "migrate": _migrate,
    "doctor": _doctor,
    "demo": _demo,
    "user_add": _with(account_commands.user_add),
    "user_list": _with(account_commands.user_list),
    "user_disable": _with(account_commands.user_disable),
    "user_enable": _with(account_commands.user_enable),
    "user_role": _with(account_commands.user_role),
    "token_create": _with(account_commands.token_create),
    "token_list": _with(account_commands.token_list),
    "token_revoke": _with(account_commands.token_revoke),
    "device_add": _with(device_commands.device_add),
    "device_link": _with(device_commands.device_link),
    "device_list": _with(device_commands.device_list),
    "device_revoke": _with(device_commands.device_revoke),
    "webhook_add": _with(webhook_commands.webhook_add),
    "webhook_list": _with(webhook_commands.webhook_list),
    "webhook_end": _with(webhook_commands.webhook_end),
    "jobs": _jobs,
    "audit_verify": _audit_verify,
    "audit_anchor": _audit_anchor,
    "audit_export": _audit_export,
    "keys_status": _with(key_commands.show_status),
    "keys_rotate": _with(key_commands.rotate_keys),
    "keys_shred": _with(key_commands.shred_patient),
    "keys_report": _with(key_commands.report_shredded),
}
