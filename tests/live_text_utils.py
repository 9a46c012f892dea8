"""What tests of live text share: tokens as a language model writes them, and a voice's clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk.speech import phrases
from kiosk.speech.graphemes import word_splitter
from kiosk.speech.live_text import LiveText, Wait
from kiosk.speech.pace import Pace
from kiosk.speech.phrases import Phrase
from tests.speech_utils import VOICES_DIR

_TOKEN: Final = re.compile(r"\s*[A-Za-z]{1,7}|\s*\d{1,3}|[一-鿿]{1,2}|\s*[^\w\s]|\s+|.", re.DOTALL)


def split_words(run: str) -> list[str]:
    """The words of Chinese, as the kiosk finds them."""
    return list(word_splitter(VOICES_DIR if VOICES_DIR.is_dir() else Path("/tmp"))(run))


def tokens(text: str) -> list[str]:
    """*text* cut as language models cut it: a space goes with the word after it."""
    return _TOKEN.findall(text)


@dataclass
class Told:
    """What became of a text that was streamed."""

    phrases: list[Phrase] = field(default_factory=list)
    first_sound_s: float = 0.0
    gaps_s: list[float] = field(default_factory=list)
    """Silence before each further phrase, beyond the pause that was meant."""


def stream(
    pieces: list[str],
    piece_s: float = 0.05,
    cost: float = 0.4,
    silence_s: float = 0.65,
    pace: Pace | None = None,
) -> Told:
    """Feed *pieces*, one each *piece_s*, to a voice that makes a second of sound in *cost*."""
    told, pace = Told(), pace or Pace()
    text = LiveText(split_words, pace)
    arrivals: Iterator[tuple[float, str]] = iter([(n * piece_s, p) for n, p in enumerate(pieces)])
    upcoming = next(arrivals, None)
    now_s = heard_s = 0.0
    while not text.over:
        while upcoming and upcoming[0] <= now_s:
            text.feed(upcoming[1], upcoming[0])
            upcoming = next(arrivals, None)
        if upcoming is None and not text.finished:
            text.finish()
        found = text.next(now_s, max(0.0, heard_s - now_s))
        if isinstance(found, Wait):
            now_s = min(now_s + found.duration_s, upcoming[0] if upcoming else now_s + 10.0)
            continue
        text.take(found)
        for phrase in phrases.within(text.text, found, text.language):
            text.language = phrase.language
            if not phrase.spoken:
                told.phrases.append(phrase)
                continue
            sounded_s = pace.duration_s(phrase.language, phrase.shown)
            now_s += cost * (sounded_s + silence_s)
            if told.phrases:
                told.gaps_s.append(max(0.0, now_s - heard_s))
            else:
                told.first_sound_s = now_s
            heard_s = max(now_s, heard_s) + sounded_s + phrase.pause_s
            told.phrases.append(phrase)
    return told
