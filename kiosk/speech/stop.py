"""Stops work that another thread is in the middle of."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from kiosk.speech.voice import Speech, Voice


class StopSignal:
    """Set once, from any thread; tells whoever is at work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        self._set = False

    @property
    def is_set(self) -> bool:
        """Whether the work should stop."""
        return self._set

    def set(self) -> None:
        """Stop the work."""
        with self._lock:
            self._set = True
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call *callback* when the signal is set within the block; at once if it is already."""
        with self._lock:
            already = self._set
            self._callbacks.append(callback)
        if already:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)


@runtime_checkable
class StoppableVoice(Protocol):
    """A voice whose work can be stopped half way."""

    def speak_until(self, text: str, rate: float, stop: StopSignal) -> Speech:
        """As ``Voice.speak``; raises ``VoiceError`` soon after *stop* is set."""
        ...


def speak(voice: Voice, text: str, rate: float, stop: StopSignal) -> Speech:
    """Have *voice* speak *text*, stopping half way if it can and *stop* is set.

    Raises:
        VoiceError: it was stopped, or the phrase cannot be spoken.
    """
    if isinstance(voice, StoppableVoice):
        return voice.speak_until(text, rate, stop)
    return voice.speak(text, rate)
