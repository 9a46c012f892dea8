"""Resampling: streaming equals offline, little delay, nothing lost, nothing added."""

import numpy as np
import pytest
import soxr  # type: ignore[import-untyped]

from engine.media import FloatArray
from kiosk.listen.resample import HALF_WIDTH, MAX_RATE_HZ, Resampler

RATES = [(8_000, 48_000), (11_025, 48_000), (16_000, 48_000), (22_050, 48_000), (44_100, 48_000),
         (37_123, 48_000), (48_000, 16_000), (44_100, 16_000), (8_000, 16_000)]  # fmt: skip


def noise(count: int) -> FloatArray:
    return (0.2 * np.random.default_rng(3).standard_normal(count)).astype(np.float32)


def sine(hertz: float, rate_hz: int, duration_s: float = 1.0) -> FloatArray:
    t = np.arange(int(rate_hz * duration_s)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def stream(resampler: Resampler, sound: FloatArray, sizes: list[int]) -> FloatArray:
    parts: list[FloatArray] = []
    at = 0
    while at < len(sound):
        size = sizes[len(parts) % len(sizes)]
        parts.append(resampler.push(sound[at : at + size]))
        at += size
    return np.concatenate([*parts, resampler.flush()])


def level_db(sound: FloatArray) -> float:
    return 20 * float(np.log10(np.sqrt(np.mean(np.square(sound, dtype=np.float64))) + 1e-12))


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
def test_chunks_of_any_size_give_what_the_whole_gives(in_hz: int, out_hz: int) -> None:
    sound = noise(in_hz // 2 + 7)
    resampler = Resampler(in_hz, out_hz)
    whole = np.concatenate([resampler.push(sound), resampler.flush()])
    for sizes in ([in_hz // 50], [1, 0, 480, 3, 2_000, 17]):
        np.testing.assert_allclose(stream(resampler, sound, sizes), whole, atol=2e-6)


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
def test_it_gives_what_the_best_offline_resampler_gives(in_hz: int, out_hz: int) -> None:
    sound = sine(0.31 * min(in_hz, out_hz), in_hz) + sine(0.07 * min(in_hz, out_hz), in_hz)
    made = stream(Resampler(in_hz, out_hz), sound, [in_hz // 50])
    wanted = soxr.resample(sound, in_hz, out_hz, quality="VHQ")
    assert abs(len(made) - len(wanted)) <= 1
    inner = slice(out_hz // 10, -out_hz // 5)
    off = made[: len(wanted)][inner] - wanted[: len(made)][inner]
    assert level_db(off) - level_db(wanted) < -60.0


@pytest.mark.parametrize(("in_hz", "out_hz"), RATES)
def test_a_sample_waits_for_a_few_milliseconds_only(in_hz: int, out_hz: int) -> None:
    resampler = Resampler(in_hz, out_hz)
    given = 0
    for number in range(1, 30):
        given += len(resampler.push(np.zeros(in_hz // 50, np.float32)))
        waits_s = number * (in_hz // 50) / in_hz - given / out_hz
        assert waits_s <= (HALF_WIDTH + 1) / min(in_hz, out_hz)


def test_what_the_lower_rate_cannot_carry_does_not_pass() -> None:
    made = stream(Resampler(48_000, 16_000), sine(9_500.0, 48_000), [960])
    assert level_db(made[1_000:-1_000]) - level_db(sine(9_500.0, 48_000)) < -75.0


def test_no_images_arise() -> None:
    made = stream(Resampler(8_000, 48_000), sine(3_000.0, 8_000, 2.0), [160])[4_800:52_800]
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made))))  # 1 Hz a bin
    assert spectrum[4_500:].max() < 1e-3 * spectrum[2_990:3_010].max()


def test_the_same_rate_passes_untouched_and_a_stream_can_begin_anew() -> None:
    sound = noise(480)
    assert Resampler(48_000, 48_000).push(sound) is sound
    resampler = Resampler(16_000, 48_000)
    first = stream(resampler, sound, [100])
    np.testing.assert_array_equal(stream(resampler, sound, [100]), first)
    assert len(first) == 3 * len(sound)


@pytest.mark.parametrize("rate_hz", [0, -1, 7_999, MAX_RATE_HZ + 1, 96_000])
def test_other_rates_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="8000 to 48000"):
        Resampler(rate_hz, 48_000)
