"""Figures of the shipped motion stage, on voices it never heard.

    python -m engine.train.evaluate HELD_OUT [--lips real_lips_grid.npz] [--json]

Everything goes through ``MotionStream``: the figures hold for what a viewer sees. Keys:

``r_synthetic``: correlation of lip opening with the teacher's, mean over the held-out voices.
``closure``: share of p b m where the opening falls below 10 % of the peak within 0.25 s around.
``contact``: share of f v where the lower lip comes at least half of the way to the teeth.
``silent_motion``: share of frames beyond 5 % opening in silence, noise, music, clicks and tones.
``lag_ms``: by how much the lips come late, from the best fit of the teacher's curves.
``ms_per_frame``: processor time for 40 ms of sound, mel included, and for one ``at``.
``r_lips``, ``r_lips_energy``: real lips (inner-lip distance, best lag within two frames at 25 fps,
mean over speakers) and what the loudness alone would reach.
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
from engine.motion.lips import SPEECH_INDEX, gather, opening
from engine.motion.settings import MotionSettings
from engine.motion.stream import LOOKAHEAD_SAMPLES, WEIGHTS, MotionStream
from engine.timeline import MOTION_RATE_HZ, MOTION_STEP_SAMPLES, SAMPLE_RATE_HZ
from engine.train import augment
from engine.train.corpus import Utterance, load_all, resample
from engine.train.teacher import CONTACTS, Phone

PLAIN: Final = MotionSettings(smile=0.0)
"""The friendly rest would count as speech."""

LAGS_S: Final = np.arange(-0.1, 0.1001, 0.005)
CHUNK_SAMPLES: Final = 1920
SILENT_S: Final = 6.0
SILENT_SOUNDS: Final = 60
TRAINED_SPEAKERS: Final = ("s1",)
"""Of the real lips: never judged on, so that a network trained on them can be compared."""


def curves(samples: FloatArray) -> FloatArray:
    """What the stream shows for *samples*, shape (steps, len(SPEECH)), at the motion rate."""
    motion = MotionStream(PLAIN)
    tail = np.zeros(LOOKAHEAD_SAMPLES + 1, np.float32)
    motion.push(Audio(0, np.concatenate((samples, tail))))
    count = len(samples) // MOTION_STEP_SAMPLES
    return gather(np.stack([motion.at(i * MOTION_STEP_SAMPLES).coefficients for i in range(count)]))


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Pearson's r; 0 where one of them does not move."""
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _window(phone: Phone, around_s: float) -> slice:
    low = max(0, round((phone.start_s - around_s) * MOTION_RATE_HZ))
    return slice(low, max(low + 1, round((phone.end_s + around_s) * MOTION_RATE_HZ) + 1))


def closures(shown: FloatArray, phones: Sequence[Phone]) -> list[bool]:
    """For every p b m: do the lips close?"""
    gaps = opening(shown)
    return [
        bool(gaps[_window(p, 0.02)].min() < 0.1 * max(float(gaps[_window(p, 0.25)].max()), 0.05))
        for p in phones
        if p.symbol in "pbm" and _window(p, 0.02).stop < len(gaps)
    ]


def contacts(shown: FloatArray, phones: Sequence[Phone]) -> list[bool]:
    """For every f v: does the lower lip reach the teeth?"""
    roll = shown[:, SPEECH_INDEX["mouthRollLower"]]
    enough = 0.5 * CONTACTS["labiodental"]["mouthRollLower"]
    return [
        bool(roll[_window(p, 0.02)].max() > enough)
        for p in phones
        if p.symbol in "fv" and _window(p, 0.02).stop < len(roll)
    ]


def speech_figures(held_out: Sequence[Utterance]) -> dict[str, float]:
    """Against the teacher, on voices never trained on."""
    shown = [curves(u.samples) for u in held_out]
    by_voice: dict[str, list[int]] = defaultdict(list)
    for i, utterance in enumerate(held_out):
        by_voice[utterance.voice].append(i)
    given = [opening(s) for s in shown]
    wanted = [opening(u.targets()) for u in held_out]
    voices = [
        correlation(
            *(np.concatenate([x[i][: len(given[i])] for i in kept]) for x in (given, wanted))
        )
        for kept in by_voice.values()
    ]
    closed = [c for s, u in zip(shown, held_out, strict=True) for c in closures(s, u.phones)]
    touched = [c for s, u in zip(shown, held_out, strict=True) for c in contacts(s, u.phones)]
    whole = np.concatenate(given)
    fits = [
        correlation(whole, np.concatenate([opening(u.targets(-lag)) for u in held_out]))
        for lag in LAGS_S
    ]
    return {
        "voices": len(by_voice),
        "minutes": sum(len(u.samples) for u in held_out) / SAMPLE_RATE_HZ / 60,
        "r_synthetic": float(np.mean(voices)),
        "r_synthetic_worst_voice": min(voices),
        "closure": float(np.mean(closed)),
        "contact": float(np.mean(touched)),
        "lag_ms": 1000 * _peak(fits),
    }


def _peak(fits: Sequence[float]) -> float:
    """Where the parabola through the best fit and its neighbours is highest, in seconds."""
    best = min(max(int(np.argmax(fits)), 1), len(fits) - 2)
    before, here, after = fits[best - 1 : best + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(LAGS_S[best] + shift * (LAGS_S[1] - LAGS_S[0]))


def silent_motion() -> float:
    """Share of frames with open lips where nobody speaks."""
    rng = np.random.default_rng(12345)
    count = int(SILENT_S * SAMPLE_RATE_HZ)
    sounds = [augment.no_speech(rng, count) for _ in range(SILENT_SOUNDS)]
    sounds.append(np.zeros(count, np.float32))
    return float(np.mean([opening(curves(sound)) > 0.05 for sound in sounds]))


def speed_ms() -> dict[str, float]:
    """Median processor time of one push of 40 ms, and of one ``at``."""
    motion = MotionStream()
    sound = augment.white(np.random.default_rng(0), CHUNK_SAMPLES) * np.float32(0.1)
    pushes, reads = [], []
    for i in range(500):
        start = time.process_time()
        motion.push(Audio(i * CHUNK_SAMPLES, sound))
        middle = time.process_time()
        if i > 5:
            motion.at(motion.ready_pts - 1)
            pushes.append(middle - start)
            reads.append(time.process_time() - middle)
    return {
        "ms_per_frame": 1000 * float(np.median(pushes)),
        "ms_per_at": 1000 * float(np.median(reads)),
    }


def lips_figures(path: Path) -> dict[str, float]:
    """Against the landmarks of real speakers (GRID: Cooke et al. 2006, CC BY 4.0)."""
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with np.load(path) as data:
        for key in (k for k in data.files if k.endswith(".landmarks_px")):
            clip = key.removesuffix(".landmarks_px")
            speaker = clip.split("_")[1]
            if speaker not in TRAINED_SPEAKERS:
                sound = data[f"{clip}.pcm"].astype(np.float32) / 32768.0
                scores[speaker].append(_clip_scores(data[key].astype(np.float32), sound))
    means = np.array([np.mean(pairs, axis=0) for pairs in scores.values()])
    return {
        "r_lips": float(means[:, 0].mean()),
        "r_lips_energy": float(means[:, 1].mean()),
        "r_lips_speakers": len(means),
    }


def _clip_scores(landmarks_px: FloatArray, sound_16k: FloatArray) -> tuple[float, float]:
    eyes = np.linalg.norm(landmarks_px[:, 33] - landmarks_px[:, 263], axis=1).mean()
    gap = np.linalg.norm(landmarks_px[:, 13] - landmarks_px[:, 14], axis=1) / eyes
    samples = resample(sound_16k, 16_000, SAMPLE_RATE_HZ)
    shown = opening(curves(samples))[::2]
    blocks = samples[: len(samples) // 1920 * 1920].reshape(-1, 1920)
    energy = np.sqrt(np.mean(blocks**2, axis=1))
    return _best_lag(shown, gap), _best_lag(energy, gap)


def _best_lag(a: FloatArray, b: FloatArray) -> float:
    count = min(len(a), len(b)) - 4
    return max(correlation(a[k : k + count], b[2 : 2 + count]) for k in range(5))


def parameters() -> int:
    """Numbers in the network, from the size of its file."""
    return WEIGHTS.stat().st_size // 4


def evaluate(held_out: Path, lips: Path | None, minutes: float) -> dict[str, float]:
    """All figures."""
    figures = speech_figures(list(load_all(held_out, minutes * 60)))
    figures["silent_motion"] = silent_motion()
    figures |= speed_ms()
    figures["parameters"] = parameters()
    if lips is not None:
        figures |= lips_figures(lips)
    return figures


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
