"""Rewriting rules: a pattern and what takes its place, applied in order."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Rule(NamedTuple):
    """One rewriting rule."""

    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def rule(pattern: str, replacement: str | Callable[[re.Match[str]], str], flags: int = 0) -> Rule:
    """A rule from a pattern's source."""
    return Rule(re.compile(pattern, flags), replacement)


def apply(rules: Iterable[Rule], text: str) -> str:
    """*text* after all *rules*, one after the other."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
