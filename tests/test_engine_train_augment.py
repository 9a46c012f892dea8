import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from engine.media import FloatArray
from engine.mel import decimate
from engine.train import augment
from tests.motion_utils import speech_like, vowel


def speech() -> FloatArray:
    return decimate(speech_like())


def late_samples(heard: FloatArray, said: FloatArray) -> int:
    """By how much *heard* lags, from the envelopes."""
    a, b = (np.convolve(np.abs(x), np.ones(160) / 160, "same") for x in (heard, said))
    across = np.correlate(a - a.mean(), b - b.mean(), "full")
    return int(np.argmax(across)) - len(said) + 1


@pytest.mark.parametrize("seed", range(16))
def test_degraded_speech_keeps_its_length_and_scale(seed: int) -> None:
    said = speech()
    voices = [decimate(vowel("a", 1.0)), decimate(vowel("u", 1.0))]
    out = augment.degrade(np.random.default_rng(seed), said, voices)
    assert out.shape == said.shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()
    assert 0.0 < np.abs(out).max() <= 1.0


def test_telephone_cuts_the_band_and_keeps_time() -> None:
    said = speech()
    heard = augment.telephone(np.random.default_rng(0), said)
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    hz = np.fft.rfftfreq(len(heard), 1 / 16_000)
    assert spectrum[hz > 4100].sum() < 0.01 * spectrum.sum()
    assert abs(late_samples(heard, said)) < 160


@pytest.mark.parametrize("codec", augment.CODECS)
def test_codecs_keep_most_of_the_sound(codec: tuple[str, str, int]) -> None:
    said = np.concatenate([speech()] * 3)
    heard = augment._packets(*codec, said)
    assert len(said) * 0.8 < len(heard) <= len(said) + 4000
    assert np.std(heard) > 0.3 * np.std(said)


@pytest.mark.parametrize("seed", range(4))
def test_compressed_speech_is_put_back_in_time(seed: int) -> None:
    said = np.concatenate([speech()] * 3)
    heard = augment.compress(np.random.default_rng(seed), said)
    assert heard.shape == said.shape
    assert abs(late_samples(heard, said)) < 160


def test_babble_is_of_all_voices_alike() -> None:
    loud, soft = decimate(vowel("a", 1.0)), decimate(vowel("u", 1.0)) * np.float32(0.01)
    out = augment.babble(np.random.default_rng(0), 16_000, [loud, soft])
    assert np.sqrt(np.mean(out**2)) == pytest.approx(1.0, abs=0.01)
