"""The desk: what a request wishes, what is configured, and what is made ready."""

from collections.abc import Iterator

import pytest

from kiosk.api import ProblemError
from kiosk.config_remote import RemoteVoicesSettings
from kiosk.config_speech import SpeechSettings
from kiosk.speech import desk
from kiosk.speech.desk import SpeechDesk
from kiosk.speech.manner import STYLES, Wish
from kiosk.speech.voice import VoiceError
from tests.speech_servers import serving, wyoming_server
from tests.speech_utils import FakeVoice, FakeVoices

TOPIC = "Welcome to the hall. We open at 9:00."


@pytest.fixture
def english() -> FakeVoice:
    return FakeVoice("af_heart", "en")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, english: FakeVoice) -> Iterator[SpeechDesk]:
    monkeypatch.setattr(desk, "Voices", lambda *_: FakeVoices(english))
    made = SpeechDesk(SpeechSettings(rate=1.2, pause=1.5), [TOPIC])
    yield made
    made.close()


async def test_a_wish_reaches_the_voice(made: SpeechDesk) -> None:
    request = made.say("One two three four.", None, Wish("gentle"))._request
    assert request.manner.rate == pytest.approx(1.2 * STYLES["gentle"].rate)
    assert request.manner.pause == pytest.approx(1.5 * STYLES["gentle"].pause)
    [phrase] = [phrase async for phrase in request]
    assert phrase.speech.duration_s == pytest.approx(0.4 / request.manner.rate, abs=0.01)


async def test_without_a_wish_it_is_as_configured(made: SpeechDesk) -> None:
    manner = made.say("One.", None, Wish())._request.manner
    assert (manner.rate, manner.pause, manner.pitch_semitones) == (1.2, 1.5, 0.0)


async def test_refusals_are_problems(made: SpeechDesk) -> None:
    for text, voice, code in (
        ("...", None, "unspeakable_text"),
        ("Hello.", "nobody", "unknown_voice"),
    ):
        with pytest.raises(ProblemError) as caught:
            made.say(text, voice, Wish())
        assert caught.value.problem.code == code


def test_topics_begin_at_once_in_every_style(made: SpeechDesk, english: FakeVoice) -> None:
    beginning, rest = "Welcome to the hall.", "We open at nine o'clock."
    assert list(made.prepare()) == [beginning, rest, beginning]
    assert english.spoken == [beginning, rest, beginning]
    assert list(made.prepare()) == []


def far(monkeypatch: pytest.MonkeyPatch, host: str, voice_en: str, *local: FakeVoice) -> SpeechDesk:
    """A desk with a server that tells one voice."""
    monkeypatch.setattr(desk, "Voices", lambda *_: FakeVoices(*local))
    remote = RemoteVoicesSettings(wyoming=(f"tcp://{host}",))
    return SpeechDesk(SpeechSettings(voice_en=voice_en), (), remote)


def test_a_voice_that_no_server_has_is_told_when_all_have_answered(
    monkeypatch: pytest.MonkeyPatch, english: FakeVoice, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(wyoming_server()) as server:
        for name, told in (("en_US-amy-low", False), ("nobody", True)):
            made = far(monkeypatch, server.host, name, english, FakeVoice("zf_xiaobei", "zh"))
            assert "not installed" not in caplog.text
            made.warm_up("en")
            assert made._remote._thread is not None
            made._remote._thread.join(5)
            assert ("not installed" in caplog.text) is told
            made.close()


def test_where_nobody_speaks_the_servers_are_asked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(wyoming_server()) as server:
        made = far(monkeypatch, server.host, "en_US-amy-low")
        with pytest.raises(VoiceError):
            made.warm_up("en")
        assert made._remote._thread is not None
        made._remote._thread.join(5)
        assert [voice.engine for voice in made.voices()] == ["wyoming"]
        made.close()


def test_nobody_else_is_asked_and_nothing_counted(made: SpeechDesk) -> None:
    assert made.remote_phrases() == {}
    assert [voice.engine for voice in made.voices()] == ["kokoro"]
