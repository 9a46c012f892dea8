"""The jitter buffer: little delay, no growth, no clicks, whatever comes."""

from collections.abc import Callable

import numpy as np
import pytest

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ, samples
from kiosk.listen.jitter import BEND, LIMIT_SAMPLES, PRIME_SAMPLES, JitterBuffer
from kiosk.listen.sound_store import FADE_SAMPLES
from tests.live_utils import TONE_HZ, run, silence, steady, steepest, talk

PACKET = 960
FADE_STEP = 0.5 / FADE_SAMPLES
"""What a fade adds to the steepness of sound at half of full scale."""


def pitch_hz(sound: FloatArray) -> FloatArray:
    """Frequency of a tone over every tenth of a second, by its phase."""
    at = np.arange(len(sound))
    turned = sound * np.exp(-2j * np.pi * TONE_HZ / SAMPLE_RATE_HZ * at)
    blocks = turned[: len(turned) // 4_800 * 4_800].reshape(-1, 4_800).mean(axis=1)
    turns = np.angle(blocks[1:] / blocks[:-1]) / (2 * np.pi)
    return np.asarray(TONE_HZ + turns * SAMPLE_RATE_HZ / 4_800, np.float32)


def test_a_source_in_time_is_given_as_it_is_soon() -> None:
    result = run(talk, 20.0)
    assert max(result.held_s) <= 0.05 and np.mean(result.held_s) < 0.035
    sound = result.all_sound
    first = int(np.flatnonzero(sound)[0])
    assert first <= samples(0.06)
    later = sound[samples(0.5) : samples(2.0)]
    shifts = [steepest(later - talk(samples(0.5) - first + k, len(later))) for k in range(-5, 6)]
    assert min(shifts) == 0.0, "nothing is altered that need not be"
    assert result.buffer.concealed_samples == result.buffer.dropped_samples == 0


def test_sound_waits_for_some_more_before_it_begins() -> None:
    now_s = [0.0]
    buffer = JitterBuffer(clock=lambda: now_s[0])
    buffer.push(steady(0, PRIME_SAMPLES))
    assert not buffer.take(PACKET).any(), "whoever fills a lead gets silence in that moment"
    assert not buffer.take(PACKET).any() and buffer.held_samples == PRIME_SAMPLES
    now_s[0] = 0.02
    assert buffer.take(PACKET).any()
    again = JitterBuffer(clock=lambda: now_s[0])
    again.push(steady(0, PRIME_SAMPLES - 1))
    again.take(PACKET)
    now_s[0] = 0.04
    assert not again.take(PACKET).any() and again.concealed_samples == 0
    again.push(steady(PRIME_SAMPLES - 1, 1))
    assert again.take(PACKET).any()


@pytest.mark.parametrize("rate", [1.001, 0.999])
@pytest.mark.parametrize(("source", "duration_s"), [(talk, 3_600.0), (steady, 600.0)])
def test_an_hour_of_a_clock_that_differs_grows_nothing_and_does_not_click(
    source: Callable[[int, int], FloatArray], duration_s: float, rate: float
) -> None:
    result = run(source, duration_s, rate, chunk_s=0.04, packet_s=0.04, keep=False)
    assert max(result.held_s) <= 0.1, "bounded throughout"
    early, late = result.held_s[250:1_500], result.held_s[-1_250:]
    assert abs(np.mean(late) - np.mean(early)) < 0.02, "and no larger at the end"
    assert result.buffer.concealed_samples <= samples(0.1), "3.6 s are to be made good"
    assert result.buffer.dropped_samples == 0
    own = steepest(source(0, 3 * SAMPLE_RATE_HZ))
    assert max(result.steps) < own * (1 + 2 * BEND) + FADE_STEP


@pytest.mark.parametrize("rate", [1.001, 0.999])
def test_a_clock_that_differs_is_not_heard_in_the_pitch(rate: float) -> None:
    heard = pitch_hz(run(steady, 120.0, rate).all_sound)[10:]
    cents = 1200 * np.log2(heard / TONE_HZ)
    assert np.abs(cents).max() < 8.0
    assert np.abs(cents).max() > 1.0, "a steady tone leaves nothing but the pitch to correct by"


def test_a_gap_is_faded_out_and_in() -> None:
    result = run(steady, 12.0, stall=(5.03, 0.3))
    own = steepest(steady(0, SAMPLE_RATE_HZ))
    assert max(result.steps) < own + FADE_STEP
    sound = result.all_sound
    assert not sound[samples(5.12) : samples(5.25)].any(), "silence in the gap"
    assert 0.2 < result.buffer.concealed_samples / SAMPLE_RATE_HZ < 0.31


@pytest.mark.parametrize("size", [7, 100, 333, 960])
def test_gaps_do_not_click_whatever_is_taken_at_once(size: int) -> None:
    now_s, rng, parts, pushed = 0.0, np.random.default_rng(7), [], 0
    buffer = JitterBuffer(clock=lambda: now_s)
    for number in range(4 * SAMPLE_RATE_HZ // size):
        now_s = number * size / SAMPLE_RATE_HZ
        while pushed < now_s * SAMPLE_RATE_HZ and rng.random() < size / 3_000:
            buffer.push(steady(pushed, PACKET))
            pushed += PACKET
        parts.append(buffer.take(size))
    assert buffer.concealed_samples > samples(0.1)
    sound = np.concatenate(parts)
    assert steepest(sound) < steepest(steady(0, SAMPLE_RATE_HZ)) + 2 * FADE_STEP


def test_jitter_that_comes_back_finds_its_reserve() -> None:
    result = run(talk, 120.0, jitter_s=0.08)
    assert result.buffer.concealed_samples <= samples(0.2)
    assert max(result.held_s) < 0.2
    calm = run(talk, 10.0, buffer=None)
    assert np.mean(result.held_s) > np.mean(calm.held_s), "jitter costs delay, calm does not"


def test_after_a_burst_the_delay_shrinks_at_once_in_a_pause_and_slowly_in_speech() -> None:
    spoken = run(talk, 30.0, stall=(10.0, 0.3)).held_s
    assert max(spoken[510:530]) > 0.25
    assert max(spoken[-500:]) <= 0.06
    toned = run(steady, 60.0, stall=(10.0, 0.3))
    late = toned.held_s[-1]
    assert 0.05 < late < 0.2, "four milliseconds a second"
    assert np.abs(1200 * np.log2(pitch_hz(toned.all_sound[samples(15.0) :]) / TONE_HZ)).max() < 8.0


def test_a_sender_that_is_held_back_is_not_hurried() -> None:
    pushed, now_s = 0, 0.0
    parts: list[FloatArray] = []
    buffer = JitterBuffer(samples(3.0), clock=lambda: now_s)
    buffer.catches_up = False
    while len(parts) < 500:
        now_s = 0.02 * len(parts)
        while buffer.held_samples < samples(1.0):
            buffer.push(talk(pushed, PACKET))
            pushed += PACKET
        parts.append(buffer.take(PACKET))
    sound = np.concatenate(parts)[PACKET:]
    np.testing.assert_array_equal(sound[FADE_SAMPLES:], talk(0, len(sound))[FADE_SAMPLES:])


def test_a_flood_drops_the_oldest_and_counts_it() -> None:
    now_s = [0.0]
    buffer = JitterBuffer(clock=lambda: now_s[0])
    pushed, given = 0, []
    for number in range(250):
        now_s[0] = 0.02 * number
        for _ in range(10):
            buffer.push(steady(pushed, PACKET))
            pushed += PACKET
        given.append(buffer.take(PACKET))
        assert buffer.held_samples <= LIMIT_SAMPLES
    assert buffer.dropped_samples > 0.8 * pushed
    # Sound that is cut together ten times as fast: as steep as two crossfading tones at most.
    assert steepest(np.concatenate(given)) < 2 * steepest(steady(0, 4_800)) + 2 * FADE_STEP


def test_an_hour_of_silence_holds_and_counts_nothing() -> None:
    result = run(silence, 3_600.0, chunk_s=0.1, packet_s=0.1, keep=False)
    assert max(result.held_s) <= 0.21 and max(result.steps) == 0.0
    assert result.buffer.dropped_samples == 0 and result.buffer.concealed_samples <= 4_800
    nothing = JitterBuffer()
    for _ in range(36_000):
        assert not nothing.take(4_800).any()
    assert nothing.concealed_samples == 0 and not nothing.ended


def test_a_long_pause_of_the_sender_is_not_counted_as_a_gap() -> None:
    result = run(steady, 40.0, stall=(5.0, 20.0), keep=False)
    assert result.buffer.concealed_samples <= samples(1.05)


def test_what_is_held_at_the_end_is_given_whole_and_dies_away() -> None:
    buffer = JitterBuffer(samples(2.0))
    buffer.push(steady(0, 48_000))
    buffer.end()
    buffer.push(steady(0, 100))
    assert buffer.dropped_samples == 100 and not buffer.ended
    parts = []
    while not buffer.ended:
        parts.append(buffer.take(PACKET))
    sound = np.concatenate(parts)
    wanted = steady(0, 48_000)
    np.testing.assert_array_equal(sound[FADE_SAMPLES:48_000], wanted[FADE_SAMPLES:])
    assert steepest(sound) < steepest(wanted) + FADE_STEP
    assert not buffer.take(PACKET).any() and buffer.concealed_samples == 0


def test_what_never_had_sound_ends_at_once_and_what_is_cleared_too() -> None:
    empty, full = JitterBuffer(), JitterBuffer()
    empty.end()
    assert empty.ended
    full.push(steady(0, 4_800))
    full.clear()
    assert full.ended and full.dropped_samples == 4_800
    assert not full.take(PACKET).any()
