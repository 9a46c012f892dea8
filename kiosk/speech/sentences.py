"""Splits text into sentences, and sentences into stretches of one language."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

SENTENCE_PAUSE_S: Final = 0.25
CLAUSE_PAUSE_S: Final = 0.12
PARAGRAPH_PAUSE_S: Final = 0.5

HAN: Final = "㐀-䶿一-鿿豈-﫿〇"
HAN_LETTER: Final = re.compile(f"[{HAN}]")
"""A Chinese character."""

_LATIN_WORD: Final = r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)*"

_EMBEDDED_WORDS: Final = 3
"""Up to this many Latin words within Chinese are left to the Mandarin voice."""

ABBREVIATIONS: Final = (
    "Dr|Mr|Mrs|Ms|Prof|Rev|Gov|St|Jr|Sr|Rm|Bldg|Tel|Ext|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?"
    "|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Fig|Vol"
)
"""Words, as a pattern, whose full stop ends no sentence when a word follows."""

_WHOLE: Final = re.compile(
    r"(?:https?://|www\.)[^\s，。！？；、（）]+"
    r"|(?<![\w.+\-])[\w.+\-]++@[\w\-]+(?:\.[\w\-]+)+"
    r"|(?<!\d)\d++(?:[.,:/\-]\d+)+"
    rf"|\b(?:{ABBREVIATIONS})\.(?=\s*[\w(])"
    r"|\b[Nn]os?\.(?=\s*\d)"
    r"|\b(?:[A-Za-z]\.){2,}|\b[A-Z]\.(?=\s[A-Z])",
    re.ASCII,
)
"""What is never cut, whatever marks are in it."""

CLOSERS: Final = "\"'”’)\\]」』）】》"
_SENTENCE_END: Final = re.compile(
    rf"[。！？…]+[{CLOSERS}]*|(?<![.!?])[.!?]++[{CLOSERS}]*+(?=\s|$|[{HAN}])", re.MULTILINE
)

_PARAGRAPH: Final = re.compile(r"[^\n]+")
_RUN: Final = re.compile(rf"(?P<zh>[{HAN}])|(?P<en>{_LATIN_WORD})")


class Stretch(NamedTuple):
    """A part of the text."""

    start: int
    end: int
    pause_s: float


def sentences(text: str) -> Iterator[Stretch]:
    """The sentences of *text*, lazily, each with the pause after it; empty lines are left out."""
    for paragraph in _PARAGRAPH.finditer(text):
        start = paragraph.start()
        whole = Shield(text, *paragraph.span())
        for mark in _SENTENCE_END.finditer(text, *paragraph.span()):
            if mark.end() < paragraph.end() and _ends_sentence(text, mark, whole):
                yield Stretch(start, mark.end(), SENTENCE_PAUSE_S)
                start = mark.end()
        yield Stretch(start, paragraph.end(), PARAGRAPH_PAUSE_S)


def _ends_sentence(text: str, mark: re.Match[str], whole: "Shield") -> bool:
    """A full stop inside a number or before a small letter ends nothing."""
    if whole.covers(mark.start()):
        following = text[mark.end() : mark.end() + 3].lstrip()
        return whole.is_half_day(mark.start()) and following[:1].isupper()
    following = text[mark.end() : mark.end() + 8].lstrip()
    return not (mark[0][0] in ".…" and following[:1].islower())


class Shield:
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


def languages(text: str, sentence: Stretch, default: str) -> Iterator[tuple[Stretch, str]]:
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
        yield Stretch(start, end, pause_s), language


def _same_script(text: str, sentence: Stretch) -> Iterator[tuple[int, str, int]]:
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
