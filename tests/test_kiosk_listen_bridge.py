"""A bridge over a gap sounds like what was before it, begins without a step, and fades."""

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen.bridge import FADE_SAMPLES, MAX_PERIOD_SAMPLES, blended, bridge
from tests.opus_utils import voice

RECENT = 1920


def error_db(guess: FloatArray, truth: FloatArray) -> float:
    return float(10 * np.log10(np.mean((guess - truth) ** 2) / np.mean(truth**2)))


@pytest.mark.parametrize("pitch_hz", [80.0, 140.0, 233.0, 390.0])
def test_a_voice_goes_on_at_its_pitch(pitch_hz: float) -> None:
    sound = voice(0.2, pitch_hz)
    guess, truth = bridge(sound[:RECENT], 480), sound[RECENT : RECENT + 480]
    assert error_db(guess, truth) < -12.0
    assert error_db(np.zeros(480, np.float32), truth) == pytest.approx(0.0)


def test_it_begins_without_a_step_even_in_noise() -> None:
    noise = np.random.default_rng(3).normal(0, 0.2, RECENT).astype(np.float32)
    noise = np.convolve(noise, np.ones(16) / 16, "same").astype(np.float32)
    steps = np.abs(np.diff(noise))
    whole = np.concatenate([noise, bridge(noise, 2000)])
    assert np.abs(np.diff(whole[RECENT - 1 :])).max() <= 1.5 * steps.max()


def test_it_fades_to_nothing() -> None:
    guess = bridge(voice(0.2)[:RECENT], FADE_SAMPLES + 500)
    assert np.abs(guess[FADE_SAMPLES:]).max() == 0.0
    assert len(guess) == FADE_SAMPLES + 500


def test_silence_stays_silence_and_the_shortest_history_is_enough() -> None:
    assert not bridge(np.zeros(2 * MAX_PERIOD_SAMPLES, np.float32), 960).any()
    assert bridge(voice(0.2)[: 2 * MAX_PERIOD_SAMPLES], 7).shape == (7,)


def test_what_comes_is_blended_in() -> None:
    mixed = blended(np.ones(3, np.float32), np.zeros(5, np.float32))
    assert mixed.tolist() == [1.0, 0.5, 0.0, 0.0, 0.0]
    assert len(blended(np.ones(9, np.float32), np.zeros(2, np.float32))) == 2
