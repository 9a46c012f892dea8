"""Splits text into phrases to be spoken one by one, each in one language.

The first phrase is short so that the voice starts at once; the following ones may be longer and
longer, for each is made while the one before it sounds. Everything is lazy: a long text costs no
more than the phrases that are taken from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from kiosk.speech.normalise import normalise

SENTENCE_PAUSE_S: Final = 0.25
CLAUSE_PAUSE_S: Final = 0.12
PARAGRAPH_PAUSE_S: Final = 0.5

_LENGTHS: Final = (25, 40, 60, 90, 120)
"""Characters that the first, second … phrase may have if it can be cut at a clause."""

_HANZI_WEIGHT: Final = 3
"""A Chinese character takes as long to say as this many Latin ones."""

_HARD_LENGTH: Final = 160
"""Cut anywhere between words beyond this: the listener would wait for it too long."""

_FIRST_WORDS: Final = 4
"""A first phrase of at most this many words is never cut."""

_HAN: Final = "㐀-䶿一-鿿豈-﫿〇"
_LATIN_WORD: Final = r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*"
_EMBEDDED_WORDS: Final = 3
"""Up to this many Latin words within Chinese are left to the Mandarin voice."""

_WHOLE: Final = re.compile(
    r"(?:https?://|www\.)[^\s，。！？；、（）]+"
    r"|(?<![\w.+\-])[\w.+\-]++@[\w\-]+(?:\.[\w\-]+)+"
    r"|(?<!\d)\d++(?:[.,:/\-]\d+)+"
    r"|\b(?:Dr|Mr|Mrs|Ms|Prof|Rev|Gov|St|Jr|Sr|Rm|Bldg|Tel|Ext|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?"
    r"|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Fig|Vol)\.(?=\s*[\w(])"
    r"|\b[Nn]os?\.(?=\s*\d)"
    r"|\b(?:[A-Za-z]\.){2,}|\b[A-Z]\.(?=\s[A-Z])",
    re.ASCII,
)
"""What is never cut, whatever marks are in it."""

_CLOSERS: Final = "\"'”’)\\]」』）】》"
_SENTENCE_END: Final = re.compile(
    rf"[。！？…]+[{_CLOSERS}]*|(?<![.!?])[.!?]++[{_CLOSERS}]*+(?=\s|$|[{_HAN}])", re.MULTILINE
)
_CLAUSE_END: Final = re.compile(
    rf"[，；：、][{_CLOSERS}]*|[,;:][{_CLOSERS}]*(?=\s)|\s[-–—]++(?=\s)|——"
)
_PARAGRAPH: Final = re.compile(r"[^\n]+")
_RUN: Final = re.compile(rf"(?P<zh>[{_HAN}])|(?P<en>{_LATIN_WORD})")
_WORD_OR_HAN: Final = re.compile(rf"[{_HAN}]|[A-Za-zÀ-ɏ0-9]+")
_SPEAKABLE: Final = re.compile(rf"[{_HAN}A-Za-zÀ-ɏ0-9]")
_BETWEEN_WORDS: Final = re.compile(rf"\s+|(?<=[{_HAN}])(?=[{_HAN}])")


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


class _Stretch(NamedTuple):
    """A part of the text."""

    start: int
    end: int
    pause_s: float


def speakable(text: str) -> bool:
    """Whether anything in *text* can be pronounced: Latin or Chinese letters, or digits."""
    return _SPEAKABLE.search(text) is not None


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
    held: Phrase | None = None
    start = 0  # where unspoken text waits for its phrase
    for stretch, language in _runs(text, default_language):
        spoken = _spoken(text, stretch, language)
        if not _SPEAKABLE.search(spoken):
            if held:
                held = _extended(held, text, stretch)
                start = held.char_end
            continue
        if held:
            yield held
        held = _phrase(text, start, stretch, spoken, language)
        start = held.char_end
    if held:
        yield _extended(held, text, _Stretch(len(text), len(text), held.pause_s))


def _spoken(text: str, stretch: _Stretch, language: str) -> str:
    if not _SPEAKABLE.search(text, stretch.start, stretch.end):
        return ""
    return normalise(text[stretch.start : stretch.end], language)


def _phrase(text: str, start: int, stretch: _Stretch, spoken: str, language: str) -> Phrase:
    shown = text[start : stretch.end]
    first = start + len(shown) - len(shown.lstrip())
    shown = shown.strip()
    return Phrase(shown, spoken, language, first, first + len(shown), stretch.pause_s)


def _extended(phrase: Phrase, text: str, stretch: _Stretch) -> Phrase:
    shown = text[phrase.char_start : stretch.end].rstrip()
    end = phrase.char_start + len(shown)
    pause_s = max(phrase.pause_s, stretch.pause_s)
    return replace(phrase, shown=shown, char_end=end, pause_s=pause_s)


def _runs(text: str, default_language: str) -> Iterator[tuple[_Stretch, str]]:
    """Stretches in one language, short enough, in order."""
    count = 0
    latest = default_language
    for sentence in _sentences(text):
        for run, language in _languages(text, sentence, latest):
            latest = language
            rest: _Stretch | None = run
            while rest:
                limit = _LENGTHS[min(count, len(_LENGTHS) - 1)]
                piece, rest = _cut(text, rest, limit, first=count == 0)
                yield piece, language
                count += bool(_SPEAKABLE.search(text, piece.start, piece.end))


def _sentences(text: str) -> Iterator[_Stretch]:
    for paragraph in _PARAGRAPH.finditer(text):
        start = paragraph.start()
        whole = _Shield(text, *paragraph.span())
        for mark in _SENTENCE_END.finditer(text, *paragraph.span()):
            if mark.end() < paragraph.end() and _ends_sentence(text, mark, whole):
                yield _Stretch(start, mark.end(), SENTENCE_PAUSE_S)
                start = mark.end()
        yield _Stretch(start, paragraph.end(), PARAGRAPH_PAUSE_S)


def _ends_sentence(text: str, mark: re.Match[str], whole: "_Shield") -> bool:
    """A full stop inside a number or before a small letter ends nothing."""
    if whole.covers(mark.start()):
        following = text[mark.end() : mark.end() + 3].lstrip()
        return whole.is_half_day(mark.start()) and following[:1].isupper()
    following = text[mark.end() : mark.end() + 8].lstrip()
    return not (mark[0][0] in ".…" and following[:1].islower())


class _Shield:
    """The numbers, addresses and abbreviations of a stretch, asked for in rising order."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._found = _WHOLE.finditer(text, start, end)
        self._current = next(self._found, None)

    def covers(self, index: int) -> bool:
        """Whether *index* lies in something that is never cut."""
        while self._current and self._current.end() <= index:
            self._current = next(self._found, None)
        return self._current is not None and self._current.start() <= index

    def is_half_day(self, index: int) -> bool:
        """Whether *index* is the last mark of initials of a half day (``p.m.``)."""
        found = self._current
        if found is None or index != found.end() - 1:
            return False
        return re.fullmatch(r"(?i)[ap]\.m\.", found[0]) is not None


def _languages(text: str, sentence: _Stretch, default: str) -> Iterator[tuple[_Stretch, str]]:
    """The sentence in runs of one language; a few Latin words stay within Chinese."""
    pieces = list(_same_script(text, sentence))
    if len(pieces) < 2:
        few = not pieces or pieces[0][2] <= _EMBEDDED_WORDS
        yield sentence, default if not pieces or (few and default == "zh") else pieces[0][1]
        return
    merged: list[tuple[int, str]] = []  # where each run starts
    for start, script, words in pieces:
        language = "zh" if script == "en" and words <= _EMBEDDED_WORDS else script
        if not merged or merged[-1][1] != language:
            merged.append((start, language))
    starts = [sentence.start, *(start for start, _ in merged[1:])]
    ends = [*starts[1:], sentence.end]
    for start, end, (_, language) in zip(starts, ends, merged, strict=True):
        pause_s = sentence.pause_s if end == sentence.end else _pause_at(text, end)
        yield _Stretch(start, end, pause_s), language


def _same_script(text: str, sentence: _Stretch) -> Iterator[tuple[int, str, int]]:
    """Start, script and number of words of each stretch in one script.

    Digits go with what follows if they touch it (``3号``), else with what precedes.
    """
    start, script, words = sentence.start, "", 0
    for found in _RUN.finditer(text, sentence.start, sentence.end):
        new = found.lastgroup or ""
        if new != script and script:
            yield start, script, words
            start, words = _leading_digits(text, found.start(), start), 0
        script, words = new, words + 1
    if script:
        yield start, script, words


def _leading_digits(text: str, index: int, least: int) -> int:
    while index > least and (text[index - 1].isdigit() or text[index - 1] in '第¥$€£(（“"#.,:'):
        if text[index - 1] in ".,:" and not text[index - 2].isdigit():
            break
        index -= 1
    return index


def _pause_at(text: str, end: int) -> float:
    mark = text[:end].rstrip()[-1:]
    return CLAUSE_PAUSE_S if mark in ",;:，；：、—-" else 0.0


def _cut(
    text: str, stretch: _Stretch, limit: int, *, first: bool
) -> tuple[_Stretch, _Stretch | None]:
    """The beginning of *stretch*, up to the best place to cut it, and the rest."""
    weight = _weight(text, stretch)
    few = first and weight <= _HARD_LENGTH and _words(text, stretch) <= _FIRST_WORDS
    if weight <= limit or few:
        return stretch, None
    end = _clause_end(text, stretch, limit)
    if end is None:
        end, pause_s = _word_end(text, stretch), 0.0
    else:
        pause_s = CLAUSE_PAUSE_S
    if end is None or not text[end : stretch.end].strip():
        return stretch, None
    return _Stretch(stretch.start, end, pause_s), stretch._replace(start=end)


def _clause_end(text: str, stretch: _Stretch, limit: int) -> int | None:
    """The last clause mark within *limit*, else the first one after it."""
    best: int | None = None
    whole = _Shield(text, stretch.start, _window(stretch))
    for mark in _CLAUSE_END.finditer(text, stretch.start, _window(stretch)):
        if whole.covers(mark.start()) or not _SPEAKABLE.search(text, stretch.start, mark.start()):
            continue
        weight = _weight(text, _Stretch(stretch.start, mark.end(), 0.0))
        if weight > limit and best is not None:
            return best
        if weight > _HARD_LENGTH:
            return None
        best = mark.end()
        if weight > limit:
            return best
    return best


def _window(stretch: _Stretch) -> int:
    """How far to look for a place to cut: never far beyond what one phrase may have."""
    return min(stretch.end, stretch.start + 2 * _HARD_LENGTH)


def _word_end(text: str, stretch: _Stretch) -> int | None:
    """The last place between words before the hard limit; None if all of it is within.

    What has no place between words (a very long number) is cut at the limit.
    """
    if _weight(text, stretch) <= _HARD_LENGTH:
        return None
    best = stretch.start + _HARD_LENGTH // _HANZI_WEIGHT
    whole = _Shield(text, stretch.start, _window(stretch))
    for gap in _BETWEEN_WORDS.finditer(text, stretch.start + 1, _window(stretch)):
        if _weight(text, _Stretch(stretch.start, gap.end(), 0.0)) > _HARD_LENGTH:
            break
        if not whole.covers(gap.start()):
            best = gap.end()
    return best


def _weight(text: str, stretch: _Stretch) -> int:
    """Length in Latin characters' worth of speaking time."""
    part = text[stretch.start : _window(stretch)].strip()
    han = sum(1 for letter in part if "㐀" <= letter <= "鿿")
    return len(part) + (_HANZI_WEIGHT - 1) * han


def _words(text: str, stretch: _Stretch) -> int:
    return sum(1 for _ in _WORD_OR_HAN.finditer(text, stretch.start, stretch.end))
