"""Speech of a formant synthesiser with its own phoneme times: another kind of voice to learn from.

    python -m kiosk.speech.corpus_espeak build/corpus/train/espeak --minutes 45

espeak-ng (the optional extra ``espeak``, GPL-3.0, used here as a tool) sounds like no recording,
but its times are exact, it has scores of speakers, and it never slurs a sound. Shards are those of
``kiosk.speech.corpus``.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from engine.train import texts
from engine.train.visemes import DIPHTHONGS, VISEMES
from kiosk.speech import espeak
from kiosk.speech.corpus import MANDARIN_SHARE, RATES, Lexicons, Line, lexicons, write
from kiosk.speech.voice import PhonemeTime, Speech

SPEAKERS: Final = (
    "Alex", "Alicia", "Andrea", "Andy", "Annie", "Denis", "Gene", "Jacky", "Lee", "Mario",
    "Michael", "Mike", "Reed", "adam", "anika", "announcer", "antonio", "aunty", "belinda",
    "benjamin", "boris", "caleb", "croak", "david", "ed", "edward", "f1", "f2", "f3", "f4", "f5",
    "grandma", "grandpa", "gustave", "ian", "iven", "john", "klatt", "klatt2", "klatt3", "klatt4",
    "klatt5", "klatt6", "linda", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "marcelo", "max",
    "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro",
    "shelby", "steph", "travis", "victor", "zac",
)  # fmt: skip
"""The library's variants that sound like people."""

ENGLISH: Final = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp")

WHOLE: Final[dict[str, str]] = {
    **{pair: symbol for symbol, pair in DIPHTHONGS.items()},
    "tʃ": "ʧ", "dʒ": "ʤ", "tɕ": "ʨ", "tɕh": "ʨ", "ts": "ʦ", "tsh": "ʦ", "ts.": "ꭧ", "ts.h": "ꭧ",
    "s.": "ʂ", "i.": "ɨ", "i̪": "ɨ", "ph": "p", "th": "t", "kh": "k", "ai": "I", "ei": "A",
    "ou": "O", "ɑu": "W",
}  # fmt: skip
"""What the library writes in several letters and is one symbol of ``engine.train.visemes``."""


def symbols_of(written: str) -> str:
    """The project's symbols for one phoneme of the library's; empty if it is no sound."""
    if written.startswith("("):  # a change of language
        return ""
    if written in WHOLE:
        return WHOLE[written]
    return "".join(letter for letter in written if letter in VISEMES)


def split(phonemes: tuple[PhonemeTime, ...]) -> Iterator[PhonemeTime]:
    """Phonemes in the project's symbols: what is several of them has its time parted evenly."""
    for phoneme in phonemes:
        symbols = symbols_of(phoneme.symbol)
        edges = np.linspace(phoneme.start_s, phoneme.end_s, len(symbols) + 1).tolist()
        for symbol, start_s, end_s in zip(symbols, edges, edges[1:], strict=False):
            yield PhonemeTime(symbol, start_s, end_s)


def line(index: int, seed: int, words: Lexicons) -> Line:
    """The line of shard *index*: the same for the same seed."""
    rng = random.Random(f"espeak-{seed}-{index}")
    mandarin = rng.random() < MANDARIN_SHARE / 2
    text = texts.mandarin(rng, words.mandarin) if mandarin else texts.english(rng, words.english)
    language = "cmn" if mandarin else rng.choice(ENGLISH)
    voice = f"{language}+{rng.choice(SPEAKERS)}"
    return Line(text, voice, "zh" if mandarin else "en", round(rng.uniform(*RATES), 2))


def speak(said: Line, pitch: int) -> Speech:
    """Speak one line; *pitch* 0 to 99.

    Raises:
        VoiceError: the library fails.
    """
    speech = espeak.library().speak(said.text, said.voice, said.rate, pitch)
    return Speech(
        speech.text,
        speech.samples,
        speech.sample_rate_hz,
        speech.words,
        tuple(split(speech.phonemes)),
    )


def make(folder: Path, minutes: float, seed: int) -> None:
    """Speak until *folder* holds *minutes* of speech."""
    folder.mkdir(parents=True, exist_ok=True)
    words, spoken_s, index = lexicons(), 0.0, 0
    while spoken_s < 60 * minutes:
        said = line(index, seed, words)
        speech = speak(said, random.Random(f"{seed}-{index}").randint(20, 80))
        write(folder / f"{seed:03d}_{index:05d}.npz", said, speech)
        spoken_s += len(speech.samples) / speech.sample_rate_hz
        index += 1
    print(f"{index} shards, {spoken_s / 60:.1f} min")  # noqa: T201  # what a command did


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make a corpus of formant-synthesised speech.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    make(arguments.folder, arguments.minutes, arguments.seed)


if __name__ == "__main__":
    main()
