"""When which sound is said: forced alignment of a recording with its words.

PocketSphinx (BSD, its model and dictionary are in the package; extra ``train``) aligns twice: words
first, choosing among their pronunciations and allowing for pauses, then the sounds within them.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from engine.media import FloatArray
from engine.train.teacher import Phone

RATE_HZ: Final = 16_000
"""What the aligner hears."""

FRAME_S: Final = 0.01
FRAME_OFFSET_S: Final = 0.0078
"""A frame's window of 25.6 ms is centred 12.8 ms after its start; edges lie between centres."""

SHORT_S: Final = 0.075
"""The dictionary has one AH for the vowels of *but* and *about*: a shorter one is the latter."""

REDUCED: Final = "ə"

SYMBOLS: Final[dict[str, str]] = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "W", "AY": "I", "B": "b", "CH": "ʧ", "D": "d",
    "DH": "ð", "EH": "ɛ", "ER": "ɚ", "EY": "A", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "i",
    "JH": "ʤ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "O", "OY": "Y", "P": "p",
    "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w",
    "Y": "j", "Z": "z", "ZH": "ʒ", "AX": REDUCED, "SIL": " ",
}  # fmt: skip
"""ARPAbet to the symbols of ``engine.train.visemes``; anything else is a noise, and no sound."""

BEAMS: Final = (1e-48, 1e-30, 1e-20)
"""Tried in order: the second pass loses some utterances at one width and some at another."""

EXTRA_WORDS: Final = {"z(2)": "Z EH D"}
"""Said, but not in the dictionary: the letter in Britain."""


class AlignmentError(ValueError):
    """Words and sound cannot be aligned; the message has the remedy."""


def symbol_of(arpabet: str) -> str:
    """The project's symbol of an ARPAbet phone, stress digits or not; a space if it is no sound."""
    return SYMBOLS.get(arpabet.upper().rstrip("012"), " ")


def phone_of(arpabet: str, start_s: float, end_s: float) -> Phone:
    """A ``Phone`` from ARPAbet."""
    symbol = symbol_of(arpabet)
    if symbol == "ʌ" and end_s - start_s < SHORT_S:
        symbol = REDUCED
    return Phone(symbol, start_s, end_s)


class Aligner:
    """Decoders with their dictionary. Not thread-safe; about 1 s to load."""

    def __init__(self) -> None:
        """Load.

        Raises:
            AlignmentError: PocketSphinx is not installed.
        """
        self._decoders: dict[float, Any] = {}
        self._decoder(BEAMS[0])

    def _decoder(self, beam: float) -> Any:  # noqa: ANN401 -- an optional extra's class
        if beam not in self._decoders:
            self._decoders[beam] = _load(beam)
        return self._decoders[beam]

    def knows(self, word: str) -> bool:
        """Is *word* in the dictionary?"""
        return self._decoder(BEAMS[0]).lookup_word(word.lower()) is not None

    def align(self, samples: FloatArray, words: Sequence[str]) -> tuple[Phone, ...]:
        """See ``align``."""
        spoken = [word.lower() for word in words]
        unknown = sorted({word for word in spoken if not self.knows(word)})
        if unknown:
            raise AlignmentError(
                f"not in the dictionary: {', '.join(unknown)}: spell them out as words it knows"
            )
        if not spoken or not len(samples):
            raise AlignmentError("no words or no sound: give both")
        pcm = np.round(np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes()
        for beam in BEAMS:
            try:
                return tuple(_phones(_twice(self._decoder(beam), pcm, " ".join(spoken))))
            except (RuntimeError, TypeError):
                del self._decoders[beam]  # a decoder that failed remembers it
        raise AlignmentError(f"the words do not fit the sound: {' '.join(spoken)[:60]!r}")


def _load(beam: float) -> Any:  # noqa: ANN401 -- an optional extra's class
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise AlignmentError(
            "no aligner: .venv/bin/pip install -e '.[train]' brings pocketsphinx"
        ) from error
    decoder = Decoder(
        lm=None, loglevel="FATAL", cmn="batch", remove_noise=False, beam=beam, pbeam=beam,
        wbeam=beam ** (2 / 3), silprob=0.1,
    )  # fmt: skip
    for word, sounds in EXTRA_WORDS.items():
        decoder.add_word(word, sounds, True)
    return decoder


def _twice(decoder: Any, pcm: bytes, text: str) -> Iterator[tuple[str, int, int]]:  # noqa: ANN401
    """Name, start and duration in frames of every phone."""

    def decode() -> None:
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()

    decoder.reinit_feat()  # or it remembers the level of what it heard before
    decoder.set_align_text(text)
    decode()
    decoder.set_alignment()
    decode()
    for word in decoder.get_alignment():
        for phone in word:
            yield phone.name, phone.start, phone.duration


def _phones(entries: Iterable[tuple[str, int, int]]) -> list[Phone]:
    """Phones in seconds from (name, start, duration) in frames."""
    return [
        phone_of(
            name,
            start * FRAME_S + (FRAME_OFFSET_S if start else 0.0),
            (start + frames) * FRAME_S + FRAME_OFFSET_S,
        )
        for name, start, frames in entries
    ]


@functools.cache
def shared_aligner() -> Aligner:
    """One for all: loading takes longer than aligning.

    Raises:
        AlignmentError: PocketSphinx is not installed.
    """
    return Aligner()


def align(samples_16k: FloatArray, words: Sequence[str]) -> tuple[Phone, ...]:
    """When every sound of *words* is said.

    Args:
        samples_16k: shape (n,), at ``RATE_HZ``, peaks near full scale, one utterance.
        words: what is said, in order; single letters are read by their names, as the article for a
            lone *a* where that fits better.

    Returns:
        Phones in order without gaps, in seconds; pauses are spaces.

    Raises:
        AlignmentError: a word is not in the dictionary, the words do not fit the sound, or
            PocketSphinx is not installed.
    """
    return shared_aligner().align(samples_16k, words)
