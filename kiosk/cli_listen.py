"""The command ``kiosk microphones``."""

import contextlib
import json
from dataclasses import asdict

import typer

from kiosk.cli_options import Config, Json
from kiosk.config import load


def microphones(config: Config = None, as_json: Json = False) -> None:
    """List the microphones of this machine; * is the one that is listened to."""
    from kiosk.listen import devices

    wanted = load(config).listen.microphone
    there = devices.microphones(devices.sound_module())
    if as_json:
        typer.echo(json.dumps([asdict(device) for device in there], ensure_ascii=False, indent=2))
        return
    if not there:
        raise devices.DeviceError("this machine has no microphone", "plug one in")
    chosen = None
    with contextlib.suppress(devices.DeviceError):
        chosen = devices.choose(there, wanted) if wanted else None
    for device in there:
        mark = "*" if device == chosen else " "
        usual = ", the default" if device.default else ""
        typer.echo(f"{mark}{device.index:>3}  {device.name}, {device.rate_hz} Hz{usual}")
