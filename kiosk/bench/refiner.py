"""``kiosk bench refiner``: what the refiner adds, on portraits that it never learnt from.

Pictures are compared with the rendered truth (``engine.train.refiner.truth``) over the mouth's
region. Keys without a suffix are the small network's, those with ``_large`` the large one's, those
with ``_warp`` are without any. What is missing on this machine gives None, and a line in
``skipped``.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.media import ByteArray
from engine.synthesis.look import NETWORKS, PRESET, RefinerSize
from engine.synthesis.refiner import SHELF, path_of
from engine.train.refiner.split import EVERY, held_out
from kiosk.bench import perceptual, refiner_sheet, refiner_speed
from kiosk.bench.browser import BenchError
from kiosk.bench.identity import Embedder
from kiosk.bench.refined import STEPS, psnr_db
from kiosk.bench.refiner_face import MOUTHS, Judged, Likeness, Pictures, judge
from kiosk.bench.synthesis import chosen

Report = dict[str, Any]
Tell = Callable[[str], None]

BATCH: Final = 2
"""Portraits that a process takes at a time."""

KEYS: Final = (
    *(f"psnr_{n}" for n in STEPS), *(f"perceptual_{n}" for n in STEPS),
    "r_opening", "identity_p50", "flicker_ratio", "flicker_still",
    "ms_fast", "ms_balanced", "ms_quality", "parameters", "gflops", "mb", "trt_built",
)  # fmt: skip
"""Always there; None where they could not be measured, ``trt_built`` empty."""


def run(
    folder: Path | None, limit: int = 20, sheet: Path | None = None, tell: Tell = lambda _: None
) -> Report:
    """Measure everything.

    Args:
        folder: all the portraits, of which the held-out ones judge; None: no pictures are judged.
        limit: how many of them at most, evenly chosen.
        sheet: where to draw some of their mouths, PNG or JPEG; None: nowhere.
        tell: told what is being done.

    Raises:
        BenchError: *folder* has no photos, or no sheet can come of it; known before anything is
            measured.
    """
    if folder is not None:
        photos(folder, 1)
    if sheet is not None:
        _check_sheet(sheet, folder)
    report: Report = dict.fromkeys(KEYS)
    skipped: list[str] = []
    for network in NETWORKS:
        skipped += lacking(network)
    tell("time and size")
    report |= refiner_speed.networks() | refiner_speed.presets()
    tell("plans")
    paths = [path for network in NETWORKS if (path := path_of(network)).is_file()]
    report["trt_built"], reason = refiner_speed.plans(paths)
    skipped += [f"trt_built: {reason}"] if reason else []
    judged = _judged(folder, limit, skipped, tell)
    report |= pictures(judged)
    report["perceptual_measure"] = perceptual.NAME
    for what, missing in (("perceptual", perceptual.Perceptual.missing()),
                          ("identity", Embedder.missing())):  # fmt: skip
        skipped += [f"{what}: {missing}"] if missing else []
    if sheet is not None:
        skipped += _drawn(sheet, judged)
    return report | {"skipped": skipped}


def lacking(network: RefinerSize) -> list[str]:
    """Why *network* cannot be judged, if it is one that a preset uses, or is there."""
    wanted = any(preset.network == network for preset in PRESET.values())
    found = SHELF.take(network)
    if isinstance(found, str) and (wanted or path_of(network).is_file()):
        return [f"the {network} refiner: {found}"]
    return []


def _check_sheet(sheet: Path, folder: Path | None) -> None:
    refiner_sheet.check(sheet)
    if folder is None or not photos(folder, 1):
        raise BenchError(f"no faces for {sheet}: give a folder of portraits with --portraits")
    if not any(path_of(network).is_file() for network in NETWORKS):
        raise BenchError(f"no refiner is installed: nothing to draw in {sheet}")


def _drawn(sheet: Path, judged: Sequence[Judged]) -> list[str]:
    """Write the sheet; why there is none, if so: it is not worth what was measured."""
    try:
        refiner_sheet.write(sheet, tiles(judged))
    except (BenchError, OSError) as error:
        return [f"sheet: {error}"]
    return []


def photos(folder: Path, limit: int) -> list[Path]:
    """The held-out photos of *folder*, or *limit* of them.

    Raises:
        BenchError: there are no photos.
    """
    paths = {path.stem: path for path in chosen(folder, None)}
    names = held_out(paths)
    kept = [names[i * len(names) // limit] for i in range(min(limit, len(names)))]
    return [paths[name] for name in (names if limit >= len(names) else kept)]


def _judged(folder: Path | None, limit: int, skipped: list[str], tell: Tell) -> list[Judged]:
    if folder is None:
        skipped.append("pictures: give a folder of portraits with --portraits")
        return []
    found = photos(folder, limit)
    if not found:
        skipped.append(f"pictures: about every {EVERY}th photo judges, none of those in {folder}")
        return []
    jobs = [(path, MOUTHS[k % len(MOUTHS)]) for k, path in enumerate(found)]
    batches = [jobs[i : i + BATCH] for i in range(0, len(jobs), BATCH)]
    done: list[Judged] = []
    # Spawned: models that were loaded before a fork are not safe after it.
    workers = min(len(batches), os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for outcomes in pool.map(judge, batches):
            done += outcomes
            tell(f"{len(done)} of {len(jobs)} portraits")
    return done


def pictures(judged: Sequence[Judged]) -> Report:
    """What was seen: means over the portraits, each one's own, and what failed."""
    good = [each for each in judged if not each.failed]
    out: Report = {
        "portraits": {each.name: _each(each) for each in good},
        "failures": {each.name: each.failed for each in judged if each.failed},
    }
    if not good:
        return out
    out |= _likeness("_warp", [each.warp for each in good])
    for network in NETWORKS:
        alike = [each.refined[network] for each in good if network in each.refined]
        if alike or network == "small":
            out |= _likeness(_suffix(network), alike)
        if found := [each.networks[network] for each in good if network in each.networks]:
            out |= _network(_suffix(network), found)
    return out


def _suffix(network: RefinerSize) -> str:
    return "" if network == "small" else f"_{network}"


def _network(suffix: str, found: Sequence[Pictures]) -> Report:
    out: Report = {}
    for steps in STEPS:
        out[f"psnr_{steps}{suffix}"] = _mean([psnr_db(each.errors[steps]) for each in found], 3)
        looks = [each.looks[steps] for each in found if steps in each.looks]
        out[f"perceptual_{steps}{suffix}"] = _mean(looks, 5)
    changes = [each.flicker for each in found]
    spoken = sum(each.warp for each in changes)
    for name, value in (("ratio", sum(each.refined for each in changes)),
                        ("still", sum(each.still for each in changes))):  # fmt: skip
        out[f"flicker_{name}{suffix}"] = round(value / spoken, 4)
    return out


def _likeness(suffix: str, found: Sequence[Likeness | None]) -> Report:
    there = [each for each in found if each is not None]
    lips = [each.opening for each in there if each.opening is not None]
    distances = [value for each in there for value in each.identity]
    return {
        f"r_opening{suffix}": _mean([each.r for each in lips], 4),
        f"slope_opening{suffix}": _mean([each.slope for each in lips], 4),
        f"identity_p50{suffix}": round(float(np.median(distances)), 4) if distances else None,
    }


def _mean(values: Sequence[float], digits: int) -> float | None:
    return round(float(np.mean(values)), digits) if values else None


def _each(judged: Judged) -> Report:
    """What stands out of one portrait."""
    out: Report = {}
    for network, figures in judged.networks.items():
        suffix = _suffix(network)
        for steps in STEPS:
            out[f"psnr_{steps}{suffix}"] = round(psnr_db(figures.errors[steps]), 2)
        out[f"flicker_ratio{suffix}"] = round(figures.flicker.refined / figures.flicker.warp, 3)
    alike = {"_warp": judged.warp} | {_suffix(n): each for n, each in judged.refined.items()}
    for suffix, likeness in alike.items():
        if likeness is not None and likeness.opening is not None:
            out[f"r_opening{suffix}"] = round(likeness.opening.r, 3)
    return out


def tiles(judged: Sequence[Judged]) -> list[tuple[ByteArray, ...]]:
    """For a sheet: of each portrait one mouth, by the large network if it is there."""
    wanted: tuple[RefinerSize, ...] = ("large", "small")
    out = []
    for each in judged:
        found = [each.networks[network].tiles for network in wanted if network in each.networks]
        out += found[:1]
    return out


def table(report: Report) -> list[str]:
    """Lines for people."""
    rows = {k: v for k, v in report.items() if k not in ("skipped", "portraits")}
    width = max(map(len, rows)) + 2
    skipped = [f"skipped: {line}" for line in report["skipped"]]
    return [f"{k:<{width}}{'none' if v is None else v}" for k, v in rows.items()] + skipped
