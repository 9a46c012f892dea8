"""Barge-in: a visitor who speaks is heard at a stage, may interrupt it, and is listened to.

One stands between each connected source of visitors' speech and its stage, for as long as the
source is connected: without one, no ear costs anything.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from engine.media import FloatArray
from kiosk.config_listen import ListenSettings
from kiosk.events import EventHub
from kiosk.listen.ear import Ear
from kiosk.stage import Stage
from kiosk.stage_events import StageEvents

logger = logging.getLogger(__name__)

LINGER_S: Final = 0.8
"""How long she goes on listening after the visitor has stopped: people pause within a thought."""

DEAF_S: Final = 1.0
"""An ear that fails hears nothing for so long: a fault that stays must not fill the log."""


class Speech(Protocol):
    """What a visitor says; see ``listen.endpoint.VisitorSpeech``."""

    @property
    def started_s(self) -> float:
        """When it began, in seconds of what was heard."""
        ...

    @property
    def ended_s(self) -> float | None:
        """When it ended; None while it goes on."""
        ...

    @property
    def audio(self) -> FloatArray:
        """Mono at 16 kHz, shape (samples,), from a little before the beginning."""
        ...


class KnowsEcho(Protocol):
    """What is needed of an ear; see ``listen.ear.Ear``."""

    def hear(self, samples: FloatArray) -> None:
        """Take in what the microphone gives: mono at 16 kHz, any length."""
        ...

    def played(self, samples: FloatArray) -> None:
        """Take in what the avatar emits: mono at 48 kHz, a packet."""
        ...


OnSpeech = Callable[[Speech], None]
MakeEar = Callable[[ListenSettings, OnSpeech, OnSpeech], KnowsEcho]
"""Settings, called when a visitor starts to speak, called when that has ended."""


class BargeIn:
    """An ear at a stage. For the event loop; nothing that is heard makes it raise."""

    def __init__(
        self, stage: Stage, hub: EventHub, settings: ListenSettings, make_ear: MakeEar = Ear
    ) -> None:
        """Begin to listen.

        Args:
            stage: who is spoken to; ``stage.hearing`` says whether that interrupts.
            hub: is told of the visitor.
            settings: how well the ear hears.
            make_ear: makes one; a fake in tests.
        """
        self._stage = stage
        self._events = StageEvents(hub, stage.name, stage.clock)
        self._settings = settings
        self._make_ear = make_ear
        self._ear = self._new_ear()
        self._loop = asyncio.get_running_loop()
        self._speaking_since_s: float | None = None
        """Loop time; None while no visitor speaks."""
        self._listens_until_s = 0.0
        self._deaf_until_s = 0.0
        self._attending = False
        self._source = secrets.token_hex(4)
        """Tells the visitors of one stage apart."""
        self.closed = False
        stage.played.append(self._played)

    def hear(self, samples: FloatArray) -> None:
        """Take in what the visitor's microphone gives: mono at 16 kHz, any length."""
        if not self.closed:
            self._do(lambda: self._ear.hear(samples))

    def close(self) -> None:
        """Listen no more; may be called again."""
        if self.closed:
            return
        self.closed = True
        self._stage.played.remove(self._played)
        self._break_off()
        self._listens_until_s = 0.0
        self._turn()

    def _new_ear(self) -> KnowsEcho:
        return self._make_ear(self._settings, self._started, self._ended)

    def _played(self, samples: FloatArray) -> None:
        self._do(lambda: self._ear.played(samples))
        self._turn()

    def _do(self, work: Callable[[], None]) -> None:
        """Let the ear do *work*; one that fails is replaced, and stage and source go on."""
        if self._loop.time() < self._deaf_until_s:
            return
        try:
            work()
        except Exception:
            logger.exception("stage %s: its ear failed and is replaced", self._stage.name)
            self._deaf_until_s = self._loop.time() + DEAF_S
            self._break_off()
            self._ear = self._new_ear()

    def _started(self, _speech: Speech) -> None:
        """A visitor speaks: silence first, then all the rest."""
        interrupted = None
        if self._stage.hearing.barge_in and self._stage.speaking:
            interrupted = self._stage.interrupt()
        self._speaking_since_s = self._loop.time()
        self._turn(silenced=interrupted is not None)
        self._stage.visitors.speaks(self, True)
        utterance = interrupted.utterances[0] if interrupted and interrupted.utterances else None
        characters = interrupted.characters_spoken if interrupted else 0
        self._events.tell(
            {
                "type": "visitor",
                "event": "started",
                "source": self._source,
                "interrupted": utterance,
                "characters_spoken": characters,
            }
        )

    def _ended(self, speech: Speech) -> None:
        ended_s = speech.started_s if speech.ended_s is None else speech.ended_s
        self._end(round((ended_s - speech.started_s) * 1000.0), speech.audio)

    def _break_off(self) -> None:
        """The ear is gone: a speech that goes on ends here, without its sound."""
        if self._speaking_since_s is not None:
            self._end(round((self._loop.time() - self._speaking_since_s) * 1000.0), None)

    def _end(self, duration_ms: int, sound: FloatArray | None) -> None:
        self._speaking_since_s = None
        self._listens_until_s = self._loop.time() + LINGER_S
        self._stage.visitors.speaks(self, False)
        event = {"type": "visitor", "event": "ended", "source": self._source}
        told = {**event, "duration_ms": duration_ms, "complete": sound is not None}
        self._events.tell(told, sound)

    def _turn(self, silenced: bool = False) -> None:
        """Turn her to the visitor while that one speaks and a moment longer; not while she does.

        Args:
            silenced: she was interrupted just now; the last of her voice is still on its way.
        """
        spoken_to = self._speaking_since_s is not None or self._loop.time() < self._listens_until_s
        quiet = silenced or not self._stage.speaking
        attends = self._stage.hearing.attend and spoken_to and quiet
        if attends != self._attending:
            self._attending = attends
            self._stage.attend(attends, to=self)
