"""Client of speech servers with OpenAI's ``POST /v1/audio/speech``.

Many servers for the local network offer it. WAV is asked for, since it tells its own rate; where
raw PCM comes, it is taken for what OpenAI's own is: 24 kHz, 16 bits, mono.
"""

import http.client
import json
import socket
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.speech.decode import AudioFileError, decode
from kiosk.speech.remote_link import MAX_BYTES, MAX_SPEECH_S, RemoteError, Server, linked
from kiosk.speech.stop import StopSignal

PCM_RATE_HZ: Final = 24_000

_PCM_TYPES: Final = ("audio/pcm", "audio/l16", "audio/x-pcm")
_READ_BYTES: Final = 65_536


def synthesized(
    server: Server, key: str, model: str, voice: str, text: str, rate: float, stop: StopSignal
) -> tuple[FloatArray, int]:
    """*text* as *server* speaks it: mono samples, and their rate in hertz.

    Args:
        server: whom to ask.
        key: sent as bearer token if not empty.
        model: asked for.
        voice: asked for.
        text: one phrase.
        rate: speaking rate.
        stop: gives the work up when set.

    Raises:
        RemoteError: it does not answer, refuses, or with something that is no speech.
        VoiceError: it was stopped.
    """
    wanted: dict[str, object] = {"model": model, "voice": voice, "input": text}
    wanted |= {"response_format": "wav", "speed": rate}
    headers = {"Content-Type": "application/json", "Accept": "audio/wav, audio/*"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = json.dumps(wanted, ensure_ascii=False).encode()
    with linked(server, stop) as link:
        kind, content = _answer(server, link, body, headers)
    return _samples(kind, content)


class _Linked(http.client.HTTPConnection):
    """HTTP over a connection that is there: no proxy of the environment, no address of its own."""

    def __init__(self, server: Server, link: socket.socket) -> None:
        super().__init__(server.host, server.port)
        self.sock = link


def _answer(
    server: Server, link: socket.socket, body: bytes, headers: dict[str, str]
) -> tuple[str, bytes]:
    """Content type and content. A redirection is not followed: it would lead to another host."""
    connection = _Linked(server, link)
    try:
        connection.request("POST", f"{server.path}/v1/audio/speech", body, headers)
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise RemoteError("refused", f"it answers {answer.status} {answer.reason[:60]}")
        return answer.headers.get_content_type(), _content(answer)
    except http.client.HTTPException as error:
        raise RemoteError("broken", f"its answer is cut off or no HTTP ({error!r:.60})") from error
    finally:
        connection.close()


def _content(answer: http.client.HTTPResponse) -> bytes:
    content = bytearray()
    while part := answer.read(_READ_BYTES):
        content += part
        if len(content) > MAX_BYTES:
            raise RemoteError("broken", "its sound has no end")
    if answer.length:  # announced, but it did not come
        raise RemoteError("broken", "its answer is cut off")
    return bytes(content)


def _samples(kind: str, content: bytes) -> tuple[FloatArray, int]:
    if kind in _PCM_TYPES:
        whole = content[: len(content) // 2 * 2]
        if len(whole) > 2 * PCM_RATE_HZ * MAX_SPEECH_S:
            raise RemoteError("broken", "its sound has no end")
        return np.frombuffer(whole, "<i2").astype(np.float32) * np.float32(2**-15), PCM_RATE_HZ
    try:
        chunks = list(decode(content, max_duration_s=MAX_SPEECH_S))
    except AudioFileError as error:
        raise RemoteError("broken", f"it sends {kind}, which is no sound that plays") from error
    return np.concatenate(chunks), SAMPLE_RATE_HZ
