"""``kiosk bench synthesis``: every photo of a folder made to speak, and the pictures judged."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np

from kiosk.bench.browser import BenchError
from kiosk.bench.drawn import Pairs
from kiosk.bench.identity import Embedder
from kiosk.bench.portrait import Figures, Outcome, judge

Report = dict[str, Any]
Tell = Callable[[str], None]

SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
BATCH: Final = 5
"""Photos that a process takes at a time."""

MEASURED: Final = ("opening", "width", "eyes")
WORST: Final = 5
"""Portraits that are named where they are worst."""

KEYS: Final = (
    "accepted", "refused", "failed", "r_opening", "r_width", "r_eyes", "slope_opening",
    "slope_width", "slope_eyes", "slope_eyeball", "identity_p50", "identity_p95", "neutral_mae",
    "noise_idle", "jump_max", "ms_p50", "ms_p95", "copy_ms", "mb_per_avatar", "rig_mb", "load_ms",
)  # fmt: skip
"""Always there; None where they could not be measured."""


def run(folder: Path, limit: int | None = None, tell: Tell = lambda _: None) -> Report:
    """Measure the portraits in *folder*.

    Args:
        folder: photos.
        limit: how many of them at most, evenly chosen; None: all.
        tell: told what is being done.

    Raises:
        BenchError: there is none.
    """
    paths = chosen(folder, limit)
    batches = [paths[i : i + BATCH] for i in range(0, len(paths), BATCH)]
    outcomes: list[Outcome] = []
    workers = min(len(batches), os.cpu_count() or 1)
    # Spawned: models that were loaded before a fork are not safe after it.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done in pool.map(judge, batches):
            outcomes += done
            tell(f"{len(outcomes)} of {len(paths)} portraits")
    return report(outcomes)


def chosen(folder: Path, limit: int | None) -> list[Path]:
    """The photos in *folder*, or *limit* of them.

    Raises:
        BenchError: there is none.
    """
    remedy = "give a folder of portraits, JPEG, PNG or WebP, with --portraits"
    if not folder.is_dir():
        raise BenchError(f"{folder} is no folder: {remedy}")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise BenchError(f"no photos in {folder}: {remedy}")
    if limit is None or limit >= len(paths):
        return paths
    return [paths[i * len(paths) // limit] for i in range(limit)]


def report(outcomes: Sequence[Outcome]) -> Report:
    """``KEYS``, each portrait's own, those that stand out, and what was ``skipped``."""
    taken = {o.name: o.figures for o in outcomes if o.figures is not None}
    refused = Counter(o.refused[0] for o in outcomes if o.refused)
    out: Report = dict.fromkeys(KEYS)
    out |= {"accepted": len(taken), "refused": dict(sorted(refused.items())),
            "failed": sum(bool(o.failed) for o in outcomes)}  # fmt: skip
    skipped = []
    if missing := Embedder.missing():
        skipped.append(f"identity: {missing}")
    if taken:
        out |= _drawn(taken) | _pictures(list(taken.values()))
        out["slope_eyeball"] = _mean([each.eyeball.slope for each in taken.values()])
    return out | {
        "portraits": {name: _each(figures) for name, figures in taken.items()},
        "failures": {o.name: o.failed for o in outcomes if o.failed},
        "skipped": skipped,
    }


def _each(figures: Figures) -> Report:
    """What stands out of one portrait, to find out whom it goes badly with."""
    identity = figures.identity
    out = {
        "slope_eyeball": round(figures.eyeball.slope, 3),
        "identity": round(float(np.median(identity)), 3) if identity else None,
        "neutral_mae": round(figures.neutral_mae, 3),
    }
    if figures.drawn is not None:
        for what in MEASURED:
            pairs: Pairs = getattr(figures.drawn, what)
            out |= {f"r_{what}": round(pairs.r, 3), f"slope_{what}": round(pairs.slope, 3)}
    return out


def _drawn(taken: dict[str, Figures]) -> Report:
    """Means over the portraits of each one's r and slope, and the ``WORST`` of them."""
    out: Report = {}
    seen = {name: figures.drawn for name, figures in taken.items() if figures.drawn is not None}
    out["faces_not_seen"] = [name for name in taken if name not in seen]
    for what in MEASURED:
        pairs: dict[str, Pairs] = {name: getattr(drawn, what) for name, drawn in seen.items()}
        if not pairs:
            continue
        worst = sorted(pairs, key=lambda name: pairs[name].r)[:WORST]
        out[f"r_{what}"] = _mean([each.r for each in pairs.values()])
        out[f"slope_{what}"] = _mean([each.slope for each in pairs.values()])
        out[f"r_{what}_least"] = {name: round(pairs[name].r, 4) for name in worst}
    return out


def _pictures(taken: Sequence[Figures]) -> Report:
    distances = [value for each in taken for value in each.identity]
    frames = [value for each in taken for value in each.frame_ms]
    copies = [value for each in taken for value in each.copy_ms]
    return {
        "identity_p50": _quantile(distances, 0.5),
        "identity_p95": _quantile(distances, 0.95),
        "neutral_mae": _mean([each.neutral_mae for each in taken]),
        "neutral_mae_max": round(max(each.neutral_mae for each in taken), 4),
        "noise_idle": max(each.noise_idle for each in taken),
        "jump_max": round(max(each.jump for each in taken), 4),
        "ms_p50": _quantile(frames, 0.5),
        "ms_p95": _quantile(frames, 0.95),
        "copy_ms": _quantile(copies, 0.5),
        "mb_per_avatar": round(max(each.memory_mb for each in taken), 1),
        "rig_mb": round(max(each.rig_mb for each in taken), 2),
        "load_ms": _quantile([each.load_ms for each in taken], 0.5),
    }


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def _quantile(values: Sequence[float], share: float) -> float | None:
    return round(float(np.quantile(values, share)), 4) if values else None


def table(figures: Report) -> list[str]:
    """Lines for people."""
    width = max(map(len, figures)) + 2
    skipped = [f"skipped: {line}" for line in figures["skipped"]]
    rows = {key: value for key, value in figures.items() if key not in ("skipped", "portraits")}
    return [f"{k:<{width}}{'none' if v is None else v}" for k, v in rows.items()] + skipped
