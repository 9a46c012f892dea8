"""Speech to judge the motion network on, that it was never trained on; made on the spot.

Flite with the times of its own sounds; Piper, and recordings of a reader (LibriVox, public domain,
in Debian's ``pocketsphinx-testdata``), whose sounds are aligned with the words. The aligner agrees
with flite's times: medians within 5 ms, half of the onsets within 9 ms.
"""

import re
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from engine.train.alignment import RATE_HZ, AlignmentError, align, phone_of
from engine.train.corpus import Utterance, quiet_stretches, resample, trim
from engine.train.teacher import Phone
from kiosk.bench.browser import BenchError
from kiosk.speech import loudness, piper

LIBRIVOX: Final = Path("/usr/share/pocketsphinx/test/data/librivox")
FLITE_VOICES: Final = ("awb", "kal16", "rms", "slt")
FLITE_TIMEOUT_S: Final = 30.0

SENTENCES: Final = (
    "Bob found five maps in the bottom of my bag.",
    "Every family member may apply for a free permit before Friday.",
    "Move the big van behind the farm, please.",
    "Pam gave Steve a purple umbrella and a bowl of warm soup.",
    "My father bought a brand new pipe for the bathroom.",
    "The village pharmacy opens from half past five.",
    "Vivid blue flowers bloom above the frozen pond.",
    "We prefer paper forms, but you may pay by phone.",
    "Jim drove a very heavy lamp over the bumpy bridge.",
    "Have you ever tried to whistle with your mouth full?",
    "She sells cheap shoes and yellow jumpers on the pavement.",
    "Nobody believed the mayor's brave and simple promise.",
    "Mum wiped the table while the puppy hopped about.",
    "Few people vote before the evening meal.",
    "The judge will choose which of those three things we should measure.",
    "Thick fog covered the whole valley until about half past eleven.",
    "Open your mouth wide and say something beautiful.",
    "A bumblebee buzzed past the empty coffee cup.",
    "Young Roy enjoys loud music, good food and long walks.",
    "The prime minister proved that nothing had been paid.",
    "Leave the envelope below the map on my sofa.",
    "Perhaps both of them would rather fly home for the summer.",
    "Put the pepper pot back, or move it over there.",
    "I thought you knew the weather was rough in February.",
)
"""The bench's own: in no corpus."""


class MissingError(BenchError):
    """A source is not on this machine; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where speech comes from."""

    name: str
    real: bool
    make: Callable[[], list[Utterance]]
    """Raises ``MissingError``."""


def _utterance(
    samples: FloatArray, rate_hz: int, phones: tuple[Phone, ...], voice: str
) -> Utterance:
    """Levelled, at the engine's rate, sounds kept to where there is sound."""
    heard = loudness.level(samples, rate_hz)
    phones = trim(phones, quiet_stretches(heard, rate_hz))
    return Utterance(resample(heard, rate_hz, SAMPLE_RATE_HZ), phones, voice, "en")


def words_of(text: str) -> list[str]:
    """The words of a sentence, as a dictionary has them."""
    return re.findall("[a-z']+", text.lower())


def _aligned(samples: FloatArray, rate_hz: int, words: Sequence[str], voice: str) -> Utterance:
    phones = align(resample(samples, rate_hz, RATE_HZ), words)
    return _utterance(samples, rate_hz, phones, voice)


def _all_aligned(said: Iterable[tuple[FloatArray, int, list[str]]], voice: str) -> list[Utterance]:
    """Those that can be aligned.

    Raises:
        MissingError: none can.
    """
    out, failed = [], "no recordings"
    for samples, rate_hz, words in said:
        try:
            out.append(_aligned(samples, rate_hz, words, voice))
        except AlignmentError as error:
            failed = str(error)
    if not out:
        raise MissingError(failed)
    return out


def piper_speech() -> list[Utterance]:
    """The sentences by Piper's voices, aligned: the durations that the model tells run late, by
    0 to 60 ms depending on the sound.

    Raises:
        MissingError: it, or the aligner, is not installed.
    """
    found = piper.installed()
    if not found:
        raise MissingError(".venv/bin/pip install -e '.[piper]'")
    import onnxruntime

    onnxruntime.set_seed(1)  # its timing and noise are drawn
    out = []
    for info, paths in found.items():
        voice = piper.PiperVoice(info, paths)
        said = ((voice.speak(text), words_of(text)) for text in SENTENCES)
        spoken = ((speech.samples, speech.sample_rate_hz, words) for speech, words in said)
        out += _all_aligned(spoken, info.name)
    return out


def flite_phones(printed: str) -> tuple[Phone, ...]:
    """Phones from the line that ``flite -psdur`` prints: ``name:end_s``, in order."""
    out, start_s = [], 0.0
    for item in printed.split():
        name, _, end = item.rpartition(":")
        out.append(phone_of(name, start_s, float(end)))
        start_s = float(end)
    return tuple(out)


def flite_speech() -> list[Utterance]:
    """The sentences by flite's voices.

    Raises:
        MissingError: it is not installed, or without these voices.
    """
    program = shutil.which("flite")
    if program is None:
        raise MissingError("apt install flite")
    out = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        for voice in FLITE_VOICES:
            for text in SENTENCES:
                command = [program, "-voice", voice, "-t", text, "-psdur", "-o", str(path)]
                printed = _output(command)
                samples, rate_hz = read_wav(path)
                out.append(_utterance(samples, rate_hz, flite_phones(printed), f"flite_{voice}"))
    return out


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=FLITE_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingError(f"flite failed ({error}): apt install flite") from error
    return done.stdout


def read_wav(path: Path) -> tuple[FloatArray, int]:
    """Samples (n,) of a 16-bit mono file, and their rate in Hz."""
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return pcm.astype(np.float32) / 32768.0, file.getframerate()


def transcripts(text: str) -> dict[str, list[str]]:
    """File name to words, of lines like ``<s> words </s> (name)``."""
    out = {}
    for line in text.splitlines():
        words, _, name = line.strip().rpartition("(")
        if words:
            out[name.rstrip(")")] = [w for w in words.split() if not w.startswith("<")]
    return out


def librivox_speech(folder: Path = LIBRIVOX) -> list[Utterance]:
    """The LibriVox recordings, aligned.

    Raises:
        MissingError: they, or the aligner, are not installed.
    """
    if not (folder / "transcription").is_file():
        raise MissingError("apt install pocketsphinx-testdata")
    read = transcripts((folder / "transcription").read_text()).items()
    said = ((*read_wav(folder / f"{name}.wav"), words) for name, words in read)
    return _all_aligned(said, "librivox")


SOURCES: Final = (
    Source("piper", False, piper_speech),
    Source("flite", False, flite_speech),
    Source("librivox", True, librivox_speech),
)
