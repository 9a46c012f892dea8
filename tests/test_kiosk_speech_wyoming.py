"""The Wyoming protocol, spoken with servers good and bad."""

import json
import socket
from typing import Any

import numpy as np
import pytest

from kiosk.speech import wyoming
from kiosk.speech.remote_link import RemoteError, Server
from kiosk.speech.stop import StopSignal
from kiosk.speech.wyoming import Event, Told
from tests.speech_servers import (
    AMY,
    GOOD,
    RATE_HZ,
    SHAPE,
    Handler,
    info,
    pcm,
    raw,
    send,
    serving,
    silent,
    wyoming_server,
)

VOICE = Told("en_US-amy-low", ("en",))


def said(handler: Handler, timeout_s: float = 1.0) -> tuple[np.ndarray, int]:
    with serving(handler) as server:
        address = Server(f"tcp://{server.host}", timeout_s)
        return wyoming.synthesized(address, VOICE, "Hello.", StopSignal())


def told(*voices: dict[str, Any]) -> tuple[Told, ...]:
    def handle(link: socket.socket) -> None:
        link.recv(65_536)
        send(link, info(*voices))

    with serving(handle) as server:
        return wyoming.described(Server(f"tcp://{server.host}", 1.0), StopSignal())


def test_a_text_becomes_sound() -> None:
    asked: list[Event] = []
    samples, rate_hz = said(wyoming_server(asked=asked))
    assert rate_hz == RATE_HZ
    expected = np.frombuffer(pcm(), "<i2") / 32768
    assert samples == pytest.approx(expected, abs=1e-6)
    [event] = asked
    assert event.type == "synthesize"
    assert event.data == {"text": "Hello.", "voice": {"name": "en_US-amy-low"}}


def test_two_channels_become_one_and_wide_samples_are_read() -> None:
    shape = {"rate": 16_000, "width": 4, "channels": 2}
    frames = np.array([[1 << 30, 0], [-(1 << 30), -(1 << 30)]], "<i4")
    answer = (Event("audio-chunk", shape, frames.tobytes()), Event("audio-stop", {}))
    samples, rate_hz = said(wyoming_server(*answer))
    assert (samples.tolist(), rate_hz) == ([0.25, -0.5], 16_000)


def test_what_stands_in_the_header_counts_too() -> None:
    start = json.dumps({"type": "audio-start", "data": SHAPE}).encode() + b"\n"
    chunk = Event("audio-chunk", SHAPE, pcm()).encoded()
    samples, _ = said(raw(start + chunk + b'{"type": "audio-stop"}\n'))
    assert len(samples) == RATE_HZ // 2


def test_events_that_are_not_awaited_are_passed_over() -> None:
    samples, _ = said(wyoming_server(Event("ping", {"text": "?"}), *GOOD))
    assert len(samples) == RATE_HZ // 2


def test_voices_are_told_and_speakers_are_voices_of_their_own() -> None:
    several = {
        "name": "zh_CN-many",
        "languages": ["zh_CN", "zh_TW"],
        "speakers": [{"name": "a"}, {"name": "b"}],
    }
    absent = {"name": "en_GB-far", "languages": ["en_GB"], "installed": False}
    assert told(AMY, several, absent) == (
        Told("en_US-amy-low", ("en",)),
        Told("zh_CN-many", ("zh",), "a"),
        Told("zh_CN-many", ("zh",), "b"),
    )


@pytest.mark.parametrize(
    "voice",
    [
        {},
        {"name": 7, "languages": ["en"]},
        {"name": ""},
        {"name": "x", "languages": "en"},
        {"name": "y", "languages": [None, 3], "speakers": "many"},
    ],
)
def test_misshapen_voices_read_no_language_or_are_left_out(voice: dict[str, object]) -> None:
    assert all(not found.languages for found in told(voice))
    assert told(voice, AMY)[-1].name == "en_US-amy-low"


HTML = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>no</html>"
CHUNK = Event("audio-chunk", SHAPE, pcm())
BROKEN: dict[str, tuple[Handler, str]] = {
    "half header": (raw(b'{"type": "audio-st'), "cut off"),
    "endless header": (raw(b"x" * 70_000), "no end|Wyoming"),
    "half payload": (raw(CHUNK.encoded()[:-100]), "broke off"),
    "closed": (raw(b""), "broke off"),
    "no stop": (raw(b"".join(e.encoded() for e in GOOD[:2])), "broke off"),
    "html": (raw(HTML), "Wyoming"),
    "bytes": (raw(bytes(range(256)) + b"\n"), "Wyoming"),
    "a list": (raw(b"[1, 2]\n"), "Wyoming"),
    "deep": (raw(b"[" * 60_000 + b"\n"), "Wyoming"),
    "no type": (raw(b'{"data": {}}\n'), "Wyoming"),
    "a huge payload": (raw(b'{"type": "audio-chunk", "payload_length": 99999999999}\n'), "bytes"),
    "a negative payload": (raw(b'{"type": "audio-chunk", "payload_length": -5}\n'), "bytes"),
    "payload by a word": (raw(b'{"type": "audio-chunk", "payload_length": "9"}\n'), "bytes"),
    "no sound": (wyoming_server(Event("audio-stop", {})), "no sound"),
    "no rate": (wyoming_server(Event("audio-start", {"width": 2, "channels": 1})), "rate"),
    "a rate of 0": (wyoming_server(Event("audio-start", SHAPE | {"rate": 0})), "rate"),
    "a rate of 1e9": (wyoming_server(Event("audio-start", SHAPE | {"rate": 10**9})), "rate"),
    "24 bits": (wyoming_server(Event("audio-start", SHAPE | {"width": 3})), "channels"),
    "5 channels": (wyoming_server(Event("audio-start", SHAPE | {"channels": 5})), "channels"),
    "another rate": (
        wyoming_server(GOOD[0], Event("audio-chunk", SHAPE | {"rate": 8000}, pcm())),
        "changes its rate",
    ),
    "endless sound": (wyoming_server(*[CHUNK] * 200), "no end"),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_what_is_no_speech_is_told_apart(case: str) -> None:
    handler, says = BROKEN[case]
    with pytest.raises(RemoteError, match=says) as caught:
        said(handler)
    assert caught.value.fault == "broken"


def test_a_refusal_is_passed_on() -> None:
    with pytest.raises(RemoteError, match="no such voice") as caught:
        said(wyoming_server(Event("error", {"text": "no such voice"})))
    assert caught.value.fault == "refused"


def test_a_server_that_says_nothing_is_given_up() -> None:
    with pytest.raises(RemoteError) as caught:
        said(silent, timeout_s=0.2)
    assert caught.value.fault == "timeout"
