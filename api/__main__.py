"""The `consult` command. Each command imports what it needs: `consult scrub` starts no server."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

from api import scrubbing
from consult import __version__

Command = Callable[[argparse.Namespace], int]
_TALES = {
    "emergency": "an ambulance asks, the primary does not answer, the ladder finds somebody",
    "pre-visit": "a patient is asked for pictures before a visit, and takes one again",
}
"""What `consult demo` tells besides the main job: stories of minutes and days, in seconds."""
ROLES = ("patient", "ems", "specialist", "coordinator", "admin")

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name for it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the status is 0 when it did all that was asked."""
    args = _parser().parse_args(argv)
    try:
        return args.command(args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `consult … | head`: nobody listens any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="consult", description="Telehealth consults with photos.")
    parser.add_argument("--version", action="version", version=f"consult {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = _add(commands, "serve", "run the service: API, worker and web page")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="port to listen on")
    serve.add_argument(
        "--no-worker", action="store_true", help="leave the jobs to `consult worker`"
    )
    _add(commands, "worker", "run the background jobs only")
    _add(commands, "migrate", "bring the database to this version")
    _add(commands, "doctor", "check this installation, one line per finding")

    demo = _add(commands, "demo", "tell a story against a service of its own; the main job first")
    demo.add_argument("photo", nargs="?", help="a photo of yours; one is made when left out")
    tales = demo.add_mutually_exclusive_group()
    for tale, told in _TALES.items():
        tales.add_argument(
            f"--{tale}",
            dest="tale",
            action="store_const",
            const=tale,
            default="main-job",
            help=told,
        )
    demo.add_argument("--port", type=int, help="port of the demo service")
    demo.add_argument("--folder", help="where its data go; .demo beside the code by default")
    demo.add_argument("--stop", action="store_true", help="stop the service a demo left running")

    _add_users(commands)
    _add_tokens(commands)
    _add_devices(commands)
    _add_webhooks(commands)
    jobs = _add(commands, "jobs", "list the background jobs that failed for good")
    jobs.add_argument("--retry", type=int, metavar="ID", help="let this one start afresh")

    audit = commands.add_parser("audit", help="the audit trail").add_subparsers(required=True)
    verify = _add(
        audit, "verify", "walk the chain; 0 whole, 1 broken, 2 could not tell", "audit_verify"
    )
    verify.add_argument("--anchor", metavar="FILE", help="anchors kept elsewhere, beside our own")
    _add(audit, "anchor", "write an anchor now, and print the last one", "audit_anchor")
    export = _add(audit, "export", "print the trail, one JSON object a line", "audit_export")
    export.add_argument("--fhir", action="store_true", help="as FHIR R4 AuditEvents (IHE BALP)")
    for bound in ("since", "until"):
        export.add_argument(f"--{bound}", type=_moment, metavar="TIME", help="as 2026-05-03, UTC")

    keys = commands.add_parser("keys", help="the keys that all is sealed with")
    keys = keys.add_subparsers(required=True)
    _add(keys, "status", "list the keys by id; 1 when a rotation was cut off", "keys_status")
    _add(keys, "rotate", "make a new key and wrap everybody's anew, while in use", "keys_rotate")
    shred = _add(keys, "shred", "forget a patient's keys, for good", "keys_shred")
    shred.add_argument(
        "--patient",
        required=True,
        metavar="EMAIL_OR_ID",
        help="whose; or the id of a consult about nobody known",
    )
    _add(keys, "report", "list who was shredded, and until when backups may tell", "keys_report")

    scrub = commands.add_parser("scrub", help="scrub photo files in bulk")
    scrub.set_defaults(command=scrubbing.run)
    scrubbing.add_arguments(scrub)
    return parser


def _add_users(commands: "_Commands") -> None:
    user = commands.add_parser("user", help="people").add_subparsers(required=True)
    add = _add(user, "add", "add a person; prints a one-time link to enrol a passkey", "user_add")
    add.add_argument("--email", required=True)
    add.add_argument("--name", required=True)
    add.add_argument("--role", required=True, choices=ROLES)

    _add(user, "list", "list everybody, one a line", "user_list")
    disable = _add(
        user, "disable", "shut somebody out, with every session, token and link", "user_disable"
    )
    disable.add_argument("--email", required=True)
    enable = _add(user, "enable", "let somebody in again", "user_enable")
    enable.add_argument("--email", required=True)
    role = _add(user, "role", "give somebody another role; they sign in anew", "user_role")
    role.add_argument("--email", required=True)
    role.add_argument("--role", required=True, choices=ROLES)


def _add_tokens(commands: "_Commands") -> None:
    token = commands.add_parser("token", help="bearer tokens").add_subparsers(required=True)
    create = _add(token, "create", "make a bearer token; prints it, once", "token_create")
    create.add_argument("--email", required=True, help="whose token it is")
    create.add_argument("--name", default="command line", help="what it is for")
    create.add_argument("--expires-days", type=int, default=90, help="1 to 366; 90 by default")
    create.add_argument(
        "--scope",
        action="append",
        metavar="SCOPE",
        help="what it is for: read, send, write, or one action such as photo.attach; may be "
        "given several times; everything when left out",
    )
    create.add_argument("--network", metavar="CIDR", help="the only network it is taken from")
    _add(token, "list", "list every token, one a line; never the secret", "token_list")
    revoke = _add(token, "revoke", "end a token before its time", "token_revoke")
    revoke.add_argument("id", type=UUID, metavar="ID", help="as `consult token list` shows it")


def _add_devices(commands: "_Commands") -> None:
    device = commands.add_parser("device", help="tablets of ambulances").add_subparsers(
        required=True
    )
    add = _add(device, "add", "add a tablet; prints a one-time link to enrol it", "device_add")
    add.add_argument("--name", required=True, help='what crews call it, such as "Medic 12"')
    link = _add(device, "link", "make a new link for one that lost its key", "device_link")
    link.add_argument("id", type=UUID, help="as `consult device list` prints it")
    _add(device, "list", "list the tablets", "device_list")
    revoke = _add(device, "revoke", "take a tablet out of service at once", "device_revoke")
    revoke.add_argument("id", type=UUID, help="as `consult device list` prints it")


def _add_webhooks(commands: "_Commands") -> None:
    webhook = commands.add_parser("webhook", help="where pages go besides the mailbox")
    webhook = webhook.add_subparsers(required=True)
    add = _add(webhook, "add", "add a webhook; prints its secret, once", "webhook_add")
    add.add_argument("--url", required=True, help="https://…, or http:// to this very machine")
    add.add_argument(
        "--service", type=UUID, metavar="ID", help="whose pages; by default the first service's"
    )
    _add(webhook, "list", "list the webhooks; never the secret", "webhook_list")
    end = _add(webhook, "end", "end a webhook", "webhook_end")
    end.add_argument("id", type=UUID, metavar="ID", help="as `consult webhook list` prints it")


def _moment(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _add(
    commands: "_Commands",
    word: str,
    text: str,
    name: str = "",
) -> argparse.ArgumentParser:
    """Add a command of the service: the function `name` (else `word`) of `api.commands`."""
    parser = commands.add_parser(word, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(command=_of_the_service(name or word))
    return parser


def _of_the_service(name: str) -> Command:
    def run(args: argparse.Namespace) -> int:
        from api import commands  # noqa: PLC0415 - half a second that `scrub` need not spend

        return commands.run(name, args)

    return run


if __name__ == "__main__":
    sys.exit(main())
