"""Writes out what is read differently than written: numbers, dates, amounts, addresses, markup.

wetext (finite-state grammars, Apache-2.0) reads numbers, dates and units; the rules of
``normalise_en`` and ``normalise_zh`` come before it where it falls short. What is already written
out stays as it is.
"""

import logging
import re
import unicodedata
from functools import cache
from typing import Any, Final

from kiosk.speech import normalise_en, normalise_zh
from kiosk.speech.rules import apply

_log: Final = logging.getLogger(__name__)

_URL: Final = re.compile(r"(?:https?://|www\.)[\w\-.~:/?#@!$&'*+,;=%]*[\w/]", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(?<![\w.+\-])[\w.+\-]++@[\w\-]+(?:\.[\w\-]+)+", re.ASCII)
_LINK: Final = re.compile(r"\[([^\]\n]*)\]\([^)\n]*\)")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>\n]*>")
_MARKUP: Final = re.compile(r"[*_`|~^\\{}<>]+|(?m:^\s*(?:#+|>+|[-+•·])\s+)")
_BESIDE_DIGITS: Final = re.compile(r"(?<=\d)\s*[*×x]\s*(?=\d)")
_SPACES: Final = re.compile(r"\s+")
_NUMERIC: Final = re.compile(r"[\d$€£¥%℃°²³½¼¾=&#@]")

_ADDRESS_WORDS: Final = {
    ".": " dot ",
    "/": " slash ",
    "@": " at ",
    "-": " dash ",
    "_": " underscore ",
    ":": " colon ",
    "?": " question mark ",
    "=": " equals ",
    "&": " and ",
    "#": " hash ",
    "+": " plus ",
    "%": " percent ",
    "~": " tilde ",
}

_KEPT: Final = frozenset("°℃℉№\n")
_JOINERS: Final = frozenset("\u200b\u200c\u200d\u20e3\ufe0e\ufe0f\ufeff")
_DROPPED_KINDS: Final = ("So", "Sk", "Cf", "Cs", "Co", "Cn", "Cc")


def normalise(text: str, language: str) -> str:
    """Write *text* out as it is spoken in *language* (``en`` or ``zh``).

    Never fails: what the grammars cannot read is read digit by digit.
    """
    text = _without_markup(_without_emoji(text))
    text = _EMAIL.sub(lambda found: _address(found[0]), text)
    text = _URL.sub(lambda found: _address(found[0]), text)
    rules = normalise_zh if language == "zh" else normalise_en
    text = apply(rules.BEFORE, text)
    if _NUMERIC.search(text):
        text = _grammar_or_digits(text, language)
    return _SPACES.sub(" ", apply(rules.AFTER, text)).strip()


def warmup(language: str) -> None:
    """Load the grammars of *language* (about 0.3 s)."""
    _grammar("zh" if language == "zh" else "en").normalize("1")


def _grammar_or_digits(text: str, language: str) -> str:
    try:
        written: str = _grammar("zh" if language == "zh" else "en").normalize(text)
    except Exception as error:  # its grammars assert on what they do not know
        _log.debug("wetext cannot read %r: %r", text, error)
        written = text
    return _digit_by_digit(written, language)


def _digit_by_digit(text: str, language: str) -> str:
    """Read out any digit that the grammar left."""
    names = normalise_zh.DIGITS if language == "zh" else normalise_en.DIGITS
    space = "" if language == "zh" else " "
    return re.sub(r"\d", lambda found: space + names[unicodedata.digit(found[0], 0)] + space, text)


@cache
def _grammar(language: str) -> Any:  # noqa: ANN401 -- wetext has no types
    from wetext import Normalizer  # type: ignore[import-untyped]

    return Normalizer(lang=language, operator="tn")


def _without_emoji(text: str) -> str:
    return "".join(map(_letter_or_space, unicodedata.normalize("NFC", text)))


def _letter_or_space(letter: str) -> str:
    if letter in _JOINERS:
        return ""
    dropped = unicodedata.category(letter) in _DROPPED_KINDS and letter not in _KEPT
    return " " if dropped else letter


def _without_markup(text: str) -> str:
    text = _TAG.sub(" ", _LINK.sub(r"\1", text))
    text = _BESIDE_DIGITS.sub("×", text)
    return _MARKUP.sub(" ", text)


def _address(text: str) -> str:
    """A web or mail address as one reads it out: without scheme, its marks as words."""
    text = re.sub(r"^https?://", "", text, flags=re.IGNORECASE)
    text = re.sub(r"^www\.", "", text, flags=re.IGNORECASE).rstrip("/")
    return " " + "".join(_ADDRESS_WORDS.get(letter, letter) for letter in text) + " "
