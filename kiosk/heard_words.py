"""The words of captions, one by one, as they are heard."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from engine.timeline import samples, seconds
from kiosk.speech_queue import Caption, SpeechEvent


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


def spoken_characters(captions: list[SpeechEvent], pts: int) -> int:
    """How many characters of an utterance had been said at *pts*, to the last whole word.

    Args:
        captions: the caption events of one utterance, in order.
        pts: where it was cut.
    """
    spoken = 0
    for event in captions:
        if event.caption is None or event.pts >= pts:
            continue
        elapsed_s = seconds(pts - event.pts)
        if elapsed_s >= event.caption.duration_s:
            spoken = event.caption.char_end
        else:
            spoken = event.caption.char_start + _characters_said(event.caption, elapsed_s)
    return spoken


def _characters_said(caption: Caption, elapsed_s: float) -> int:
    said = 0
    for word, (_, char_end) in zip(caption.words, word_spans(caption), strict=True):
        if word.end_s <= elapsed_s:
            said = char_end - caption.char_start
    return said


def word_spans(caption: Caption) -> list[tuple[int, int]]:
    """Where each word of *caption* lies in the utterance's text: (char_start, char_end)."""
    spans, position, length = [], 0, len(caption.text)
    for word in caption.words:
        found = caption.text.find(word.text, position)
        start = min(found if found >= 0 else position, length)
        position = min(start + len(word.text), length)
        spans.append((caption.char_start + start, caption.char_start + position))
    return spans
