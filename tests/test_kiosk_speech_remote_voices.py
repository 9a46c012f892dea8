"""Which voices of other machines there are, and that nobody but the configured is asked."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.config_remote import KEY_VARIABLE, RemoteVoicesSettings
from kiosk.speech.remote_voices import RemoteVoices
from kiosk.speech.wyoming import Event
from tests.speech_servers import AMY, Handler, info, pcm, raw, send, serving, wyoming_server
from tests.speech_utils import FakeVoice, FakeVoices

SHAPE = {"rate": 22_050, "width": 2, "channels": 1}


def wait_for(done: Callable[[], object]) -> None:
    for _ in range(100):
        if done():
            return
        time.sleep(0.05)
    pytest.fail("it does not come")


def local() -> FakeVoices:
    return FakeVoices(FakeVoice("af_heart", "en"), FakeVoice("zf_xiaobei", "zh"))


def teller(*voices: dict[str, Any]) -> Handler:
    def handle(link: socket.socket) -> None:
        link.recv(65_536)
        send(link, info(*voices))

    return handle


def test_by_default_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    monkeypatch.setattr(socket.socket, "connect_ex", pytest.fail)
    voices = local()
    remote = RemoteVoices(RemoteVoicesSettings(), voices)
    assert remote.find() and not remote.awaited
    remote.start()
    remote.close()
    assert [voice.engine for voice in voices.list()] == ["kokoro", "kokoro"]


def test_a_wyoming_server_lends_its_voices() -> None:
    voices = local()
    with serving(wyoming_server()) as server:
        settings = RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",))
        remote = RemoteVoices(settings, voices)
        assert remote.awaited and server.connections == 0
        assert remote.find() and not remote.awaited
        amy = voices.list()[-1]
        assert (amy.name, amy.engine, amy.languages) == ("en_US-amy-low", "wyoming", ("en",))
        assert voices.get("en_US-amy-low").speak("Hello.").duration_s > 0.3
        assert voices.for_language("en").info.name == "af_heart", "those here come first"
        assert voices.for_language("zh", "en_US-amy-low").info.name == "zf_xiaobei"
        assert remote.counts() == {"spoken": 1}


def test_who_stands_in_is_warmed_up_too() -> None:
    english = FakeVoice("af_heart", "en")
    voices = FakeVoices(english, chosen={"en": "en_US-amy-low"})
    with serving(wyoming_server()) as server:
        remote = RemoteVoices(RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",)), voices)
        remote.find()
        voices.warmup(("en",))
    assert remote.counts() == {"spoken": 1}
    assert english.spoken == ["Hello."]


def test_names_are_made_askable_and_unique() -> None:
    voices = local()
    many = {"name": "af heart", "languages": ["en"], "speakers": [{"name": "p 1"}, {"name": ""}]}
    told = ({"name": "af_heart", "languages": ["en"]}, many, {"name": "声音", "languages": ["zh"]})
    with serving(teller(*told, {"name": "de", "languages": ["de"]})) as server:
        RemoteVoices(RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",)), voices).find()
    names = {voice.name for voice in voices.list() if voice.engine == "wyoming"}
    assert names == {"af_heart-2", "af-heart-p-1", "remote"}
    assert voices.get("af_heart").info.engine == "kokoro"


def test_a_server_that_is_down_is_asked_again_until_it_tells(
    caplog: pytest.LogCaptureFixture,
) -> None:
    voices = local()
    with serving(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        settings = RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",), retry_s=1.0)
        found: list[bool] = []
        remote = RemoteVoices(settings, voices, lambda: found.append(True))
        assert not remote.find() and not remote.find()
        assert caplog.text.count("not known yet") == 1
        server.handler = wyoming_server()
        remote.start()
        assert not found
        wait_for(lambda: found)
        assert any(voice.engine == "wyoming" for voice in voices.list())
        remote.close()


def test_closing_ends_the_search_at_once() -> None:
    with serving(lambda link: time.sleep(0.5)) as server:
        settings = RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",), timeout_s=30.0)
        remote = RemoteVoices(settings, local(), pytest.fail)
        remote.start()
        began_s = time.monotonic()
        remote.close()
        assert time.monotonic() - began_s < 5.0


def test_openai_voices_are_as_configured_and_the_key_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "secret")
    voices = local()
    settings = RemoteVoicesSettings(
        openai=("http://127.0.0.1:9",), openai_voices=("alloy", "mei:zh:female")
    )
    assert "secret" not in repr(settings)
    RemoteVoices(settings, voices)
    found = {v.name: (v.languages, v.gender) for v in voices.list() if v.engine == "openai"}
    assert found == {"alloy": (("en",), "unknown"), "mei": (("zh",), "female")}


def test_a_phrase_that_fails_is_spoken_here_in_its_language_and_gender() -> None:
    female, male = FakeVoice("zf_xiaobei", "zh"), FakeVoice("zm_yunxi", "zh")
    object.__setattr__(male.info, "gender", "male")
    english = FakeVoice("af_heart", "en")
    voices = FakeVoices(english, female, male)
    settings = RemoteVoicesSettings(
        openai=("http://127.0.0.1:9",), openai_voices=("bo:zh:male", "joe"), retry_s=3600.0
    )
    remote = RemoteVoices(settings, voices)
    voices.get("bo").speak("您好。")
    voices.get("joe").speak("Hello.")
    assert (male.spoken, female.spoken, english.spoken) == (["您好。"], [], ["Hello."])
    assert remote.counts() == {"refused": 1, "resting": 1}, "one server, one rest"


def test_a_voice_of_two_languages_is_replaced_by_the_one_that_reads_the_text() -> None:
    english, chinese = FakeVoice("af_heart", "en"), FakeVoice("zf_xiaobei", "zh")
    voices = FakeVoices(english, chinese)
    both = {"name": "both", "languages": ["en_US", "zh_CN"]}
    with serving(teller(both)) as server:
        RemoteVoices(RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",)), voices).find()
    voices.get("both").speak("您好。")
    voices.get("both").speak("Hello.")
    assert (english.spoken, chinese.spoken) == (["Hello."], ["您好。"])


def test_speaker_and_name_are_asked_for() -> None:
    asked: list[Event] = []
    sound = (Event("audio-chunk", SHAPE, pcm()), Event("audio-stop", {}))
    two = {"name": "duo", "languages": ["en"], "speakers": [{"name": "one"}, {"name": "two"}]}
    voices = local()
    with serving(teller(two)) as server:
        RemoteVoices(RemoteVoicesSettings(wyoming=(f"tcp://{server.host}",)), voices).find()
        server.handler = wyoming_server(*sound, asked=asked)
        voices.get("duo-two").speak("Hello.")
    assert asked[0].data["voice"] == {"name": "duo", "speaker": "two"}
    assert AMY["name"] not in {voice.name for voice in voices.list()}
