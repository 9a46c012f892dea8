import numpy as np
import pytest

from engine.media import Audio, FloatArray, MotionFrame
from engine.motion.coefficients import COEFFICIENTS
from engine.motion.layout import STEP_DELAY_SAMPLES
from engine.motion.lips import gather, opening
from engine.motion.settings import MotionSettings
from engine.motion.stream import CLOSING_S, LOOKAHEAD_SAMPLES, MotionStream
from engine.timeline import MOTION_STEP_SAMPLES, samples
from tests.motion_utils import RuleRunner, chunks, silence, speech_like, vowel

STEP = MOTION_STEP_SAMPLES
IN_VOWEL_S = 1.55
"""In the fourth vowel of ``speech_like``, an a."""

MAX_JUMP = 0.3
"""Of full lip opening, in 20 ms: a mouth let go at its widest closes within ``CLOSING_S``."""

shipped = pytest.mark.parametrize("own_network", [False, True], ids=["shipped", "rule"])


def stream(own_network: bool = True, settings: MotionSettings | None = None) -> MotionStream:
    return MotionStream(settings, RuleRunner() if own_network else None)


def feed(motion: MotionStream, sound: FloatArray, seed: int = 0, pts: int = 0) -> MotionStream:
    for audio in chunks(sound, seed, pts):
        motion.push(audio)
    return motion


def frames(motion: MotionStream, start: int = 0, every: int = STEP) -> list[MotionFrame]:
    return [motion.at(pts) for pts in range(start, motion.ready_pts, every)]


def lips(shown: list[MotionFrame]) -> FloatArray:
    return np.array([opening(gather(frame.coefficients)) for frame in shown])


def difference(a: list[MotionFrame], b: list[MotionFrame]) -> float:
    assert len(a) == len(b)
    pairs = zip(a, b, strict=True)
    return max(float(np.abs(x.coefficients - y.coefficients).max()) for x, y in pairs)


@shipped
@pytest.mark.parametrize("seed", [1, 2])
def test_stream_equals_whole(own_network: bool, seed: int) -> None:
    sound = speech_like()
    whole = stream(own_network)
    whole.push(Audio(0, sound))
    pieces = feed(stream(own_network), sound, seed)
    assert pieces.ready_pts == whole.ready_pts
    assert difference(frames(pieces, every=777), frames(whole, every=777)) < 1e-5


@shipped
@pytest.mark.parametrize("at", [48_000, 61_234])
def test_stream_equals_whole_after_a_flush(own_network: bool, at: int) -> None:
    sound = speech_like()
    shown = []
    for seed in (1, 2):
        motion = feed(stream(own_network), sound[: at + 5000], seed)
        motion.flush(at)
        shown.append(frames(feed(motion, sound, seed, at), at - 9600, 500))
    assert difference(*shown) < 1e-5


def test_motion_is_known_as_soon_as_promised() -> None:
    sound = speech_like()
    for heard in range(5000, 30_000, 701):
        motion = feed(stream(), sound[:heard])
        assert motion.ready_pts > heard - LOOKAHEAD_SAMPLES - 1
    on_step = feed(stream(), sound[: 10 * STEP + STEP_DELAY_SAMPLES])
    assert on_step.ready_pts == 10 * STEP + 1


def test_lookahead_is_within_120_ms() -> None:
    assert samples(0.12) >= LOOKAHEAD_SAMPLES


def test_unknown_instant_is_refused() -> None:
    motion = feed(stream(), speech_like())
    with pytest.raises(ValueError, match="push more sound"):
        motion.at(motion.ready_pts)


def test_gap_is_refused_and_nothing_lost() -> None:
    motion = feed(stream(), silence(0.1))
    with pytest.raises(ValueError, match="without gaps"):
        motion.push(Audio(4801, silence(0.1)))
    motion.push(Audio(4800, silence(0.1)))
    assert motion.next_pts == 9600


def test_history_of_two_seconds_is_kept() -> None:
    motion = feed(stream(), speech_like())
    newest = motion.ready_pts - 1
    first = motion.at(newest - samples(2.0))
    motion.at(newest)
    again = motion.at(newest - samples(2.0))
    assert np.array_equal(first.coefficients, again.coefficients)


def test_history_is_bounded() -> None:
    motion = stream()
    for i in range(0, 48_000 * 20, 4800):
        motion.push(Audio(i, silence(0.1)))
        if motion.ready_pts > 0:
            motion.at(motion.ready_pts - 1)
    assert len(motion._history) < 50 * 4


@shipped
def test_silence_keeps_the_mouth_shut(own_network: bool) -> None:
    motion = feed(stream(own_network), silence(4.0))
    assert lips(frames(motion)).max() < 0.05


@pytest.mark.parametrize("level", [1e-4, 1e-2, 0.1])
def test_noise_keeps_the_mouth_shut(level: float) -> None:
    rng = np.random.default_rng(0)
    noise = (level * rng.standard_normal(4 * 48_000)).astype(np.float32)
    shown = lips(frames(feed(stream(own_network=False), noise)))
    # Noise that bursts in may be an s or sh for as long as one lasts.
    assert np.mean(shown[20:] > 0.05) < 0.02


def test_music_keeps_the_mouth_shut() -> None:
    t = np.arange(4 * 48_000) / 48_000
    chord = np.sin(2 * np.pi * np.outer((220, 277, 330), t)).sum(axis=0) * (
        0.6 + 0.4 * np.sin(7 * t)
    )
    shown = lips(frames(feed(stream(own_network=False), (0.08 * chord).astype(np.float32))))
    assert np.mean(shown > 0.05) < 0.05


@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_vowels_open_and_murmurs_close_the_mouth(gain: float) -> None:
    sound = np.float32(gain) * speech_like()
    shown = lips(frames(feed(stream(own_network=False), sound)))
    # speech_like: 0.5 s of silence, then vowels of 0.22 s and murmurs of 0.09 s by turns
    closed = []
    for i in range(6):
        start = round((0.5 + 0.31 * i) * 50)
        vowel_peak = shown[start : start + 11].max()
        assert vowel_peak > 0.15, i
        closed.append(shown[start + 10 : start + 17].min() < max(0.03, 0.1 * vowel_peak))
    assert sum(closed) >= 4  # a murmur alone may also be an n
    assert shown[-10:].max() < 0.05


def test_flush_forgets_and_closes_without_a_jump() -> None:
    cut = samples(IN_VOWEL_S) + 137
    motion = feed(stream(own_network=False), speech_like())
    before = motion.at(cut)
    motion.flush(cut)
    assert motion.ready_pts == cut + 1
    assert np.abs(motion.at(cut).coefficients - before.coefficients).max() < 1e-6
    feed(motion, silence(1.0), pts=cut)
    shown = lips(frames(motion, cut))
    assert shown[0] > 0.2
    assert np.abs(np.diff(shown)).max() < MAX_JUMP
    assert shown[round((CLOSING_S + 0.08) * 50) :].max() < 0.05


@pytest.mark.parametrize("cut", [134_400, 134_400 + 411])
def test_life_goes_on_at_its_pace_through_a_flush(cut: int) -> None:
    plain, flushed = (feed(stream(), speech_like()) for _ in range(2))
    flushed.flush(cut)  # 0.4 s after the last vowel
    feed(flushed, silence(0.5), pts=cut)
    a, b = (each._history.at(cut + 500).prosody.pause for each in (plain, flushed))
    assert a.phrases == b.phrases > 0
    assert abs(a.since_s - b.since_s) < 1e-6


def test_eyes_are_called_back_before_the_sound_sets_in() -> None:
    speech = speech_like()
    motion = feed(stream(own_network=False), np.concatenate((speech, silence(1.5), speech)))
    onset = len(speech) + samples(1.5 + 0.5)
    assert motion._history.at(onset - samples(0.3)).prosody.pause.waiting == 1.0
    assert motion._history.at(onset).prosody.pause.waiting < 0.5
    assert motion._history.at(onset + samples(0.04)).prosody.pause.waiting == 0.0


def test_flush_numbers_the_turn() -> None:
    motion = feed(stream(), speech_like())
    motion.flush(48_000)
    feed(motion, speech_like(), pts=48_000)
    assert motion.at(48_000 - 1).generation == 0
    assert motion.at(48_000).generation == 1
    assert motion.at(60_000).generation == motion.generation == 1
    motion.reset()
    assert motion.generation == 0


@pytest.mark.parametrize("late", [0, 100, 3000, 300_000])
def test_flush_at_or_after_the_end_of_the_sound(late: int) -> None:
    motion = feed(stream(), speech_like())
    cut = motion.next_pts + late
    motion.flush(cut)
    feed(motion, silence(0.5), pts=cut)
    assert lips(frames(motion, cut)).max() < 0.05


def test_flush_before_all_history() -> None:
    motion = feed(stream(), silence(0.3), pts=0)
    motion.reset(480_000)
    motion.flush(1000)
    feed(motion, speech_like(), pts=1000)
    assert len(frames(motion, 1000)) > 100


def test_flush_again_at_once() -> None:
    motion = feed(stream(own_network=False), speech_like())
    cut = samples(IN_VOWEL_S)
    for earlier in (0, 0, 1000, 1001):
        motion.flush(cut - earlier)
    feed(motion, silence(0.5), pts=cut - 1001)
    shown = lips(frames(motion, cut - 1001))
    assert shown.max() > 0.2
    assert np.abs(np.diff(shown)).max() < MAX_JUMP


def test_reset_begins_anew() -> None:
    motion = feed(stream(), speech_like())
    motion.reset(12_345)
    fresh = stream()
    fresh.reset(12_345)
    for each in (motion, fresh):
        feed(each, speech_like(), pts=12_345)
    assert difference(frames(motion, 12_345), frames(fresh, 12_345)) == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1.0, -1.0, 1e20])
def test_bad_sound_is_defined(bad: float) -> None:
    motion = feed(stream(own_network=False), np.full(48_000, bad, np.float32))
    assert motion.bad_samples == (0 if np.isfinite(bad) else 48_000)
    shown = frames(motion)
    assert all(np.isfinite(f.coefficients).all() for f in shown)
    assert lips(shown).max() < 0.05


def test_ten_milliseconds_of_sound() -> None:
    motion = feed(stream(own_network=False), vowel("a", 0.01))
    motion.flush(480)
    feed(motion, silence(0.5), pts=480)
    assert len(frames(motion)) > 15


def test_dynamic_scale_widens_the_mouth() -> None:
    sound = speech_like()
    plain, wide = (
        lips(frames(feed(stream(False, MotionSettings(dynamic_scale=scale)), sound)))
        for scale in (1.0, 1.2)
    )
    assert wide.max() > 1.1 * plain.max()
    assert ((wide < 0.03) == (plain < 0.03)).mean() > 0.95


def test_alignment_moves_the_lips_in_time() -> None:
    sound = speech_like()
    plain = feed(stream(), sound)
    early = feed(stream(settings=MotionSettings(lip_alignment_s=0.02)), sound)
    a, b = (gather(x.coefficients) for x in (plain.at(48_960), early.at(48_000)))
    assert np.abs(a - b).max() < 1e-6
    assert early.ready_pts == plain.ready_pts - 960


def test_every_frame_is_whole() -> None:
    for frame in frames(feed(stream(own_network=False), speech_like()), every=1920):
        assert frame.coefficients.shape == (len(COEFFICIENTS),)
        assert frame.coefficients.dtype == np.float32
        assert 0.0 <= frame.coefficients.min() <= frame.coefficients.max() <= 1.0


def test_other_scales_are_reached_without_a_jump() -> None:
    """While she speaks; the difference to a stream that is left alone grows evenly."""
    plain, changed = feed(stream(), speech_like()), feed(stream(), speech_like())
    first = samples(0.5)
    assert np.array_equal(plain.at(first).coefficients, changed.at(first).coefficients)
    changed.rescale(1.2, 1.1)
    times = range(first, plain.ready_pts, STEP)
    off = [changed.at(pts).pose.yaw_deg - plain.at(pts).pose.yaw_deg for pts in times]
    assert off[0] == 0.0 and np.abs(off).max() > 0.01 and np.abs(np.diff(off)).max() < 0.05
    with pytest.raises(ValueError, match=r"dynamic_scale = 2\.0"):
        changed.rescale(2.0, 1.0)
