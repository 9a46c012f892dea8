"""Figures of the shipped motion stage against the teacher, on voices it never heard.

    python -m engine.train.evaluate HELD_OUT [--lips real_lips_grid.npz] [--json]

Everything goes through ``MotionStream``: the figures hold for what a viewer sees. Keys:

``r``, ``r_worst_voice``: correlation of lip opening with the teacher's, over the voices.
``closure``, ``contact``: share of p b m that shut the lips, of f v that reach the teeth.
``lag_ms``: by how much the lips come late: best fit of the teacher's curves, median of recordings.
``silent_motion``: share of frames with open lips in sounds that are no speech: mean of the kinds.
``ms_per_frame``, ``mel_ms``, ``ms_per_at``: processor time for 40 ms of sound, network and
smoothing apart from the mel, and for one ``at``.
``stream_error``: the largest difference that the lengths of the pushes make.

``kiosk bench motion`` judges on other engines' voices and on real speech.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from engine.media import Audio, FloatArray
from engine.mel import MelEncoder
from engine.motion.layout import STEP_DELAY_SAMPLES
from engine.motion.lips import gather, opening
from engine.motion.settings import MotionSettings
from engine.motion.stream import LOOKAHEAD_SAMPLES, WEIGHTS, MotionStream
from engine.timeline import MOTION_STEP_SAMPLES, SAMPLE_RATE_HZ
from engine.train import real_lips, sounds
from engine.train.corpus import Utterance, load_all, resample
from engine.train.figures import LAGS_S, OPEN, closures, contacts, correlation, peak_s

PLAIN: Final = MotionSettings(smile=0.0)
"""The friendly rest would count as speech."""

CHUNK_SAMPLES: Final = 1920
RAGGED_SAMPLES: Final = 5000
SILENT_S: Final = 6.0
SILENT_SOUNDS: Final = 5
"""Of each kind."""

SILENT_DB: Final = (-60.0, -10.0)
WARM_UP_PUSHES: Final = 5


def curves(samples: FloatArray) -> FloatArray:
    """What the stream shows for *samples*, shape (steps, len(SPEECH)), at the motion rate."""
    return _shown(samples, [])


def _shown(samples: FloatArray, cuts: Sequence[int]) -> FloatArray:
    motion = MotionStream(PLAIN)
    whole = np.concatenate((samples, np.zeros(LOOKAHEAD_SAMPLES + 1, np.float32)))
    for part in np.split(whole, cuts):
        motion.push(Audio(motion.next_pts, part))
    count = len(samples) // MOTION_STEP_SAMPLES
    return gather(np.stack([motion.at(i * MOTION_STEP_SAMPLES).coefficients for i in range(count)]))


def stream_error(samples: FloatArray) -> float:
    """Largest difference between curves from one push and from pushes of any length."""
    rng = np.random.default_rng(3)
    cuts = np.cumsum(rng.integers(1, RAGGED_SAMPLES, 2 * len(samples) // RAGGED_SAMPLES))
    ragged = _shown(samples, [int(cut) for cut in cuts if cut < len(samples)])
    return float(np.abs(ragged - curves(samples)).max())


def by_voice(spoken: Sequence[Utterance]) -> dict[str, list[int]]:
    """Which of *spoken* each voice says."""
    out: dict[str, list[int]] = defaultdict(list)
    for i, utterance in enumerate(spoken):
        out[utterance.voice].append(i)
    return dict(out)


def opening_r(shown: Sequence[FloatArray], spoken: Sequence[Utterance]) -> dict[str, float]:
    """Correlation of the opening with the teacher's, of each voice."""
    given = [opening(s) for s in shown]
    wanted = [opening(u.targets())[: len(g)] for u, g in zip(spoken, given, strict=True)]
    return {
        voice: correlation(*(np.concatenate([x[i] for i in kept]) for x in (given, wanted)))
        for voice, kept in by_voice(spoken).items()
    }


def contact_shares(shown: Sequence[FloatArray], spoken: Sequence[Utterance]) -> dict[str, float]:
    """Share of p b m that close, of f v that reach the teeth; none of them, no key."""
    made = {
        "closure": [c for s, u in zip(shown, spoken, strict=True) for c in closures(s, u.phones)],
        "contact": [c for s, u in zip(shown, spoken, strict=True) for c in contacts(s, u.phones)],
    }
    return {name: float(np.mean(each)) for name, each in made.items() if each}


def lag_ms(shown: Sequence[FloatArray], spoken: Sequence[Utterance]) -> float:
    """By how much the lips come late, median of the recordings."""
    return 1000 * float(np.median([_lag_s(*each) for each in zip(shown, spoken, strict=True)]))


def _lag_s(shown: FloatArray, utterance: Utterance) -> float:
    given = opening(shown)
    fits = [correlation(given, opening(utterance.targets(-lag))[: len(given)]) for lag in LAGS_S]
    return peak_s(fits)


def silent_motion_by_kind() -> dict[str, float]:
    """Share of frames with open lips, for every kind of sound that is no speech, and silence."""
    rng = np.random.default_rng(12345)
    count = int(SILENT_S * sounds.RATE_HZ)
    shares = {"silence": _open_share([np.zeros(count, np.float32)])}
    for maker in dict.fromkeys(sounds.SOUNDS):
        levels = [sounds.decibels(rng.uniform(*SILENT_DB)) for _ in range(SILENT_SOUNDS)]
        made = [np.clip(maker(rng, count) * np.float32(level), -1, 1) for level in levels]
        shares[maker.__name__] = _open_share(made)
    return shares


def _open_share(heard: Sequence[FloatArray]) -> float:
    played = (resample(sound, sounds.RATE_HZ, SAMPLE_RATE_HZ) for sound in heard)
    return float(np.mean([opening(curves(sound)) > OPEN for sound in played]))


def speed_ms(rounds: int = 500) -> dict[str, float]:
    """Median processor time of 40 ms of sound, and of one ``at``."""
    motion, mel = MotionStream(), MelEncoder()
    sound = sounds.white(np.random.default_rng(0), CHUNK_SAMPLES) * np.float32(0.1)
    taken = []
    for _ in range(rounds + WARM_UP_PUSHES):
        start = time.process_time()
        motion.push(Audio(motion.next_pts, sound))
        pushed = time.process_time()
        mel.push(sound)
        heard = time.process_time()
        if motion.ready_pts > 0:
            motion.at(motion.ready_pts - 1)
        taken.append((pushed - start, heard - pushed, time.process_time() - heard))
    push, hear, at = 1000 * np.median(taken[WARM_UP_PUSHES:], axis=0)
    return {"ms_per_frame": float(push - hear), "mel_ms": float(hear), "ms_per_at": float(at)}


def parameters() -> int:
    """Numbers in the network that were learnt: its float initialisers."""
    import onnx

    network = onnx.load(str(WEIGHTS)).graph
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    return sum(int(np.prod(t.dims)) for t in network.initializer if t.data_type in floats)


def stage_figures(sample: FloatArray) -> dict[str, float]:
    """What needs no transcript; *sample* is any speech of a few seconds."""
    kinds = silent_motion_by_kind()
    return {
        "silent_motion": float(np.mean(list(kinds.values()))),
        **{f"silent_motion_{kind}": share for kind, share in kinds.items()},
        "stream_error": stream_error(sample),
        **speed_ms(),
        "parameters": parameters(),
        "lookahead_ms": 1000 * STEP_DELAY_SAMPLES / SAMPLE_RATE_HZ,
    }


def evaluate(held_out: Path, lips: Path | None, minutes: float) -> dict[str, float]:
    """All figures."""
    spoken = list(load_all(held_out, minutes * 60))
    shown = [curves(u.samples) for u in spoken]
    voices = opening_r(shown, spoken)
    figures = {
        "voices": len(voices),
        "minutes": sum(len(u.samples) for u in spoken) / SAMPLE_RATE_HZ / 60,
        "r": float(np.mean(list(voices.values()))),
        "r_worst_voice": min(voices.values()),
        **contact_shares(shown, spoken),
        "lag_ms": lag_ms(shown, spoken),
        **stage_figures(spoken[0].samples),
    }
    return figures | (real_lips.figures(lips, curves) if lips else {})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Figures of the motion stage.")
    parser.add_argument("held_out", type=Path, help="folder of shards of voices never trained on")
    parser.add_argument("--lips", type=Path, help="landmarks and sound of real speakers, NPZ")
    parser.add_argument("--minutes", type=float, default=10.0, help="of held-out speech at most")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = evaluate(arguments.held_out, arguments.lips, arguments.minutes)
    if arguments.json:
        print(json.dumps(figures))  # noqa: T201  # what the command is for
        return
    for name, value in figures.items():
        print(f"{name:24} {value:.4g}")  # noqa: T201  # what the command is for


if __name__ == "__main__":
    main()
