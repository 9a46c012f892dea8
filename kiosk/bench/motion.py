"""``kiosk bench motion``: the shipped motion network on speech that it was never trained on.

Everything goes through the stream that a viewer sees. What is missing on this machine gives None,
and a line in ``skipped`` that says what to install.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from engine.train import readback, real_lips
from engine.train.conditions import CONDITIONS, Condition
from engine.train.corpus import Utterance
from engine.train.evaluate import contact_shares, curves, lag_ms, opening_r, stage_figures
from engine.train.readback import Labels, accuracy
from kiosk.bench import headaudio
from kiosk.bench.browser import BenchError
from kiosk.bench.material import SOURCES, MissingError

Report = dict[str, Any]
Tell = Callable[[str], None]

KINDS: Final = (("synthetic", False), ("real", True))

SPEECH_KEYS: Final = ("r_synthetic", "r_real", "closure", "contact", "viseme_acc")
"""Measured in every condition."""

KEYS: Final = (
    "r_synthetic", "r_real", "r_lips", "r_lips_energy", "r_lips_width", "r_lips_pucker", "closure",
    "contact", "silent_motion", "viseme_acc", "viseme_acc_headaudio", "viseme_acc_energy", "lag_ms",
    "lookahead_ms", "stream_error", "ms_per_frame", "mel_ms", "parameters",
)  # fmt: skip
"""Always there; None where they could not be measured."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is judged on."""

    spoken: list[Utterance]
    real: list[bool]
    """Which of them a person said."""

    def of(self, real: bool) -> list[int]:
        """Indices of what people, or engines, said."""
        return [i for i, each in enumerate(self.real) if each == real]


def run(lips: Path | None, package: Path | None, tell: Tell = lambda _: None) -> Report:
    """Measure everything.

    Args:
        lips: landmarks and sound of real speakers (``engine.train.real_lips``), or none.
        package: npm's headaudio, unpacked; none, it is fetched.
        tell: told what is being done.

    Raises:
        BenchError: there is nothing at all to judge on, or *lips* cannot be read.
        ReadbackError: the decoder was never fitted.
    """
    skipped: list[str] = []
    _check(lips)
    decoders = readback.load()
    material = gather(skipped, tell)
    report: Report = dict.fromkeys(KEYS)
    tell("listening")
    shown = [curves(u.samples) for u in material.spoken]
    clean = speech_figures(material, shown, decoders.mouth)
    report |= clean | lag_figures(material, shown, decoders.mouth)
    report["minutes"] = sum(len(u.samples) for u in material.spoken) / SAMPLE_RATE_HZ / 60
    report |= _compared(material, decoders.energy, package, skipped, tell)
    report["conditions"] = _conditions(material, clean, decoders.mouth, tell)
    tell("sounds that are no speech, streaming and speed")
    report |= stage_figures(material.spoken[0].samples)
    report |= _lips(lips, skipped, tell)
    return report | {"skipped": skipped}


def gather(skipped: list[str], tell: Tell) -> Material:
    """All speech there is on this machine.

    Raises:
        BenchError: none.
    """
    spoken: list[Utterance] = []
    real: list[bool] = []
    for source in SOURCES:
        tell(f"speech of {source.name}")
        try:
            made = source.make()
        except MissingError as error:
            skipped.append(f"{source.name}: {error}")
            continue
        spoken += made
        real += [source.real] * len(made)
    if not spoken:
        raise BenchError(f"nothing to judge on: {'; '.join(skipped)}")
    return Material(spoken, real)


def _said(material: Material) -> list[Labels]:
    return [readback.labels(u.phones, u.steps) for u in material.spoken]


def speech_figures(
    material: Material, shown: Sequence[FloatArray], decoder: readback.Decoder
) -> Report:
    """``SPEECH_KEYS``, and each also of synthetic and of real speech alone."""
    out: Report = dict.fromkeys(SPEECH_KEYS)
    for name, real in KINDS:
        kept = material.of(real)
        if kept:
            spoken, seen = [material.spoken[i] for i in kept], [shown[i] for i in kept]
            out[f"r_{name}"] = float(np.mean(list(opening_r(seen, spoken).values())))
            shares = contact_shares(seen, spoken)
            out |= {f"{key}_{name}": share for key, share in shares.items()}
    out |= contact_shares(shown, material.spoken)
    read = [decoder.read(each) for each in shown]
    return out | viseme_shares("viseme_acc", read, material, _said(material))


def lag_figures(
    material: Material, shown: Sequence[FloatArray], decoder: readback.Decoder
) -> Report:
    """How late the lips are, and what could be read from them if they were moved by one lag."""
    said = _said(material)
    best, lag = headaudio.at_best([decoder.read(each) for each in shown], said)
    out: Report = {
        "lag_ms": lag_ms(shown, material.spoken),
        "viseme_acc_best_lag": accuracy(best, said),
        "viseme_best_lag_ms": lag,
    }
    for name, real in KINDS:
        if kept := material.of(real):
            spoken, seen = [material.spoken[i] for i in kept], [shown[i] for i in kept]
            out[f"lag_ms_{name}"] = lag_ms(seen, spoken)
    return out


def viseme_shares(
    name: str, read: Sequence[Labels], material: Material, said: Sequence[Labels]
) -> Report:
    """Share of 20 ms frames read right: of all, of synthetic, of real, of those with sound."""
    out: Report = {name: accuracy(read, said)}
    for kind, real in KINDS:
        if kept := material.of(real):
            out[f"{name}_{kind}"] = accuracy([read[i] for i in kept], [said[i] for i in kept])
    sounding = [s[: len(r)] > 0 for r, s in zip(read, said, strict=True)]
    out[f"{name}_sounding"] = accuracy(
        [r[mask] for r, mask in zip(read, sounding, strict=True)],
        [s[: len(mask)][mask] for s, mask in zip(said, sounding, strict=True)],
    )
    return out


def _compared(
    material: Material,
    energy: readback.Decoder,
    package: Path | None,
    skipped: list[str],
    tell: Tell,
) -> Report:
    """What loudness alone and what headaudio read from the same files, each at its best lag."""
    said = _said(material)
    sounds = [u.samples for u in material.spoken]
    read = [energy.read(readback.loudness(samples)) for samples in sounds]
    out = viseme_shares("viseme_acc_energy", headaudio.at_best(read, said)[0], material, said)
    tell("headaudio")
    try:
        with headaudio.package(package) as folder:
            heard = headaudio.detect(folder, sounds)
    except MissingError as error:
        skipped.append(f"headaudio: {error}")
        return out
    best, lag = headaudio.at_best(heard, said)
    out |= viseme_shares("viseme_acc_headaudio", best, material, said)
    own = [readback.labels(u.phones, u.steps, headaudio.ITS_CLASS_OF) for u in material.spoken]
    its_best, _ = headaudio.at_best(heard, own)
    return out | {
        "viseme_acc_headaudio_own_map": accuracy(its_best, own),
        "headaudio_lag_ms": lag,
    }


def _conditions(
    material: Material, clean: Report, decoder: readback.Decoder, tell: Tell
) -> dict[str, Report]:
    out = {}
    for name, condition in CONDITIONS.items():
        tell(f"listening: {name}")
        figures = speech_figures(material, heard_in(material, condition), decoder)
        kept = {key: figures[key] for key in SPEECH_KEYS}
        falls = {f"{key}_fall": _fall(clean[key], kept[key]) for key in SPEECH_KEYS}
        out[name] = kept | falls
    return out


def heard_in(material: Material, condition: Condition) -> list[FloatArray]:
    """Mouth curves of all speech in a *condition*; others are those of another voice."""
    spoken = material.spoken
    shown = []
    for utterance in spoken:
        others = [u.samples for u in spoken if u.voice != utterance.voice]
        shown.append(curves(condition(utterance.samples, others)))
    return shown


def _fall(clean: float | None, now: float | None) -> float | None:
    return None if clean is None or now is None else clean - now


def _check(lips: Path | None) -> None:
    """What cannot be read is refused before minutes are spent.

    Raises:
        BenchError: it is no NPZ.
    """
    remedy = "give an NPZ as engine/train/real_lips.py describes"
    if lips is not None and not lips.is_file():
        raise BenchError(f"--lips {lips}: no such file: {remedy}")
    if lips is not None and not zipfile.is_zipfile(lips):
        raise BenchError(f"--lips {lips} is not an NPZ: {remedy}")


def _lips(lips: Path | None, skipped: list[str], tell: Tell) -> Report:
    if lips is None:
        skipped.append("real lips: give --lips real_lips_grid.npz")
        return {}
    tell("real lips")
    try:
        return dict(real_lips.figures(lips, curves))
    except (OSError, ValueError, KeyError) as error:
        raise BenchError(
            f"--lips {lips}: {error}: give an NPZ as engine/train/real_lips.py describes"
        ) from error


def table(report: Report) -> list[str]:
    """Lines for people: the figures, then the conditions side by side."""
    plain = {k: v for k, v in report.items() if k not in ("conditions", "skipped")}
    width = max(map(len, plain)) + 2
    lines = [f"{name:<{width}}{_shown(value):>10}" for name, value in plain.items()]
    conditions: dict[str, Report] = report["conditions"]
    lines += ["", " " * width + "".join(f"{name:>26}" for name in conditions)]
    for key in SPEECH_KEYS:
        cells = [
            f"{_shown(each[key])} (falls {_shown(each[f'{key}_fall'])})"
            for each in conditions.values()
        ]
        lines.append(f"{key:<{width}}" + "".join(f"{cell:>26}" for cell in cells))
    return lines + [f"skipped: {line}" for line in report["skipped"]]


def _shown(value: float | None) -> str:
    if value is None:
        return "none"
    return str(value) if isinstance(value, int) else f"{value:.4g}"
