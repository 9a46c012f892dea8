import numpy as np
import pytest

from engine.media import FloatArray
from engine.mel import (
    DECIMATOR_TAPS,
    MelEncoder,
    decimate,
    decimator,
    filterbank,
    hop_centre,
    hops_of,
)
from engine.timeline import HOP_SAMPLES, MEL_BANDS, SAMPLE_RATE_HZ


def noise(count: int, seed: int = 0) -> FloatArray:
    return (0.1 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def chunked(samples: FloatArray, seed: int) -> FloatArray:
    rng, encoder, out, at = np.random.default_rng(seed), MelEncoder(), [], 0
    while at < len(samples):
        length = int(rng.integers(0, 3000))
        out.append(encoder.push(samples[at : at + length]))
        at += length
    return np.concatenate(out)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stream_equals_whole(seed: int) -> None:
    samples = noise(SAMPLE_RATE_HZ)
    whole = MelEncoder().push(samples)
    assert np.abs(chunked(samples, seed) - whole).max() < 1e-6


def test_hop_comes_exactly_when_promised() -> None:
    encoder = MelEncoder()
    given = 0
    for sample in range(1, 4 * HOP_SAMPLES):
        given += len(encoder.push(np.zeros(1, np.float32)))
        expected = max(0, (sample - encoder.delay_samples) // HOP_SAMPLES + 1)
        assert given == expected, sample


def test_hop_is_centred_where_promised() -> None:
    samples = np.zeros(SAMPLE_RATE_HZ, np.float32)
    hop = 40
    samples[hop_centre(hop) - 24 : hop_centre(hop) + 24] = 0.5
    level = MelEncoder().push(samples).mean(axis=1)
    assert int(level.argmax()) == hop
    assert abs(float(level[hop - 1] - level[hop + 1])) < 0.05


def test_tone_lands_in_its_band_with_its_level() -> None:
    t = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    loud = MelEncoder().push(np.sin(2 * np.pi * 1000 * t).astype(np.float32))[50]
    soft = MelEncoder().push((0.1 * np.sin(2 * np.pi * 1000 * t)).astype(np.float32))[50]
    assert filterbank()[32].argmax() == loud.argmax()  # bin 32 of 512 at 16 kHz is 1 kHz
    assert loud.max() == pytest.approx(1.0, abs=0.1)
    assert loud.max() - soft.max() == pytest.approx(0.4, abs=0.01)


def test_silence_reads_the_floor() -> None:
    hops = MelEncoder().push(np.zeros(SAMPLE_RATE_HZ, np.float32))
    assert hops.shape[1] == MEL_BANDS
    assert np.abs(hops + 1.0).max() < 1e-5


def test_aliases_are_kept_out() -> None:
    t = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    for frequency_hz in (9000, 12_000, 20_000):
        hops = MelEncoder().push(np.sin(2 * np.pi * frequency_hz * t).astype(np.float32))
        assert hops[10:-10].max() < 0.1, frequency_hz  # 45 dB below the tone's own 1.0


def test_decimator_is_linear_phase_with_unit_gain() -> None:
    taps = decimator()
    assert len(taps) == DECIMATOR_TAPS
    assert np.allclose(taps, taps[::-1])
    assert taps.sum() == pytest.approx(1.0)


def test_no_band_is_blind() -> None:
    assert filterbank().sum(axis=0).min() > 0.4


def test_bad_samples_are_silence_and_counted() -> None:
    samples = noise(SAMPLE_RATE_HZ)
    samples[1000:1010] = np.nan
    samples[2000] = np.inf
    encoder = MelEncoder()
    hops = encoder.push(samples)
    clean = np.where(np.isfinite(samples), samples, 0.0).astype(np.float32)
    assert encoder.bad_samples == 11
    assert np.array_equal(hops, MelEncoder().push(clean))


def test_clipping_and_dc_are_finite() -> None:
    for value in (1.0, -1.0, 1e9):
        assert np.isfinite(MelEncoder().push(np.full(9600, value, np.float32))).all()


def test_reset_forgets() -> None:
    encoder = MelEncoder()
    encoder.push(noise(7777))
    encoder.reset()
    assert np.array_equal(encoder.push(noise(9600, 1)), MelEncoder().push(noise(9600, 1)))


def test_stereo_is_refused_with_a_remedy() -> None:
    with pytest.raises(ValueError, match="mix down"):
        MelEncoder().push(np.zeros((2, 100), np.float32))


def test_offline_hops_equal_the_stream() -> None:
    sound = np.random.default_rng(3).standard_normal(48_000).astype(np.float32) * 0.1
    live = MelEncoder().push(sound)
    offline = hops_of(decimate(sound))
    assert len(offline) >= len(live)
    assert np.abs(offline[: len(live)] - live).max() < 1e-5
