import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen.echo import EchoGuard
from kiosk.listen.sensitivity import thresholds
from tests.ear_utils import echo_of, frames, silence, talk

PLAYED = np.concatenate([talk(6.0, 48_000, seed=s, level_db=-20.0) for s in (1, 2, 3)])


class Recorder:
    """A canceller that halves, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[FloatArray, FloatArray]] = []
        self.resets = 0

    def cancel(self, heard: FloatArray, far: FloatArray) -> FloatArray:
        self.given.append((heard, far))
        return heard * np.float32(0.5)

    def reset(self) -> None:
        self.resets += 1


def allowed(guard: EchoGuard, played: FloatArray, heard: FloatArray) -> list[bool]:
    out = []
    for packet, frame in zip(frames(played, 960), frames(heard), strict=True):
        guard.played(packet)
        out.append(guard.hear(frame)[1])
    return out


@pytest.mark.parametrize("gain_db", [-30.0, -20.0, -6.0])
def test_the_avatars_own_voice_is_nobody(gain_db: float) -> None:
    may = np.array(allowed(EchoGuard(thresholds(0.5)), PLAYED, echo_of(PLAYED, 0.12, gain_db)))
    for window in np.lib.stride_tricks.sliding_window_view(may, 5):
        assert window.sum() < 4


def test_somebody_who_speaks_over_it_may_be_somebody() -> None:
    heard = echo_of(PLAYED, 0.12, -20.0)
    heard[160_000:] += talk(8.0, seed=7, level_db=-26.0)
    may = allowed(EchoGuard(thresholds(0.5)), PLAYED, heard)
    assert np.mean(may[500:560]) > 0.6


def test_nobody_is_heard_over_a_voice_of_which_nothing_is_known() -> None:
    heard = echo_of(PLAYED, 0.12, -20.0)[:16_000] + talk(1.0, seed=7, level_db=-26.0)
    assert not any(allowed(EchoGuard(thresholds(0.5)), PLAYED[:48_000], heard)[5:])


def test_beside_a_silent_avatar_everybody_may_be_somebody() -> None:
    guard = EchoGuard(thresholds(0.5))
    frame = talk(0.02)
    assert guard.hear(frame) == (frame, True)  # no avatar at all
    assert all(allowed(guard, np.zeros(96_000, np.float32), talk(2.0)))


def test_once_the_avatar_is_silent_its_echo_dies_within_a_second() -> None:
    guard = EchoGuard(thresholds(0.5))
    heard = np.concatenate([echo_of(PLAYED, 0.12, -20.0), silence(1.5)])
    heard[-8_000:] = talk(0.5, level_db=-26.0)
    may = allowed(guard, np.concatenate([PLAYED, np.zeros(72_000, np.float32)]), heard)
    assert all(may[-20:])


def test_a_canceller_is_given_what_was_played_shortly_before_its_echo() -> None:
    canceller = Recorder()
    guard = EchoGuard(thresholds(0.5), canceller)
    begun = canceller.resets
    heard = echo_of(PLAYED, 0.3, -20.0)
    allowed(guard, PLAYED, heard)
    assert canceller.resets == begun + 1  # once, when the delay was known
    mic = np.concatenate([heard for heard, _ in canceller.given[-200:]])
    far = np.concatenate([far for _, far in canceller.given[-200:]])
    size = 1 << 17
    fits = np.fft.irfft(np.fft.rfft(mic, size) * np.conj(np.fft.rfft(far, size)), size)
    assert 0 < int(np.argmax(fits[:8000])) < 0.1 * 16_000


def test_what_the_canceller_leaves_is_what_is_heard() -> None:
    guard = EchoGuard(thresholds(0.5), Recorder())
    guard.played(np.zeros(960, np.float32))
    frame = talk(0.02)
    assert np.array_equal(guard.hear(frame)[0], frame * np.float32(0.5))


def test_a_reset_guard_is_a_new_one() -> None:
    guard = EchoGuard(thresholds(0.5))
    heard = echo_of(PLAYED, 0.12, -20.0)
    first = allowed(guard, PLAYED, heard)
    guard.reset()
    assert allowed(guard, PLAYED, heard) == first


def test_a_canceller_is_not_believed_right_after_a_loss() -> None:
    class Fails(Recorder):
        left = 0.01

        def cancel(self, heard: FloatArray, far: FloatArray) -> FloatArray:
            return heard * np.float32(self.left)

    canceller = Fails()
    guard = EchoGuard(thresholds(0.5), canceller)
    heard = echo_of(PLAYED, 0.12, -20.0)
    allowed(guard, PLAYED[:480_000], heard[:160_000])
    canceller.left = 1.0  # what was learnt is wrong from here on
    for packet in frames(PLAYED[480_000:482_880], 960):  # and of the microphone 60 ms were lost
        guard.played(packet)
    may = np.array(allowed(guard, PLAYED[482_880:576_000], heard[160_960:192_000]))
    for window in np.lib.stride_tricks.sliding_window_view(may, 5):
        assert window.sum() < 4
