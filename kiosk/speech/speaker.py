"""Turns texts into speech, phrase by phrase, on one thread of its own.

The first phrase sounds while the next is made. The thread stays at most ``max_ahead_s`` ahead of
whoever listens; of several texts it serves the one whose listener would first run dry, so a new
one never waits for the rest of a long one.
"""

import asyncio
import logging
import threading
import time
from typing import Final

import numpy as np

from kiosk.speech import captions, phrases
from kiosk.speech.delivery import Delivery
from kiosk.speech.live_request import LiveRequest
from kiosk.speech.manner import Manner
from kiosk.speech.pace import Pace
from kiosk.speech.phrases import Phrase
from kiosk.speech.prepared import PreparedSpeech
from kiosk.speech.registry import Voices
from kiosk.speech.request import SpeechRequest, SpeechTextError, SpokenPhrase
from kiosk.speech.stop import StoppableVoice
from kiosk.speech.voice import Speech, VoiceError

MAX_CHARACTERS: Final = 20_000
"""Longest text of one request: about twenty minutes."""

LONGEST_WAIT_S: Final = 60.0
"""Nothing is due: look again then, though nobody called."""

SILENCE: Final = Speech("", np.zeros(0, np.float32), 24_000)
"""Of what is shown and cannot be pronounced."""

__all__ = ["Speaker", "SpeechRequest", "SpeechTextError", "SpokenPhrase", "StoppableVoice"]

_log: Final = logging.getLogger(__name__)


class Speaker:
    """The speech thread and what waits for it."""

    def __init__(
        self,
        voices: Voices,
        max_ahead_s: float = 8.0,
        max_characters: int = MAX_CHARACTERS,
        prepared: PreparedSpeech | None = None,
    ) -> None:
        """The thread starts with the first text.

        Args:
            voices: who can speak.
            max_ahead_s: how much speech may wait for its listener.
            max_characters: longest text of one request.
            prepared: phrases that need not be made anew.
        """
        self._prepared = prepared or PreparedSpeech()
        self._delivery = Delivery()
        self._voices = voices
        self._max_ahead_s = max_ahead_s
        self._max_characters = max_characters
        self._pace = Pace()
        self._changed = threading.Condition()
        self._requests: list[SpeechRequest] = []
        self._thread: threading.Thread | None = None
        self._closing = False
        self._splits = False
        """Whether the splitter of Chinese words is there."""

    def say(
        self,
        text: str,
        voice: str | None = None,
        manner: Manner = Manner(),  # noqa: B008 -- frozen
    ) -> SpeechRequest:
        """Begin to speak *text*.

        Args:
            text: English, Chinese or both.
            voice: who speaks; stretches in a language that it does not read are given to a voice
                of the same gender that does.
            manner: how; see ``manner.LIMITS``.

        Raises:
            SpeechTextError: there is nothing to say in *text*, or it is too long.
            VoiceError: *voice* is unknown, there are no voices, or *manner* is out of bounds.
        """
        self._check(text, voice, manner)
        request = SpeechRequest(phrases.split(text), voice, manner, self._changed)
        self._add(request)
        return request

    def stream(
        self,
        voice: str | None = None,
        manner: Manner = Manner(),  # noqa: B008 -- frozen
    ) -> LiveRequest:
        """Begin to speak a text that is yet to come: feed it to what is returned.

        Args:
            voice: as for ``say``.
            manner: as for ``say``.

        Raises:
            VoiceError: as for ``say``.
        """
        self._check_voice(voice, manner)
        request = LiveRequest(
            voice, manner, self._changed, self._pace, self._voices.words, self._max_characters
        )
        self._add(request)
        return request

    def _add(self, request: SpeechRequest) -> None:
        with self._changed:
            if self._closing:
                raise VoiceError("the speaker is closed; remedy: start the kiosk again")
            self._requests.append(request)
            self._start()
            self._changed.notify_all()

    def close(self) -> None:
        """Cancel everything and stop the thread."""
        with self._changed:
            self._closing = True
            requests = list(self._requests)
            self._changed.notify_all()
        for request in requests:
            request.cancel()
        if self._thread:
            self._thread.join()

    async def aclose(self) -> None:
        """``close`` without holding up the event loop."""
        await asyncio.to_thread(self.close)

    def _check(self, text: str, voice: str | None, manner: Manner) -> None:
        if len(text) > self._max_characters:
            raise SpeechTextError(
                f"the text has {len(text)} characters, the limit is {self._max_characters}: "
                "send it in parts"
            )
        if not text.strip():
            raise SpeechTextError("the text is empty: send words to speak")
        if not phrases.speakable(text):
            raise SpeechTextError(
                "nothing in the text can be pronounced: send English or Chinese words, or numbers"
            )
        self._check_voice(voice, manner)

    def _check_voice(self, voice: str | None, manner: Manner) -> None:
        if fault := manner.fault():
            raise VoiceError(fault)
        self._voices.check(voice)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="speech", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (request := self._next_request()) is not None:
            try:
                self._speak_next(request)
            except (VoiceError, SpeechTextError) as error:
                request.fail(error)
            except Exception as error:
                _log.exception("speech failed")
                request.fail(VoiceError(f"speech failed: {error!r}; see the log"))

    def _next_request(self) -> SpeechRequest | None:
        """The most urgent request, as soon as there is one; None when closing."""
        while True:
            with self._changed:
                while not self._lacks_words():
                    if self._closing:
                        return None
                    due, soonest_s = self._due()
                    if due:
                        return min(due, key=lambda request: (not request.wanted, request.unheard_s))
                    self._changed.wait(min(soonest_s, LONGEST_WAIT_S))
            # Not within the lock, which feeding a text takes on the event loop.
            self._load_words()

    def _due(self) -> tuple[list[SpeechRequest], float]:
        """Those with a phrase to speak now, and how long until there is one of the others."""
        self._requests = [request for request in self._requests if not request.closed]
        due, soonest_s = list[SpeechRequest](), LONGEST_WAIT_S
        for request in self._requests:
            if request.ahead_s >= self._max_ahead_s:
                continue
            try:
                wait_s = request.wait_s()
            except Exception as error:
                _log.exception("a text cannot be cut into phrases")
                request.fail(VoiceError(f"speech failed: {error!r}; see the log"))
                continue
            if wait_s <= 0:
                due.append(request)
            soonest_s = min(soonest_s, wait_s)
        return due, soonest_s

    def _lacks_words(self) -> bool:
        """Whether a text will be asked for its Chinese words and they cannot be told yet."""
        return not (self._splits or self._closing) and any(
            request.splits_words for request in self._requests
        )

    def _load_words(self) -> None:
        self._splits = True
        try:
            self._voices.words("您好")
        except Exception:
            _log.exception("Chinese words cannot be told apart")  # whoever asks for them fails

    def _speak_next(self, request: SpeechRequest) -> None:
        taken = request.take_phrase()
        if taken is None:
            request.exhausted()
            return
        phrase, final = taken
        speech = self._speech(request, phrase) if phrase.spoken else SILENCE
        request.add(phrase, captions.captioned(speech, phrase.shown), final)

    def _speech(self, request: SpeechRequest, phrase: Phrase) -> Speech:
        voice = self._voices.for_language(phrase.language, request.voice)
        name = voice.info.name
        speech = self._prepared.get(name, phrase.spoken, request.manner)
        if speech is None:
            begun_s = time.monotonic()
            speech = self._delivery.speak(voice, phrase.spoken, request.manner, request.stop)
            made_s, sounded_s = time.monotonic() - begun_s, speech.duration_s * request.manner.rate
            self._pace.observe(phrase.language, phrase.shown, sounded_s, made_s)
            self._prepared.put(name, phrase.spoken, request.manner, speech)
        return speech
