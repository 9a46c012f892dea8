"""The words of captions, one by one, as they are heard."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from engine.timeline import samples
from kiosk.speech_queue import SpeechEvent, word_spans


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word at the sample at which it begins to be heard."""

    utterance: str
    text: str
    char_start: int
    char_end: int
    """Where it lies in the utterance's text."""
    pts: int


class HeardWords:
    """Words between the write head and the play head, in order."""

    def __init__(self) -> None:
        self._ahead: deque[HeardWord] = deque()

    def add(self, event: SpeechEvent) -> None:
        """Take the words of a caption that was just placed on the timeline."""
        if event.caption is None:
            return
        for word, span in zip(event.caption.words, word_spans(event.caption), strict=True):
            pts = event.pts + samples(word.start_s)
            self._ahead.append(HeardWord(event.utterance, word.text, *span, pts))

    def before(self, pts: int) -> Iterator[HeardWord]:
        """Take those that begin before *pts*."""
        while self._ahead and self._ahead[0].pts < pts:
            yield self._ahead.popleft()

    def remove(self, utterance: str) -> None:
        """Those of *utterance* will not be heard."""
        self._ahead = deque(word for word in self._ahead if word.utterance != utterance)

    def clear(self) -> None:
        """What is ahead will not be heard."""
        self._ahead.clear()
