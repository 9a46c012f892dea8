import logging
from collections.abc import Callable

import numpy as np
import onnxruntime
import pytest

from engine.media import FloatArray
from kiosk.config_listen import ListenSettings
from kiosk.listen import canceller, vad
from kiosk.listen.ear import Ear, VisitorSpeech, warm_up
from kiosk.listen.frames import FRAME_S
from tests.ear_utils import echo_of, frames, noise, silence, talk

PLAYED = np.concatenate([talk(6.0, 48_000, seed=s, level_db=-20.0) for s in (1, 2)])
SCENE = np.concatenate([silence(2.0), talk(1.5), silence(2.0), talk(1.0, seed=4), silence(1.0)])


class Listener:
    """An ear, what it told, and when (seconds of sound)."""

    def __init__(self, **settings: object) -> None:
        self.told: list[tuple[str, float, VisitorSpeech]] = []
        self.now_s = 0.0
        self.ear = Ear(ListenSettings.model_validate(settings), self._on("+"), self._on("-"))

    def _on(self, kind: str) -> Callable[[VisitorSpeech], None]:
        return lambda speech: self.told.append((kind, self.now_s, speech))

    @property
    def kinds(self) -> str:
        return "".join(kind for kind, _, _ in self.told)

    def hear(self, sound: FloatArray, played: FloatArray | None = None) -> None:
        packets = None if played is None else frames(played, 960)
        for frame in frames(sound):
            if packets is not None:
                self.ear.played(next(packets))
            self.now_s += FRAME_S
            self.ear.hear(frame)


@pytest.fixture(autouse=True)
def no_canceller(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with and without the extra."""
    monkeypatch.setattr(canceller, "installed", lambda: None)


@pytest.mark.parametrize("detector", ["webrtc", "silero"])
def test_it_tells_when_a_visitor_starts_and_ends(detector: str) -> None:
    listener = Listener(detector=detector)
    listener.hear(SCENE)
    assert listener.kinds == "+-+-"
    (_, at_s, started), (_, _, ended) = listener.told[:2]
    assert at_s - 2.0 <= 0.2
    assert started.started_s == pytest.approx(2.0, abs=0.1)
    assert started.ended_s is None
    assert ended.ended_s == pytest.approx(3.5, abs=0.15)
    assert ended.started_s == started.started_s


def test_the_audio_is_what_was_said_with_what_came_before() -> None:
    listener = Listener()
    listener.hear(SCENE)
    speech = listener.told[1][2]
    begin = round((speech.started_s - 0.3) * 16_000)
    assert np.array_equal(speech.audio, SCENE[begin : begin + len(speech.audio)])
    assert len(speech.audio) > 1.9 * 16_000


def test_it_hears_the_same_however_the_sound_arrives() -> None:
    whole, crumbs = Listener(), Listener()
    whole.ear.hear(SCENE)
    for start in range(0, len(SCENE), 123):
        crumbs.ear.hear(SCENE[start : start + 123])
    assert len(whole.told) == 4
    for (_, _, one), (_, _, other) in zip(whole.told, crumbs.told, strict=True):
        assert (one.started_s, one.ended_s) == (other.started_s, other.ended_s)
        assert np.array_equal(one.audio, other.audio)


def test_the_avatars_echo_is_nobody_and_a_visitor_over_it_is_somebody() -> None:
    listener = Listener()
    heard = echo_of(PLAYED, 0.15, -20.0)
    listener.hear(heard[:96_000], PLAYED[:288_000])
    assert listener.kinds == ""
    heard[96_000 + 32_000 : 96_000 + 64_000] += talk(2.0, seed=7, level_db=-26.0)
    listener.hear(heard[96_000:], PLAYED[288_000:])
    assert listener.kinds.startswith("+")
    assert listener.told[0][1] == pytest.approx(8.15, abs=0.15)


def test_without_the_guard_it_would_be() -> None:
    listener = Listener(echo_guard=False)
    listener.hear(echo_of(PLAYED, 0.15, -20.0), PLAYED)
    assert "+" in listener.kinds


def test_what_is_no_sound_is_silence() -> None:
    listener = Listener()
    broken = noise(1.0, -30.0)
    broken[::50] = np.nan
    broken[7::90] = np.inf
    listener.hear(broken)
    listener.hear(SCENE)
    assert listener.kinds == "+-+-"


def test_speech_without_end_is_kept_within_bounds() -> None:
    listener = Listener(echo_guard=False)
    long = np.tile(np.concatenate([talk(1.6), silence(0.2)]), 20)
    listener.hear(np.concatenate([silence(1.0), long, silence(1.0)]))
    assert listener.kinds == "+-"
    assert len(listener.told[1][2].audio) == 30 * 16_000


def test_after_warming_up_an_ear_has_nothing_to_load(monkeypatch: pytest.MonkeyPatch) -> None:
    vad._network.cache_clear()
    warm_up(ListenSettings(detector="silero"))
    monkeypatch.setattr(onnxruntime, "InferenceSession", None)
    listener = Listener(detector="silero")
    listener.hear(SCENE)
    assert listener.kinds == "+-+-"


def test_warming_up_what_is_missing_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vad, "SILERO_PACKAGE", "no_such_package")
    warm_up(ListenSettings(detector="silero"))


def test_a_detector_that_is_missing_is_stood_in_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(vad, "SILERO_PACKAGE", "no_such_package")
    with caplog.at_level(logging.WARNING):
        listener = Listener(detector="silero")
    assert "webrtc is used" in caplog.text
    listener.hear(SCENE)
    assert listener.kinds == "+-+-"
