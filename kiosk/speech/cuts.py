"""Where a text that still grows may be cut, so that what stands before is read as in the whole.

Only what cannot change any more counts: a word is over when something follows it, a number or an
abbreviation belongs to its neighbours, a full stop ends a sentence once the next letter is seen.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from kiosk.speech.phrases import CLAUSE_END, HARD_LENGTH, SPEAKABLE, word_end
from kiosk.speech.sentences import (
    ABBREVIATIONS,
    CLAUSE_PAUSE_S,
    CLOSERS,
    HAN,
    HAN_LETTER,
    SENTENCE_PAUSE_S,
    Shield,
    Stretch,
    sentences,
)

SplitWords = Callable[[str], Sequence[str]]
"""Splits a run of Chinese characters into words that, joined, are the run."""

WINDOW: Final = 2 * HARD_LENGTH
"""Characters that are looked at: never far beyond what one phrase may have."""

_GAP: Final = re.compile(r"\s+")
_TOKEN: Final = re.compile(r"\S+")
_HAN_RUN: Final = re.compile(rf"[{HAN}]{{2,}}")
_LETTER: Final = re.compile(rf"[{HAN}A-Za-zÀ-ɏ]")
_NUMERIC: Final = re.compile(r"[\d$€£¥￥%℃°²³½¼¾=&#№@+/]|[.!?…]$")
"""What must stay with its neighbours: numbers and their signs, and words that end in a full stop
though no sentence does."""

_EDGE: Final = re.compile(r"^\W+|\W+$")

_SETTLED: Final = re.compile(rf"[。！？!?…][{CLOSERS}]*\s*$|[^\W\d_]\.[{CLOSERS}]*\s*$")
_UNSETTLED: Final = re.compile(rf"(?:\b(?:{ABBREVIATIONS}|[Nn]os?|[A-Za-z])|\d)\.\s*$")

_LEAN_ON_NEXT: Final = frozenset(
    re.findall(
        r"\S+",
        "a an the of to in on at by for from with and or but nor so as is are was were be been am "
        "will would can could shall should may might must have has had do does did not no my your "
        "his her its our their this that these those i you he she we they it if when who which "
        "what where how than very more most too also please about into over per under every each "
        "some any i'm you're it's that's we're they're i'll you'll we'll let's don't can't won't "
        "there there's",
    )
)
_BEGIN_BREATH: Final = frozenset(
    re.findall(
        r"\S+",
        "and or but so because if when while where which who that to in on at by for from with as "
        "than before after until since about into through during without between of",
    )
)
_ZH_LEAN_ON_NEXT: Final = frozenset(
    re.findall(
        r"\S+",
        "在 和 与 或 把 被 对 从 到 向 给 让 请 不 没 很 最 更 也 都 就 还 要 会 能 可以 "
        "可 一 这 那 每 各 第 是 有 我 你 您 他 她 的 为 由 于 将 比 用 以 所 再 先 并 但 而 "
        "如果 因为 所以",
    )
)
_ZH_LEAN_ON_LAST: Final = frozenset(
    "的了吗呢吧着过们得地啊呀么个号元年月日点分位些里上下中内外后前时张次名件块楼室"
)
_ZH_BEGIN_BREATH: Final = frozenset(
    re.findall(r"\S+", "在 和 与 或 并 并且 但 但是 而 因为 所以 如果 请 然后 以及")
)
_ZH_NUMERAL: Final = re.compile(r"[一二三四五六七八九十百千万亿零〇两半]")


class Kind(IntEnum):
    """What is before a cut; the higher the better it sounds."""

    WORD = 1
    BREATH = 2
    """Before a word that begins a group of words."""
    CLAUSE = 3
    SENTENCE = 4


class Cut(NamedTuple):
    """A place where a text may be cut."""

    end: int
    """Index into the text; what stands before it may be spoken."""
    kind: Kind
    pause_s: float
    """Silence to leave there."""


class Window(NamedTuple):
    """The part of a text that is looked at for places to cut."""

    start: int
    end: int
    closed: bool
    """Whether it is as it will be, whatever follows."""
    full: bool
    """Whether more has come than is looked at: waiting for more would change nothing."""


def window(text: str, start: int, settled: int) -> Window:
    """What is to be looked at of ``text[start:]``.

    White space at its beginning, and all but the last of a long row of marks, are passed over:
    whatever can be pronounced comes into view, however much stands before it.

    Args:
        text: what has come.
        start: where the unspoken part begins.
        settled: up to here the text is as it will be.
    """
    closed = SPEAKABLE.search(text, start, settled) is not None
    limit = settled if closed else len(text)
    gap, spoken = _GAP.match(text, start, limit), SPEAKABLE.search(text, start, limit)
    begin = gap.end() if gap else start
    if spoken:
        begin = max(begin, spoken.start() - HARD_LENGTH)
    end = min(limit, begin + WINDOW)
    return Window(begin, end, closed and end == limit, end < limit)


def cuts(
    text: str, start: int, settled: int, split_words: SplitWords, stalled: bool = False
) -> list[Cut]:
    """The places where ``text[start:]`` may be cut, rising, to the end of its first sentence.

    There is one at least if anything can be pronounced and the window is full, or closed.

    Args:
        text: what has come.
        start: where the unspoken part begins.
        settled: up to here the text is as it will be, whatever follows.
        split_words: finds the words of Chinese.
        stalled: whether no more is expected soon: marks at the very end then count.
    """
    look = window(text, start, settled)
    part = _Part(text[look.start : look.end], look.closed, stalled, split_words)
    found = [Cut(look.start + cut.end, cut.kind, cut.pause_s) for cut in part.cuts()]
    hard = word_end(text, Stretch(look.start, look.end, 0.0))
    sentence = found and found[-1].kind is Kind.SENTENCE
    if hard is None and look.full and part.speakable and not sentence:
        # A few words, and then white space as far as one looks.
        return [*found, Cut(look.end, Kind.WORD, 0.0)]
    if hard is None or (found and found[0].end <= hard):
        return found
    return [Cut(hard, Kind.WORD, 0.0), *found]


class _Part:
    """The unspoken part of a text, as far as it is looked at."""

    def __init__(self, text: str, closed: bool, stalled: bool, split_words: SplitWords) -> None:
        self._text = text
        self._closed = closed
        self._stalled = stalled
        self._split_words = split_words

    @property
    def speakable(self) -> bool:
        return SPEAKABLE.search(self._text) is not None

    def cuts(self) -> list[Cut]:
        spoken = SPEAKABLE.search(self._text)
        if spoken is None:
            return []
        sentence, complete = self._sentence(spoken.start())
        first, end = spoken.start(), sentence.end
        found: dict[int, Cut] = {}
        for cut in (*self._words(first, end), *self._clauses(first, end)):
            found[cut.end] = cut  # a clause's mark beats the gap after it
        if complete:
            found[end] = Cut(end, Kind.SENTENCE, self._pause_s(sentence))
        elif settled := self._settled_end(end):
            found[settled] = Cut(settled, Kind.SENTENCE, SENTENCE_PAUSE_S)
        return [found[index] for index in sorted(found)]

    def _sentence(self, first: int) -> tuple[Stretch, bool]:
        """The first sentence with something to say, and whether its end is known."""
        stretch = next(s for s in sentences(self._text) if s.end > first)
        rest = self._text[stretch.end :]
        return stretch, self._closed or bool(rest.strip()) or "\n" in rest

    def _pause_s(self, sentence: Stretch) -> float:
        """After *sentence*; where the text was merely said to be over, its marks tell."""
        if sentence.end < len(self._text):
            return sentence.pause_s
        return SENTENCE_PAUSE_S if _SETTLED.search(self._text) else 0.0

    def _settled_end(self, end: int) -> int | None:
        """The end of what looks like a whole sentence when nothing follows for a while."""
        tail = self._text[:end]
        if not self._stalled or not _SETTLED.search(tail) or _UNSETTLED.search(tail):
            return None
        return len(tail.rstrip())

    def _clauses(self, first: int, end: int) -> Iterator[Cut]:
        whole = Shield(self._text, 0, end)
        for mark in CLAUSE_END.finditer(self._text, first, end):
            if whole.covers(mark.start()) or self._in_markup(mark.start()):
                continue
            if mark.start() <= first or (mark.end() == end and not self._stalled):
                continue
            following = self._text[mark.end() : end].lstrip()[:1]
            after_digit = self._text[mark.start() - 1].isdigit()
            if (following or self._stalled) and not (
                after_digit and (not following or following.isdigit())
            ):
                yield Cut(mark.end(), Kind.CLAUSE, CLAUSE_PAUSE_S)

    def _words(self, first: int, end: int) -> Iterator[Cut]:
        yield from self._latin(first, end)
        for run in _HAN_RUN.finditer(self._text, first, end):
            yield from self._chinese(run)

    def _latin(self, first: int, end: int) -> Iterator[Cut]:
        whole = Shield(self._text, 0, end)
        han = HAN_LETTER.search(self._text, 0, end) is not None
        for gap in _GAP.finditer(self._text, first + 1, end):
            if whole.covers(gap.start()) or self._in_markup(gap.start()):
                continue
            before = self._text[: gap.start()].rsplit(maxsplit=1)[-1]
            after = _TOKEN.match(self._text, gap.end(), end)
            if after is None or _NUMERIC.search(before) or _NUMERIC.search(after[0][:1]):
                continue
            if before[-1] in ",;:-–—":
                continue  # the mark itself is a place to cut, if any is
            # Few Latin words within Chinese are read by the Mandarin voice: they stay together.
            if han or not _LETTER.match(after[0]) or _bare(before) in _LEAN_ON_NEXT:
                continue
            over = after.end() < len(self._text)
            breath = over and _bare(after[0]) in _BEGIN_BREATH
            yield Cut(gap.end(), Kind.BREATH if breath else Kind.WORD, 0.0)

    def _in_markup(self, index: int) -> bool:
        """Whether *index* lies in the label of a link or in a tag, which are read as a whole."""
        before = self._text[:index]
        return before.rfind("[") > before.rfind("]") or before.rfind("<") > before.rfind(">")

    def _chinese(self, run: re.Match[str]) -> Iterator[Cut]:
        words = self._split_words(run[0])
        # The last words may yet turn out to be parts of longer ones.
        grows = run.end() == len(self._text) and not self._closed
        last = run.end() - (2 if grows else 0)
        index = run.start()
        for before, after in itertools.pairwise(words):
            index += len(before)
            if index > last or _ZH_NUMERAL.search(before) or _ZH_NUMERAL.search(after):
                continue
            if before in _ZH_LEAN_ON_NEXT or after in _ZH_LEAN_ON_LAST:
                continue
            if self._text[index - len(before) - 1 : index - len(before)].isdigit():
                continue
            yield Cut(index, Kind.BREATH if after in _ZH_BEGIN_BREATH else Kind.WORD, 0.0)


def _bare(word: str) -> str:
    return _EDGE.sub("", word).lower().replace("’", "'")
