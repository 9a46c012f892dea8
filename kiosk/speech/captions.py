"""Puts the times of the words that were spoken on the words that were written.

``3:05`` is written, *three oh five* is spoken: the caption shows what is written, when it is heard.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final

from kiosk.speech.sentences import HAN
from kiosk.speech.voice import Speech, WordTime

_TOKEN: Final = re.compile(rf"[{HAN}][^\w\s]*|[^\s{HAN}]+")
"""A Chinese character with the marks after it, or what stands between spaces."""


def captioned(speech: Speech, shown: str) -> Speech:
    """*speech* with *shown* as its text, and its word times put on the words of *shown*."""
    return replace(speech, text=shown, words=align(shown, speech.words))


def align(shown: str, spoken: Sequence[WordTime]) -> tuple[WordTime, ...]:
    """The words of *shown* with their times, by matching letters (Ratcliff and Obershelp, 1988).

    Letters that match take their time from the spoken word; what is spoken otherwise than written
    shares out the time between its neighbours.
    """
    tokens = list(_TOKEN.finditer(shown))
    if not tokens or not spoken:
        return ()
    times = _letter_times("".join(letter.lower()[:1] for letter in shown), spoken)
    words: list[WordTime] = []
    for token in tokens:
        starts, ends = zip(*times[token.start() : token.end()], strict=True)
        words.append(WordTime(token[0], min(starts), max(ends)))
    return tuple(words)


def _letter_times(shown: str, spoken: Sequence[WordTime]) -> list[tuple[float, float]]:
    """Start and end of each character of *shown*, never falling."""
    letters, edges_s = _spread(spoken)
    times: list[tuple[float, float]] = []
    matcher = SequenceMatcher(None, shown, letters, autojunk=False)
    for _, first, end, from_letter, to_letter in matcher.get_opcodes():
        start_s = edges_s[from_letter][0] if from_letter < len(edges_s) else edges_s[-1][1]
        end_s = edges_s[to_letter - 1][1] if to_letter > from_letter else start_s
        if end - first == to_letter - from_letter:
            times += edges_s[from_letter:to_letter]
            continue
        step_s = (end_s - start_s) / max(1, end - first)
        times += [
            (start_s + index * step_s, start_s + (index + 1) * step_s)
            for index in range(end - first)
        ]
    return times


def _spread(spoken: Sequence[WordTime]) -> tuple[str, list[tuple[float, float]]]:
    """The letters of the spoken words, and when each sounds: evenly within its word.

    A space stands between two words, for the time between them.
    """
    letters: list[str] = []
    edges_s: list[tuple[float, float]] = []
    for word in spoken:
        if letters:
            letters.append(" ")
            edges_s.append((edges_s[-1][1], max(edges_s[-1][1], word.start_s)))
        text = word.text.lower()
        step_s = (word.end_s - word.start_s) / max(1, len(text))
        for index, letter in enumerate(text):
            letters.append(letter)
            edges_s.append((word.start_s + index * step_s, word.start_s + (index + 1) * step_s))
    return "".join(letters), edges_s
