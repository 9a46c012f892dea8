"""``/v1/audio/speech``, asked of servers good and bad."""

import io
import wave
from typing import Any

import numpy as np
import pytest

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.speech import openai_speech
from kiosk.speech.remote_link import RemoteError, Server
from kiosk.speech.stop import StopSignal
from tests.speech_servers import Handler, http_answer, http_server, pcm, raw, serving, silent

Asked = list[tuple[str, dict[str, Any]]]


def wav(duration_s: float = 0.5, rate_hz: int = 24_000) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm(duration_s, rate_hz))
    return target.getvalue()


def said(handler: Handler, path: str = "", key: str = "", timeout_s: float = 1.0) -> Any:  # noqa: ANN401
    with serving(handler) as server:
        address = Server(f"http://{server.host}{path}", timeout_s)
        return openai_speech.synthesized(
            address, key, "tts-1", "alloy", "您好。", 0.8, StopSignal()
        )


def test_a_text_becomes_sound() -> None:
    asked: Asked = []
    samples, rate_hz = said(http_server(http_answer(wav()), asked), key="secret")
    assert rate_hz == SAMPLE_RATE_HZ
    assert len(samples) == pytest.approx(SAMPLE_RATE_HZ // 2, abs=100)
    [(head, body)] = asked
    assert head.startswith("POST /v1/audio/speech HTTP/1.1")
    assert "Authorization: Bearer secret" in head
    assert body == {
        "model": "tts-1",
        "voice": "alloy",
        "input": "您好。",
        "response_format": "wav",
        "speed": 0.8,
    }


def test_without_a_key_none_is_sent_and_a_path_is_kept() -> None:
    asked: Asked = []
    said(http_server(http_answer(wav()), asked), path="/kokoro")
    assert asked[0][0].startswith("POST /kokoro/v1/audio/speech ")
    assert "authorization" not in asked[0][0].lower()


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert len(said(http_server(http_answer(wav()), []))[0])


def test_raw_pcm_is_taken_for_what_it_usually_is() -> None:
    odd = pcm(0.5, 24_000) + b"\x01"
    samples, rate_hz = said(http_server(http_answer(odd, "audio/pcm"), []))
    assert rate_hz == 24_000
    assert samples == pytest.approx(np.frombuffer(odd[:-1], "<i2") / 32768, abs=1e-6)


BROKEN: dict[str, tuple[bytes, str, str]] = {
    "html": (http_answer(b"<html>Welcome</html>", "text/html"), "broken", "text/html"),
    "nothing": (http_answer(b""), "broken", "no sound"),
    "noise": (http_answer(bytes(range(256)) * 20, "audio/wav"), "broken", "no sound"),
    "cut off": (http_answer(wav(), length=10**6), "broken", "cut off"),
    "endless": (http_answer(wav(80.0)), "broken", "no sound|no end"),
    "endless pcm": (http_answer(bytes(10**7), "audio/pcm"), "broken", "no end"),
    "too much": (http_answer(bytes(13_000_000)), "broken", "no end"),
    "no HTTP": (b"220 mail.example ESMTP\r\n\r\n", "broken", "HTTP"),
    "half a header": (b"HTTP/1.1 200 OK\r\nContent-Ty", "broken", "no sound|cut off"),
    "closed": (b"", "refused|broken", "."),
    "a refusal": (http_answer(b"{}", "application/json", "401 No"), "refused", "401"),
    "elsewhere": (
        b"HTTP/1.1 302 Found\r\nLocation: http://8.8.8.8/\r\nContent-Length: 0\r\n\r\n",
        "refused",
        "302",
    ),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_what_is_no_speech_is_told_apart(case: str) -> None:
    answer, fault, says = BROKEN[case]
    with pytest.raises(RemoteError, match=says) as caught:
        said(http_server(answer, []), timeout_s=3.0)
    assert caught.value.fault in fault.split("|")


def test_a_server_of_another_kind_is_told() -> None:
    with pytest.raises(RemoteError):
        said(raw(b'{"type": "error"}\n'))


def test_a_server_that_says_nothing_is_given_up() -> None:
    with pytest.raises(RemoteError) as caught:
        said(silent, timeout_s=0.2)
    assert caught.value.fault == "timeout"
