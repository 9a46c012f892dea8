"""The commands ``kiosk plan build``, ``list``, ``verify`` and ``inspect``."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiosk.cli_options import Config, Json, UsageError
from kiosk.config import load

if TYPE_CHECKING:
    from engine.runtime.cuda import DeviceFacts
    from engine.runtime.plans import PlanEntry, Precision
    from engine.runtime.tensorrt_library import Library
    from kiosk.plan_list import Judged

plan_app = typer.Typer(help="Networks compiled for NVIDIA's GPUs.", no_args_is_help=True)


@plan_app.command()
def build(
    sm: Annotated[
        list[str] | None,
        typer.Option("--sm", help="Card: 75, 80, 86, 89, 120.", show_default="this machine's"),
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="fp16 or fp32.", show_default="the recipe's")
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option("--size", help="As asked for: 512x512.", show_default="the recipe's"),
    ] = None,
    network: Annotated[
        str,
        typer.Option("--network", help="A preset, or one of refiner-small, refiner-large."),
    ] = "all",
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Compile networks; no GPU is needed for it. Takes up to a minute for each."""
    from engine.runtime.plan_build import build_plan
    from engine.runtime.runner import RunnerError
    from engine.runtime.tensorrt_library import library
    from kiosk.plan_list import read_recipe

    folder = load(config).engine.plans_path
    recipe = read_recipe(folder)
    kind = _precision(precision or recipe.precision)
    chosen = recipe.chosen(network, size or ())
    library()  # a lack of it is told before anything else
    cards = _cards(sm)
    built: list[PlanEntry] = []
    skipped: list[dict[str, str]] = []
    for each in chosen:
        try:
            each.identity(kind)
        except RunnerError as error:
            skipped.append({"network": each.name, "reason": str(error)})
            typer.echo(f"skipped: {error}", err=True)
            continue
        built += [build_plan(folder, each, card, kind, _say) for card in cards]
    if as_json:
        _print({"built": [_told(each) for each in built], "skipped": skipped})
    if not built:
        raise typer.Exit(1)


def _precision(text: str) -> "Precision":
    if text not in ("fp16", "fp32"):
        raise UsageError(f"--precision {text}: give fp16 or fp32")
    return "fp16" if text == "fp16" else "fp32"


def _cards(sm: Sequence[str] | None) -> list[str]:
    """Compute capabilities asked for, or that of the card which is here."""
    from engine.runtime.cuda import DeviceError
    from engine.runtime.cuda_device import CudaDevice
    from engine.runtime.plans import capability_of

    if sm:
        return list(dict.fromkeys(capability_of(each) for each in sm))
    try:
        return [CudaDevice().facts.capability]
    except DeviceError as error:
        raise UsageError(
            f"for which card? there is none here ({error}): name it, e.g. --sm 86 for an RTX 3060"
        ) from error


@plan_app.command("list")
def list_them(config: Config = None, as_json: Json = False) -> None:
    """List the plans, and whether they can be used here."""
    from kiosk.plan_list import judged

    folder = load(config).engine.plans_path
    facts, loaded = _here()
    rows = judged(folder, facts, loaded)
    if as_json:
        _print([row.as_dict() for row in rows])
        return
    if not rows:
        typer.echo(f"no plans in {folder}: kiosk plan build makes them")
    for row in rows:
        typer.echo(f"{row.entry.file:<58}{row.entry.size_bytes / 2**20:6.1f} MiB  "
                   f"{_state(row, facts)}")  # fmt: skip


def _state(row: "Judged", facts: "DeviceFacts | None") -> str:
    if row.fault:
        return f"cannot be used here: {row.fault}"
    return "fit" if facts else "whole, for another machine"


def _here() -> "tuple[DeviceFacts | None, Library | None]":
    """The card and the TensorRT of this machine, if it has them."""
    from engine.runtime.cuda import DeviceError
    from engine.runtime.cuda_device import CudaDevice
    from engine.runtime.tensorrt_library import PlanError, library

    facts: DeviceFacts | None = None
    loaded: Library | None = None
    try:
        loaded = library()
        facts = CudaDevice().facts
    except (PlanError, DeviceError):
        pass  # without them, plans are judged for the machines they are for
    return facts, loaded


@plan_app.command()
def verify(config: Config = None, as_json: Json = False) -> None:
    """Hold every plan for this card against ONNX Runtime, and time it; needs the card."""
    from engine.runtime.backends import check_gpu
    from engine.runtime.cuda_device import CudaDevice
    from engine.runtime.runner import RunnerError
    from engine.runtime.tensorrt_library import library
    from kiosk.plan_list import judged

    folder = load(config).engine.plans_path
    try:
        check_gpu()
        loaded, facts = library(), CudaDevice().facts
    except RunnerError as error:
        reason = f"plans are verified on a machine with the GPU they are for, not here: {error}"
        if as_json:
            _print({"ok": False, "reason": reason, "plans": []})
        else:
            typer.echo(reason, err=True)
        raise typer.Exit(1) from None
    mine = [
        row for row in judged(folder, facts, loaded) if row.entry.capability == facts.capability
    ]
    rows = [_verified(folder, row, as_json) for row in mine]
    ok = bool(rows) and all(row["ok"] for row in rows)
    if as_json:
        _print({"ok": ok, "gpu": facts.name, "plans": rows})
    elif not rows:
        typer.echo(f"no plans for this card ({facts.capability}): kiosk plan build", err=True)
    if not ok:
        raise typer.Exit(1)


def _verified(folder: Path, row: "Judged", as_json: bool) -> dict[str, object]:
    """One plan: what came of it, printed unless it goes into the JSON."""
    from engine.runtime.runner import RunnerError
    from engine.runtime.tensorrt_run import TensorRtRunner
    from engine.synthesis.networks import network
    from kiosk import plan_verify

    name = row.entry.file
    told: dict[str, object] = {"file": name, "ok": False, "fault": row.fault}
    if not row.fault:
        try:
            runner = TensorRtRunner(folder / name, metadata=row.entry.metadata)
            try:
                verdict = plan_verify.verify(
                    network(row.entry.network), _precision(row.entry.precision), runner
                )
            finally:
                runner.close()
        except RunnerError as error:
            told["fault"] = str(error)
        else:
            told |= verdict.as_dict()
    if not as_json:
        typer.echo(f"{name}: {_line(told)}")
    return told


def _line(told: dict[str, object]) -> str:
    if told["fault"]:
        return f"fails: {told['fault']}"
    state = "ok" if told["ok"] else "fails"
    times = ", ".join(
        f"{each['batch']}: {each['median_ms']} ms" for each in _dicts(told["latencies"])
    )
    return (
        f"{state}: off by {told['off_grey']} of {told['limit_grey']} grey levels; by batch {times}"
    )


def _dicts(value: object) -> list[dict[str, object]]:
    return list(value) if isinstance(value, list | tuple) else []


@plan_app.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="A plan, or its name in the plans' folder.")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Tell what a plan is of and for; its layers, where its GPU is."""
    from engine.runtime.backends import check_gpu
    from engine.runtime.plans import damage, read_manifest
    from engine.runtime.runner import RunnerError
    from engine.runtime.tensorrt_inspect import layers
    from engine.runtime.tensorrt_library import library

    folder = file.parent if file.is_file() else load(config).engine.plans_path
    entry = next((each for each in read_manifest(folder) if each.file == file.name), None)
    if entry is None:
        raise UsageError(f"{file.name} is not in the manifest of {folder}: see kiosk plan list")
    fault = damage(folder, entry)
    told: dict[str, object] = {"fault": fault, **_told(entry)}  # first of all
    try:
        check_gpu()
        found = layers(folder / entry.file, library())
        told |= {"layers": found, "layers_reason": ""}
    except RunnerError as error:
        told |= {"layers": None, "layers_reason": str(error)}
    if as_json:
        _print(told)
    else:
        for key, value in told.items():
            shown = len(_dicts(value)) if key == "layers" and value is not None else value
            if shown not in ("", None):
                typer.echo(f"{key:<14}{shown}")
    if fault:
        raise typer.Exit(1)


def _told(entry: "PlanEntry") -> dict[str, object]:
    from dataclasses import asdict

    return asdict(entry)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _print(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
