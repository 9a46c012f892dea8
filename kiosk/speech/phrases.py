"""Splits text into phrases to be spoken one by one, each in one language.

The first phrase is short so that the voice starts at once; the following ones may be longer and
longer, for each is made while the one before it sounds. Everything is lazy: a long text costs no
more than the phrases that are taken from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from kiosk.speech.normalise import normalise
from kiosk.speech.sentences import (
    CLAUSE_PAUSE_S,
    CLOSERS,
    HAN,
    HAN_LETTER,
    Shield,
    Stretch,
    languages,
    sentences,
)

_LENGTHS: Final = (25, 40, 60, 90, 120)
"""Characters that the first, second … phrase may have if it can be cut at a clause."""

HANZI_WEIGHT: Final = 3
"""A Chinese character takes as long to say as this many Latin ones."""

HARD_LENGTH: Final = 160
"""Cut anywhere between words beyond this: the listener would wait for it too long."""

_FIRST_WORDS: Final = 4
"""A first phrase of at most this many words is never cut."""

CLAUSE_END: Final = re.compile(
    rf"[，；：、][{CLOSERS}]*|[,;:][{CLOSERS}]*(?=\s)|\s[-–—]++(?=\s)|——"
)
_WORD_OR_HAN: Final = re.compile(rf"[{HAN}]|[A-Za-zÀ-ɏ0-9]+")
SPEAKABLE: Final = re.compile(rf"[{HAN}A-Za-zÀ-ɏ0-9]")
_BETWEEN_WORDS: Final = re.compile(rf"\s+|(?<=[{HAN}])(?=[{HAN}])")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of text to be spoken in one breath and one language."""

    shown: str
    """As written, white space at the ends removed."""
    spoken: str
    """As it is read out."""
    language: str
    """ISO 639-1: ``en`` or ``zh``."""
    char_start: int
    """Where ``shown`` begins in the whole text."""
    char_end: int
    """Where it ends."""
    pause_s: float
    """Silence to leave after it."""


def speakable(text: str) -> bool:
    """Whether anything in *text* can be pronounced: Latin or Chinese letters, or digits."""
    return SPEAKABLE.search(text) is not None


def split(text: str, default_language: str = "en") -> Iterator[Phrase]:
    """Split *text* into phrases, lazily.

    The shown texts, joined, are *text* apart from white space; what cannot be spoken (an emoji, a
    row of stars) is shown with the phrase before it, or with the first one.

    Args:
        text: any text, Chinese, English or both.
        default_language: of a text with neither Chinese nor Latin letters.

    Yields:
        Phrases; none for a text with nothing to pronounce.
    """
    yield from _phrases(text, _runs(text, default_language), 0, len(text))


def within(text: str, stretch: Stretch, language: str) -> Iterator[Phrase]:
    """The phrases of *stretch*, which somebody else has cut: one for each run of one language.

    Args:
        text: the whole text.
        stretch: at most a sentence of it.
        language: of what was said before.

    Yields:
        Phrases, their places counted in *text*; a silent one (``spoken`` is empty) if nothing can
        be pronounced.
    """
    silent = True
    for phrase in _phrases(text, languages(text, stretch, language), stretch.start, stretch.end):
        silent = False
        yield phrase
    if silent and text[stretch.start : stretch.end].strip():
        yield _phrase(text, stretch.start, stretch, "", language)


def _phrases(
    text: str, runs: Iterator[tuple[Stretch, str]], start: int, end: int
) -> Iterator[Phrase]:
    """The phrases of *runs*, which are in order and lie between *start* and *end*."""
    held: Phrase | None = None
    # *start* is where unspoken text waits for its phrase.
    for stretch, language in runs:
        spoken = _spoken(text, stretch, language)
        if not SPEAKABLE.search(spoken):
            if held:
                held = _extended(held, text, stretch)
                start = held.char_end
            continue
        if held:
            yield held
        held = _phrase(text, start, stretch, spoken, language)
        start = held.char_end
    if held:
        yield _extended(held, text, Stretch(end, end, held.pause_s))


def _spoken(text: str, stretch: Stretch, language: str) -> str:
    if not SPEAKABLE.search(text, stretch.start, stretch.end):
        return ""
    return normalise(text[stretch.start : stretch.end], language)


def _phrase(text: str, start: int, stretch: Stretch, spoken: str, language: str) -> Phrase:
    shown = text[start : stretch.end]
    first = start + len(shown) - len(shown.lstrip())
    shown = shown.strip()
    return Phrase(shown, spoken, language, first, first + len(shown), stretch.pause_s)


def _extended(phrase: Phrase, text: str, stretch: Stretch) -> Phrase:
    shown = text[phrase.char_start : stretch.end].rstrip()
    end = phrase.char_start + len(shown)
    pause_s = max(phrase.pause_s, stretch.pause_s)
    return replace(phrase, shown=shown, char_end=end, pause_s=pause_s)


def _runs(text: str, default_language: str) -> Iterator[tuple[Stretch, str]]:
    """Stretches in one language, short enough, in order."""
    count = 0
    latest = default_language
    for sentence in sentences(text):
        for run, language in languages(text, sentence, latest):
            latest = language
            rest: Stretch | None = run
            while rest:
                limit = _LENGTHS[min(count, len(_LENGTHS) - 1)]
                piece, rest = _cut(text, rest, limit, first=count == 0)
                yield piece, language
                count += bool(SPEAKABLE.search(text, piece.start, piece.end))


def _cut(text: str, stretch: Stretch, limit: int, *, first: bool) -> tuple[Stretch, Stretch | None]:
    """The beginning of *stretch*, up to the best place to cut it, and the rest."""
    weight = _weight(text, stretch)
    few = first and weight <= HARD_LENGTH and _words(text, stretch) <= _FIRST_WORDS
    if weight <= limit or few:
        return stretch, None
    end = _clause_end(text, stretch, limit)
    if end is None:
        end, pause_s = word_end(text, stretch), 0.0
    else:
        pause_s = CLAUSE_PAUSE_S
    if end is None or not text[end : stretch.end].strip():
        return stretch, None
    return Stretch(stretch.start, end, pause_s), stretch._replace(start=end)


def _clause_end(text: str, stretch: Stretch, limit: int) -> int | None:
    """The last clause mark within *limit*, else the first one after it."""
    best: int | None = None
    whole = Shield(text, stretch.start, _window(stretch))
    for mark in CLAUSE_END.finditer(text, stretch.start, _window(stretch)):
        if whole.covers(mark.start()) or not SPEAKABLE.search(text, stretch.start, mark.start()):
            continue
        weight = _weight(text, Stretch(stretch.start, mark.end(), 0.0))
        if weight > limit and best is not None:
            return best
        if weight > HARD_LENGTH:
            return None
        best = mark.end()
        if weight > limit:
            return best
    return best


def _window(stretch: Stretch) -> int:
    """How far to look for a place to cut: never far beyond what one phrase may have."""
    return min(stretch.end, stretch.start + 2 * HARD_LENGTH)


def word_end(text: str, stretch: Stretch) -> int | None:
    """The last place between words before the hard limit; None if all of it is within.

    What has no place between words (a very long number) is cut at the limit.
    """
    if _weight(text, stretch) <= HARD_LENGTH:
        return None
    best = stretch.start + HARD_LENGTH // HANZI_WEIGHT
    whole = Shield(text, stretch.start, _window(stretch))
    for gap in _BETWEEN_WORDS.finditer(text, stretch.start + 1, _window(stretch)):
        if _weight(text, Stretch(stretch.start, gap.end(), 0.0)) > HARD_LENGTH:
            break
        if not whole.covers(gap.start()):
            best = gap.end()
    return best


def _weight(text: str, stretch: Stretch) -> int:
    """Length in Latin characters' worth of speaking time."""
    part = text[stretch.start : _window(stretch)].strip()
    han = len(HAN_LETTER.findall(part))
    return len(part) + (HANZI_WEIGHT - 1) * han


def _words(text: str, stretch: Stretch) -> int:
    return sum(1 for _ in _WORD_OR_HAN.finditer(text, stretch.start, stretch.end))
