"""A voice of another machine, with a local one that stands in when it fails."""

import collections
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Literal

import numpy as np

from engine.media import FloatArray
from kiosk.speech import loudness, reshape
from kiosk.speech.delivery import Delivery
from kiosk.speech.manner import Manner
from kiosk.speech.remote_link import Fault, RemoteError
from kiosk.speech.sentences import HAN_LETTER
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Speech, Voice, VoiceInfo, WordTime

Outcome = Literal["spoken", "timeout", "refused", "broken", "resting"]
"""What became of a phrase; all but the first were spoken by the local voice. ``resting``: the
server had failed shortly before and was not asked."""

Synthesize = Callable[[str, float, StopSignal], tuple[FloatArray, int]]
"""Text, rate and stop signal to mono samples and their rate in hertz; raises ``RemoteError``."""

_SILENCE: Final = 1e-3
"""Nothing of it is as loud as this: it says nothing."""

_log: Final = logging.getLogger(__name__)


class Counts:
    """What became of the phrases asked of remote voices. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: collections.Counter[Outcome] = collections.Counter()

    def add(self, outcome: Outcome) -> None:
        """Count one phrase."""
        with self._lock:
            self._counts[outcome] += 1

    def read(self) -> dict[Outcome, int]:
        """The numbers so far."""
        with self._lock:
            return dict(self._counts)


class Breaker:
    """Leaves a server alone for a while after it failed. Thread-safe."""

    def __init__(
        self, address: str, retry_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Closed: the server is asked.

        Args:
            address: of the server, for the log.
            retry_s: how long it is left alone.
            clock: seconds that never go back.
        """
        self._address = address
        self._retry_s = retry_s
        self._clock = clock
        self._lock = threading.Lock()
        self._until_s = float("-inf")
        self._failing = False

    @property
    def resting(self) -> bool:
        """Whether the server is to be left alone."""
        with self._lock:
            return self._clock() < self._until_s

    def failed(self, reason: object) -> None:
        """Note a failure; logged when it is the first since all was well."""
        with self._lock:
            self._until_s = self._clock() + self._retry_s
            told, self._failing = self._failing, True
        if not told:
            _log.warning(
                "%s: %s: the local voice speaks instead, the server is tried again every %g s",
                self._address,
                reason,
                self._retry_s,
            )

    def succeeded(self) -> None:
        """Note that it works."""
        with self._lock:
            self._until_s = float("-inf")
            told, self._failing = self._failing, False
        if told:
            _log.warning("%s: speaks again", self._address)


class RemoteVoice:
    """One voice of a server. Implements ``Voice`` and ``MannerVoice``."""

    def __init__(
        self,
        info: VoiceInfo,
        synthesize: Synthesize,
        stand_in: Callable[[str], Voice],
        breaker: Breaker,
        counts: Counts,
        *,
        takes_rate: bool,
    ) -> None:
        """Nothing is asked yet.

        Args:
            info: who speaks.
            synthesize: asks the server.
            stand_in: the local voice for a text.
            breaker: of the server; its other voices share it.
            counts: where phrases are counted.
            takes_rate: whether the server speaks at the rate that it is asked for.
        """
        self._info = info
        self._synthesize = synthesize
        self._stand_in = stand_in
        self._breaker = breaker
        self._counts = counts
        self._takes_rate = takes_rate
        self._delivery = Delivery()

    @property
    def info(self) -> VoiceInfo:
        """Who is speaking."""
        return self._info

    @property
    def moves_pitch(self) -> bool:
        """Never: the protocols have no word for it."""
        return False

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        """Speak one phrase (see ``Voice.speak``)."""
        return self.speak_as(text, Manner(rate), StopSignal())

    def speak_as(self, text: str, manner: Manner, stop: StopSignal) -> Speech:
        """Speak one phrase in a *manner*, or have the local voice speak it."""
        if self._breaker.resting:
            return self._instead("resting", text, manner, stop)
        try:
            speech = self._asked(text, manner.rate, stop)
        except RemoteError as error:
            self._breaker.failed(error)
            return self._instead(error.fault, text, manner, stop)
        self._breaker.succeeded()
        self._counts.add("spoken")
        return speech

    def _asked(self, text: str, rate: float, stop: StopSignal) -> Speech:
        samples, rate_hz = self._synthesize(text, rate, stop)
        if not np.abs(samples).max(initial=0.0) > _SILENCE:  # not a number is no sound either
            raise RemoteError("broken", "it sends silence")
        if not self._takes_rate:
            samples = reshape.paced(samples, rate_hz, rate)
        first, end = loudness.speech_bounds(samples, rate_hz)
        heard = loudness.fade(loudness.level(samples[first:end], rate_hz), rate_hz)
        return Speech(text, heard, rate_hz, spread(text, len(heard) / rate_hz))

    def _instead(
        self, fault: Fault | Literal["resting"], text: str, manner: Manner, stop: StopSignal
    ) -> Speech:
        self._counts.add(fault)
        # Pitch and loudness are laid on by whoever asked this voice.
        own = replace(manner, pitch_semitones=0.0, pitch_range=1.0, loudness_db=0.0)
        speech = self._delivery.speak(self._stand_in(text), text, own, stop)
        return replace(speech, stand_in=True)


def spread(text: str, duration_s: float) -> tuple[WordTime, ...]:
    """Word times for a voice that tells none: evenly over the sound, by the words' letters."""
    words = list(_words(text))
    total = sum(len(word) for word in words)
    times: list[WordTime] = []
    said = 0
    for word in words:
        start_s = duration_s * said / total
        said += len(word)
        times.append(WordTime(word, start_s, duration_s * said / total))
    return tuple(times)


def _words(text: str) -> Iterable[str]:
    """Words as they are written, without marks; each Chinese character is one."""
    word = ""
    for character in text:
        if HAN_LETTER.match(character):
            yield from filter(None, (word, character))
            word = ""
        elif character.isalnum() or (word and character in "'’-.:"):
            word += character
        else:
            yield from filter(None, (word.rstrip("'’-.:"),))
            word = ""
    yield from filter(None, (word.rstrip("'’-.:"),))
