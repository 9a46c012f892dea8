"""Faster and higher after the fact, measured on tones."""

import numpy as np
import pytest

from kiosk.speech import reshape

RATE_HZ = 24_000
TONE_HZ = 220.0


def tone(duration_s: float = 1.0) -> np.ndarray:
    times_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * TONE_HZ * times_s)).astype(np.float32)


def frequency_hz(samples: np.ndarray) -> float:
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    return float(np.argmax(spectrum) * RATE_HZ / (1 << 18))


@pytest.mark.parametrize("speed", [0.5, 0.82, 1.5, 2.0])
def test_speed_changes_the_length_and_not_the_pitch(speed: float) -> None:
    made = reshape.paced(tone(), RATE_HZ, speed)
    assert len(made) == round(RATE_HZ / speed)
    assert made.dtype == np.float32
    assert frequency_hz(made) == pytest.approx(TONE_HZ, rel=0.01)
    assert np.sqrt(np.mean(made[2000:-4000] ** 2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.15)


@pytest.mark.parametrize("semitones", [-4.0, -1.0, 2.0])
def test_pitch_moves_and_the_length_stays(semitones: float) -> None:
    made = reshape.pitched(tone(), RATE_HZ, semitones)
    assert len(made) == RATE_HZ
    assert frequency_hz(made) == pytest.approx(TONE_HZ * 2 ** (semitones / 12), rel=0.01)


def test_nothing_asked_changes_nothing() -> None:
    sound = tone(0.1)
    assert reshape.paced(sound, RATE_HZ, 1.0) is sound
    assert reshape.pitched(sound, RATE_HZ, 0.0) is sound


@pytest.mark.parametrize("length", [0, 1, 100])
def test_very_short_sounds_keep_their_length(length: int) -> None:
    sound = tone()[:length]
    assert len(reshape.pitched(sound, RATE_HZ, -1.0)) == length
    assert len(reshape.paced(sound, RATE_HZ, 0.5)) == 2 * length
