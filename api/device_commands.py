"""The commands about the tablets of ambulances. They are the operator's: nobody is asked for a role."""

import argparse

from consult import devices
from consult.bootstrap import Backends
from consult.models import Device


async def device_add(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        _, code = await devices.add_device(session, name=args.name)
    _print_link(backends, code)


async def device_link(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        _, code = await devices.renew_code(session, args.id)
    _print_link(backends, code)


async def device_list(backends: Backends, _: argparse.Namespace) -> None:
    async with backends.database.reads() as session:
        found = await devices.list_devices(session, None)
    for device, account in found:
        seen = f"{device.last_seen_at:%Y-%m-%d %H:%M} UTC" if device.last_seen_at else "never"
        print(f"{device.id}  {account.name}  {_state_of(device)}  seen: {seen}")


async def device_revoke(backends: Backends, args: argparse.Namespace) -> None:
    async with backends.database.writes.begin() as session:
        await devices.revoke_device(session, args.id)
    print("The tablet is out of service.")


def _print_link(backends: Backends, code: str) -> None:
    print("Open this link once, within 24 hours, on the tablet:")
    print(f"{backends.settings.public_url}/device#t={code}")


def _state_of(device: Device) -> str:
    if device.revoked_at:
        return "revoked"
    return "in service" if device.enrolled_at else "not enrolled yet"
