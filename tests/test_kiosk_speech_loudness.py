import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.speech import loudness

RATE_HZ = 24_000


def voice_like(gain: float, seconds: float = 1.0) -> FloatArray:
    noise = np.random.default_rng(7).standard_normal(round(seconds * RATE_HZ))
    return (noise * gain).astype(np.float32)


@pytest.mark.parametrize("gain", [0.02, 0.1, 0.3])
def test_every_voice_becomes_equally_loud(gain: float) -> None:
    levelled = loudness.level(voice_like(gain), RATE_HZ)
    assert loudness.active_rms(levelled, RATE_HZ) == pytest.approx(loudness.TARGET_RMS, rel=0.02)
    assert float(np.abs(levelled).max()) <= loudness.PEAK_LIMIT + 1e-6


def test_pauses_do_not_count() -> None:
    sound = voice_like(0.1)
    with_pause = np.concatenate([sound, np.zeros_like(sound)])
    assert loudness.active_rms(with_pause, RATE_HZ) == pytest.approx(
        loudness.active_rms(sound, RATE_HZ)
    )


def test_peaks_are_held_without_changing_the_length() -> None:
    loud = voice_like(0.6)
    limited = loudness.limit(loud, RATE_HZ)
    assert len(limited) == len(loud)
    assert float(np.abs(limited).max()) <= loudness.PEAK_LIMIT + 1e-6
    assert float(np.abs(loud).max()) > 1.0


@pytest.mark.parametrize("gain_db", [-12.0, 3.0, 6.0])
def test_louder_is_louder_by_so_much_and_never_clips(gain_db: float) -> None:
    levelled = loudness.level(voice_like(0.1), RATE_HZ)
    louder = loudness.louder(levelled, RATE_HZ, gain_db)
    change = loudness.active_rms(louder, RATE_HZ) / loudness.active_rms(levelled, RATE_HZ)
    assert 20 * np.log10(change) == pytest.approx(gain_db, abs=0.5)
    assert float(np.abs(louder).max()) <= loudness.PEAK_LIMIT + 1e-6
    assert len(louder) == len(levelled)


def test_silence_stays_silence() -> None:
    silence = np.zeros(1000, np.float32)
    assert not loudness.level(silence, RATE_HZ).any()
    assert loudness.speech_bounds(silence, RATE_HZ) == (0, 1000)
    assert not len(loudness.level(np.zeros(0, np.float32), RATE_HZ))


def test_silence_around_the_sound_is_found() -> None:
    silence = np.zeros(RATE_HZ, np.float32)
    first, end = loudness.speech_bounds(
        np.concatenate([silence, voice_like(0.1), silence]), RATE_HZ
    )
    assert first == pytest.approx(RATE_HZ * 0.97, abs=RATE_HZ * 0.01)
    assert end == pytest.approx(RATE_HZ * 2.06, abs=RATE_HZ * 0.01)


def test_ends_are_faded() -> None:
    faded = loudness.fade(np.ones(2400, np.float32), RATE_HZ)
    assert faded[0] == faded[-1] == 0.0
    assert faded[1200] == 1.0
    assert float(np.abs(np.diff(faded)).max()) < 0.01
    assert len(loudness.fade(np.ones(1, np.float32), RATE_HZ)) == 1
