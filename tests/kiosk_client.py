"""A whole server with a fake engine and fake voices, for tests of the HTTP interface."""

import contextlib
from collections.abc import AsyncIterator, Iterator

from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from engine.pipeline import Pipeline, Synthesis
from engine.portrait.rig import Rig
from engine.synthesis.look import Look
from kiosk.api import ProblemError
from kiosk.app import Kiosk
from kiosk.config import Settings, load
from kiosk.inject import Faults
from kiosk.sources import LiveSource, Source
from kiosk.speech.manner import Wish
from kiosk.speech.remote import Outcome
from kiosk.speech.speaker import Speaker
from kiosk.speech.voice import VoiceInfo
from kiosk.speech_queue import Utterance
from tests.fakes import FakeSynthesis, InlineExecutor, fake_pipeline, utterance
from tests.speech_utils import FakeVoice, FakeVoices

KioskClient = TestClient[Request, Application]

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
"""Headers that ask for a WebSocket, for requests whose refusal is to be read."""


class FakeAvatars:
    """One avatar, *ada*, and what is lent."""

    def __init__(self) -> None:
        self.lent: dict[str, Rig] = {}
        self.forgotten: list[str] = []
        self.looks: list[tuple[int, int, Look]] = []

    def pipeline(self, name: str, width: int, height: int, look: Look | None = None) -> Pipeline:
        if name not in ("ada", "lin", *self.lent):
            raise ProblemError(404, "unknown_avatar", f"no avatar {name!r}", "there is: ada")
        return fake_pipeline(width, height)

    def synthesis(self, name: str, width: int, height: int, look: Look) -> Synthesis:
        self.looks.append((width, height, look))
        return FakeSynthesis(width, height)

    def warm_up(self, name: str, width: int, height: int) -> None:
        self.pipeline(name, width, height)

    def lend(self, name: str, rig: Rig) -> None:
        self.lent[name] = rig

    def forget(self, name: str) -> None:
        self.lent.pop(name, None)
        self.forgotten.append(name)


class FakeSource:
    """One second of tone."""

    def __init__(self, name: str) -> None:
        self.id = name

    def utterance(self) -> Utterance:
        return utterance(self.id, 1.0)


class FakeSpeech:
    """Speaks tones; remembers what was asked."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str | None, Wish]] = []
        self.played: list[bytes] = []
        self.failure: Exception | None = None
        self.prepared = False
        self.english, self.mandarin = FakeVoice("af_test"), FakeVoice("zf_test", "zh")
        self.max_characters = 20_000
        self.streamed: list[LiveSource] = []
        self._speaker: Speaker | None = None

    def voices(self) -> tuple[VoiceInfo, ...]:
        return (VoiceInfo("af_test", "kokoro", ("en",), "female", "Apache-2.0"),)

    def say(self, text: str, voice: str | None, wish: Wish) -> Source:
        if not text.strip():
            raise ProblemError(422, "unspeakable_text", "nothing to say", "send words")
        self.said.append((text, voice, wish))
        return FakeSource(f"u{len(self.said)}")

    def remote_phrases(self) -> dict[Outcome, int]:
        return {}

    async def play(self, data: bytes) -> Source:
        self.played.append(data)
        return FakeSource("file")

    def stream(self, voice: str | None, wish: Wish) -> LiveSource:
        if self._speaker is None:
            voices = FakeVoices(self.english, self.mandarin)
            self._speaker = Speaker(voices, max_characters=self.max_characters)
        self.streamed.append(LiveSource(self._speaker.stream(voice), InlineExecutor()))
        return self.streamed[-1]

    def warm_up(self, language: str) -> None:
        if self.failure:
            raise self.failure

    def prepare(self) -> Iterator[str]:
        self.prepared = True
        return iter(())

    def close(self) -> None:
        if self._speaker is not None:
            self._speaker.close()


def settings(**overrides: object) -> Settings:
    """The defaults with dotted keys (dots as double underscores) overridden; no file is read."""
    keys = {key.replace("__", "."): value for key, value in overrides.items()}
    keys.setdefault("video.width", 256)
    keys.setdefault("video.height", 256)
    return load(None, keys, {"KIOSK_CONFIG": "/dev/null"})


@contextlib.asynccontextmanager
async def kiosk_client(
    speech: FakeSpeech | None = None, faults: Faults | None = None, **overrides: object
) -> AsyncIterator[tuple[KioskClient, Kiosk]]:
    """A running server and a client of it."""
    kiosk = Kiosk(settings(**overrides), FakeAvatars(), speech or FakeSpeech(), faults=faults)
    async with TestClient(TestServer(kiosk.app)) as client:
        yield client, kiosk
