"""The phoneme alphabet of Kokoro-82M: what the model reads, and what we report.

The model's alphabet is IPA with a few letters of its own (``A`` for the diphthong of *day*, ``↗``
for a rising tone). ``spans`` folds stress, length, aspiration and tone marks into the phoneme that
they belong to and spells every phoneme in plain IPA.
"""

from typing import Final, NamedTuple

BOUNDARY_ID: Final = 0
"""The token before the first and after the last phoneme."""

_RUNS: Final = (
    (1, ";:,.!?"),
    (9, '—…"()“” ̃ʣʥʦʨᵝꭧAI'),
    (31, "O"),
    (33, "Q"),
    (35, "ST"),
    (39, "W"),
    (41, "Yᵊabcdef"),
    (50, "hijklmnopqrstuvwxyzɑɐɒæ"),
    (75, "βɔɕç"),
    (80, "ɖðʤə"),
    (85, "ɚɛɜ"),
    (90, "ɟ"),
    (92, "ɡ"),
    (99, "ɥ"),
    (101, "ɨɪʝ"),
    (110, "ɯɰŋɳɲɴø"),
    (118, "ɸθœ"),
    (123, "ɹ"),
    (125, "ɾɻ"),
    (128, "ʁɽʂʃʈʧ"),
    (135, "ʊʋ"),
    (138, "ʌɣɤ"),
    (142, "χʎ"),
    (147, "ʒʔ"),
    (156, "ˈˌː"),
    (162, "ʰ"),
    (164, "ʲ"),
    (169, "↓"),
    (171, "→↗↘"),
    (177, "ᵻ"),
)
"""The published vocabulary as runs of consecutive ids."""

IDS: Final[dict[str, int]] = {
    symbol: first + offset for first, symbols in _RUNS for offset, symbol in enumerate(symbols)
}
"""Token id of each symbol."""

_BEFORE: Final = frozenset("ˈˌ")
"""Marks that belong to the phoneme after them."""

_AFTER: Final = frozenset("ːʰʲᵝ̃↓→↗↘")
"""Marks that belong to the phoneme before them."""

SILENT_SYMBOLS: Final = ' ;:,.!?—…"()“”'
"""Marks that are heard as pauses."""

_IPA: Final = {
    "A": "eɪ",
    "I": "aɪ",
    "O": "oʊ",
    "Q": "əʊ",
    "W": "aʊ",
    "Y": "ɔɪ",
    "S": "ʃ",
    "T": "ɾ",
    "ᵊ": "ə",
    "ᵻ": "ɪ",
    "ʣ": "dz",
    "ʤ": "dʒ",
    "ʥ": "dʑ",
    "ʦ": "ts",
    "ʧ": "tʃ",
    "ʨ": "tɕ",
    "ꭧ": "ʈʂ",
}

_KEPT_MARKS: Final = frozenset("ʰʲ̃")
"""Marks that stay in the reported symbol; stress, length and tone do not."""

PHONEMES: Final[frozenset[str]] = frozenset(
    _IPA.get(symbol, symbol) for symbol in IDS.keys() - _BEFORE - _AFTER - frozenset(SILENT_SYMBOLS)
)
"""Every IPA symbol that can be reported, aspiration and nasal marks aside."""


class Span(NamedTuple):
    """One phoneme and the symbols it is made of."""

    symbol: str
    """IPA."""
    first: int
    """Index of its first symbol in the phoneme string."""
    end: int
    """Index just after its last symbol."""


def known(phonemes: str) -> tuple[str, str]:
    """Split *phonemes* into what the model knows and what had to be dropped."""
    kept = "".join(symbol for symbol in phonemes if symbol in IDS)
    dropped = "".join(symbol for symbol in phonemes if symbol not in IDS)
    return kept, dropped


def spans(phonemes: str) -> list[Span]:
    """Group the symbols of *phonemes* into phonemes; punctuation and spaces are left out."""
    found: list[Span] = []
    first: int | None = None  # where a stress mark announced the next phoneme
    for index, symbol in enumerate(phonemes):
        if symbol in _BEFORE:
            first = index if first is None else first
        elif symbol in _AFTER:
            if found and found[-1].end == index:
                kept = symbol if symbol in _KEPT_MARKS else ""
                found[-1] = Span(found[-1].symbol + kept, found[-1].first, index + 1)
        elif symbol in SILENT_SYMBOLS:
            first = None
        else:
            found.append(
                Span(_IPA.get(symbol, symbol), index if first is None else first, index + 1)
            )
            first = None
    return found
