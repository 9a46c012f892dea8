"""What a stage said and when: turns speech events into messages for viewers and counts them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from engine.timeline import SAMPLE_RATE_HZ, samples, seconds
from kiosk.broadcast import Message
from kiosk.heard_words import HeardWord, HeardWords, spoken_characters
from kiosk.metrics import Metrics
from kiosk.speech_queue import SpeechEvent


def media_ms(pts: int) -> float:
    """Milliseconds of media time at sample *pts*."""
    return round(pts * 1000.0 / SAMPLE_RATE_HZ, 1)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What an interruption ended."""

    utterances: tuple[str, ...]
    """In order; the first was being said."""
    pts: int
    """Where the sound was cut."""
    characters_spoken: int
    """Of the utterance that was being said."""


class Transcript:
    """Speech events between the write head and the play head, and their messages."""

    def __init__(
        self,
        send: Callable[[Message], None],
        metrics: Metrics,
        tell: Callable[[Message], None] = lambda _: None,
    ) -> None:
        """Make an empty transcript.

        Args:
            send: gives a message to every viewer.
            metrics: counts utterances.
            tell: takes what becomes of utterances, and every word as it is heard.
        """
        self._send = send
        self._tell = tell
        self._words = HeardWords()
        self._metrics = metrics
        self._ahead: deque[SpeechEvent] = deque()
        self._captions: list[SpeechEvent] = []
        self.utterance: str | None = None
        """The utterance that is heard now."""

    def add(self, event: SpeechEvent) -> None:
        """Take an event that was just placed on the timeline, ahead of the play head."""
        self._ahead.append(event)
        if event.kind == "caption":
            self._captions.append(event)
            self._words.add(event)
            self._send(caption_message(event))

    def advance(self, play_pts: int) -> None:
        """Announce what has begun or ended by *play_pts*."""
        while self._ahead and self._ahead[0].pts <= play_pts:
            event = self._ahead.popleft()
            self._hear(event.pts)
            if event.kind == "started":
                self._start(event)
            elif event.kind in ("finished", "failed"):
                self._end(event)
        self._hear(play_pts)
        self._forget(play_pts)

    def interrupt(self, cut_pts: int, dropped: tuple[str, ...]) -> Interrupted:
        """Announce that all speech after *cut_pts* is gone.

        Args:
            cut_pts: where the sound ends.
            dropped: utterances that were still queued, in order.
        """
        ahead = [event.utterance for event in self._ahead]
        self._ahead.clear()
        self._words.clear()
        utterances = tuple(dict.fromkeys([*filter(None, [self.utterance]), *ahead, *dropped]))
        captions = self._captions
        self._captions = []
        characters_spoken = 0
        for position, utterance in enumerate(utterances):
            own = [event for event in captions if event.utterance == utterance]
            characters = spoken_characters(own, cut_pts)
            characters_spoken = characters if position == 0 else characters_spoken
            self._send(caption_clear_message(utterance, cut_pts))
            self._announce(utterance, "interrupted", cut_pts, characters)
        if utterances:
            self._set_idle(cut_pts)
        return Interrupted(utterances, cut_pts, characters_spoken)

    def begins(self, utterance: str) -> int | None:
        """The sample at which *utterance* will begin, if it is the last before the write head."""
        ahead = [event for event in self._ahead if event.kind == "started"]
        return ahead[-1].pts if ahead and ahead[-1].utterance == utterance else None

    def withdraw(self, utterance: str, pts: int, idle: bool) -> None:
        """Announce that *utterance*, which did not begin, will not be said.

        Args:
            utterance: which.
            pts: of the play head.
            idle: whether nothing else is to be said after what is on the timeline.
        """
        self._ahead = deque(event for event in self._ahead if event.utterance != utterance)
        self._captions = [event for event in self._captions if event.utterance != utterance]
        self._words.remove(utterance)
        self._send(caption_clear_message(utterance, pts))
        self._announce(utterance, "interrupted", pts, 0)
        if idle and self.utterance and not self._ahead:
            self._set_idle(pts)

    def current(self, play_pts: int) -> list[Message]:
        """What a viewer who joins now must know."""
        state = "speaking" if self.utterance else "idle"
        messages: list[Message] = [state_message(state, self.utterance, play_pts)]
        messages += [caption_message(event) for event in self._captions]
        return messages

    def _hear(self, pts: int) -> None:
        for word in self._words.before(pts):
            self._tell(word_message(word))

    def _start(self, event: SpeechEvent) -> None:
        self.utterance = event.utterance
        self._send(state_message("speaking", event.utterance, event.pts))
        self._announce(event.utterance, "started", event.pts, 0)

    def _end(self, event: SpeechEvent) -> None:
        own = [caption for caption in self._captions if caption.utterance == event.utterance]
        characters = max((c.caption.char_end for c in own if c.caption), default=0)
        if event.kind == "failed":
            self._send(
                {
                    "type": "error",
                    "code": "speech_failed",
                    "message": event.reason,
                    "remedy": "Try again, or choose another voice.",
                }
            )
        self._announce(event.utterance, event.kind, event.pts, characters, event.reason)
        if self.utterance in (event.utterance, None) and not self._ahead:
            self._set_idle(event.pts)

    def _set_idle(self, pts: int) -> None:
        self.utterance = None
        self._send(state_message("idle", None, pts))

    def _announce(
        self, utterance: str, event: str, pts: int, characters: int, reason: str = ""
    ) -> None:
        self._metrics.utterances.labels(event).inc()
        message: Message = {
            "type": "utterance",
            "utterance": utterance,
            "event": event,
            "media_ms": media_ms(pts),
            "characters_spoken": characters,
        }
        self._send(message)
        self._tell({**message, "reason": reason} if reason else message)

    def _forget(self, play_pts: int) -> None:
        """Drop captions that are over, but for those of the utterance being said."""
        self._captions = [
            event
            for event in self._captions
            if event.utterance == self.utterance or _end_pts(event) > play_pts
        ]


def _end_pts(event: SpeechEvent) -> int:
    return event.pts + (samples(event.caption.duration_s) if event.caption else 0)


def state_message(state: str, utterance: str | None, pts: int) -> Message:
    """The stage's state from *pts* on."""
    return {"type": "state", "state": state, "utterance": utterance, "media_ms": media_ms(pts)}


def word_message(word: HeardWord) -> Message:
    """A word that begins to be heard."""
    return {
        "type": "word",
        "utterance": word.utterance,
        "text": word.text,
        "char_start": word.char_start,
        "char_end": word.char_end,
        "media_ms": media_ms(word.pts),
    }


def caption_clear_message(utterance: str, pts: int) -> Message:
    """Captions of *utterance* after *pts* are void."""
    return {"type": "caption_clear", "utterance": utterance, "from_ms": media_ms(pts)}


def caption_message(event: SpeechEvent) -> Message:
    """A caption with the times of its words, in media time."""
    caption = event.caption
    assert caption is not None
    start_s = seconds(event.pts)

    def at_ms(offset_s: float) -> float:
        return round((start_s + offset_s) * 1000.0, 1)

    return {
        "type": "caption",
        "utterance": event.utterance,
        "index": event.index,
        "text": caption.text,
        "char_start": caption.char_start,
        "char_end": caption.char_end,
        "start_ms": at_ms(0.0),
        "end_ms": at_ms(caption.duration_s),
        "words": [
            {"text": word.text, "start_ms": at_ms(word.start_s), "end_ms": at_ms(word.end_s)}
            for word in caption.words
        ],
    }
