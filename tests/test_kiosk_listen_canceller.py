import sys

import numpy as np
import pytest

from engine.media import FloatArray
from kiosk.listen import canceller
from kiosk.listen.canceller import KEPT_FRAMES, FarSound
from tests.ear_utils import echo_of, frames, talk

PLAYED = np.concatenate([talk(5.0, 48_000, seed=s, level_db=-20.0) for s in (1, 2)])


def far_of(played: FloatArray) -> list[FloatArray]:
    far, out = FarSound(), []
    for number, packet in enumerate(frames(played, 960)):
        far.push(packet)
        out.append(far.frame(number))
    return out


def test_speex_takes_most_of_the_echo_out() -> None:
    pytest.importorskip("pyaec")
    heard = list(frames(echo_of(PLAYED, 0.06, -20.0)))
    speex = canceller.SpeexCanceller()
    clean = [speex.cancel(frame, far) for frame, far in zip(heard, far_of(PLAYED), strict=True)]
    left, was = np.concatenate(clean[-150:]), np.concatenate(heard[-150:])
    assert 10 * np.log10(np.sum(was**2) / np.sum(left**2)) > 10.0


def test_speex_leaves_a_visitor_alone() -> None:
    pytest.importorskip("pyaec")
    visitor = talk(10.0, seed=9, level_db=-26.0)
    speex = canceller.SpeexCanceller()
    silent = np.zeros(320, np.float32)
    clean = np.concatenate([speex.cancel(frame, silent) for frame in frames(visitor)])
    change_db = 10 * np.log10(np.mean(clean[16_000:] ** 2) / np.mean(visitor[16_000:] ** 2))
    assert abs(change_db) < 1.5


def test_without_the_package_there_is_no_canceller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyaec", None)
    assert canceller.installed() is None


def test_far_sound_is_what_was_played_at_a_third_of_the_rate() -> None:
    t = np.arange(48_000) / 48_000
    low = np.concatenate(far_of(np.sin(2 * np.pi * 500 * t).astype(np.float32)))
    assert np.abs(low[1000:]).max() == pytest.approx(1.0, abs=0.02)
    high = np.concatenate(far_of(np.sin(2 * np.pi * 9500 * t).astype(np.float32)))
    assert np.abs(high[1000:]).max() < 0.01


def test_far_sound_that_is_not_held_is_silence() -> None:
    far = FarSound()
    for _ in range(KEPT_FRAMES + 10):
        far.push(np.ones(960, np.float32))
    for number in (-1, 0, 9, KEPT_FRAMES + 10):
        assert not far.frame(number).any()
    for number in (10, KEPT_FRAMES + 9):
        assert far.frame(number)[100:].min() > 0.99
    far.reset()
    assert not far.frame(0).any()
