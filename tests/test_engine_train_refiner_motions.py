"""Mouth shapes in pairs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.motion.coefficients import COEFFICIENTS
from engine.train.refiner.motions import MOUTH, from_speech, pairs, played


def test_pairs_are_neighbours_within_bounds_and_repeatable() -> None:
    made = pairs(np.random.default_rng(1), 60, None)
    assert made.shape == (120, len(COEFFICIENTS))
    assert made.min() >= 0 and made.max() <= 1
    within = np.abs(made[::2] - made[1::2]).max(1)
    between = np.abs(made[:-2:2] - made[2::2]).max(1)
    assert 0 < np.median(within) < 0.5 * np.median(between)
    assert np.array_equal(made, pairs(np.random.default_rng(1), 60, None))


def test_speech_is_taken_where_there_is_some() -> None:
    spoken = np.full((50, len(COEFFICIENTS)), 0.123, np.float32)
    made = pairs(np.random.default_rng(2), 200, spoken)
    eyes = [i for i in range(len(COEFFICIENTS)) if i not in MOUTH]
    share = np.mean(np.isclose(made[::2, eyes[0]], 0.123))
    assert 0.4 < share < 0.7


def test_recorded_sound_is_played_without_images_of_itself() -> None:
    """Samples that are merely held sound again above 8 kHz, and duller below."""
    tone = np.rint(8192 * np.sin(2 * np.pi * 6000 * np.arange(16000) / 16000)).astype(np.int16)
    sound = played(tone)
    assert sound.shape == (48000,)
    levels = np.abs(np.fft.rfft(sound)) / 24000
    assert 0.24 < levels[6000] < 0.26
    assert levels[8100:].max() < 0.003


def test_recorded_sound_moves_the_mouth(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    hum = np.sin(2 * np.pi * 130 * np.arange(16000) / 16000) * (np.arange(16000) % 4000 < 2400)
    sound = (9000 * hum * (1 + 0.2 * rng.normal(size=16000))).astype(np.int16)
    arrays: dict[str, Any] = {"one.pcm": sound, "one.landmarks_px": np.zeros(3)}
    np.savez(tmp_path / "speech.npz", **arrays)
    motion = from_speech(tmp_path / "speech.npz")
    assert motion.shape[1] == len(COEFFICIENTS) and len(motion) >= 20
    assert motion[:, list(MOUTH)].std(0).max() > 0.01
