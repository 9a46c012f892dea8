"""Sounds to try ears on, made on the spot: visitors, an office, and a room that echoes.

Visitors speak by the kiosk's own voices, by flite and, as recorded people, by LibriVox (public
domain, in Debian's ``pocketsphinx-testdata``) where these are installed. The office is a babble of
several voices, a fan and typing. All at 16 kHz unless said otherwise.
"""

import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
import soxr  # type: ignore[import-untyped]

from engine.media import FloatArray
from engine.timeline import SAMPLE_RATE_HZ
from kiosk.config import SpeechSettings
from kiosk.listen.frames import FRAME_SAMPLES, RATE_HZ, speech_level_db
from kiosk.speech.loudness import active_rms, level
from kiosk.speech.registry import Voices
from kiosk.speech.voice import VoiceError

Set = Literal["tune", "report"]
"""Thresholds are tuned on one set of voices and seeds, and judged on the other."""

SENTENCES: Final = (
    "Hello, can you hear me?",
    "Where do I get a new passport?",
    "Stop, please. That is not what I asked.",
    "I would like to see somebody about my taxes.",
    "Excuse me, which floor is it?",
    "Four people are waiting already, is that right?",
    "She said that I should come here first.",
    "How much does it cost, and may I pay by card?",
)
"""What visitors say: first sounds soft and hard."""

BACKGROUND: Final = (
    "The meeting has been moved to Thursday, so the numbers have to be ready by then.",
    "I sent it to her yesterday, but nobody has answered yet, which is strange.",
    "We could take the early train and be back before the shops close.",
)

_KOKORO: Final[dict[Set, tuple[str, ...]]] = {
    "tune": ("af_heart", "am_michael"),
    "report": ("bf_emma", "am_fenrir"),
}
_FLITE: Final[dict[Set, tuple[str, ...]]] = {"tune": ("awb", "slt"), "report": ("rms", "kal16")}
_BABBLE_FLITE: Final[dict[Set, tuple[str, ...]]] = {
    "tune": ("rms", "kal16"),
    "report": ("awb", "slt"),
}
_RECORDED: Final[dict[Set, tuple[str, ...]]] = {
    "tune": ("0870", "0890", "0920"),
    "report": ("0880", "0930"),
}
_LIBRIVOX: Final = Path("/usr/share/pocketsphinx/test/data/librivox")

AVATAR_VOICES: Final[dict[Set, str]] = {"tune": "af_heart", "report": "bf_isabella"}

_FLITE_TIMEOUT_S: Final = 30.0


FIRST_SOUND_DB: Final = -20.0
"""An utterance begins with its first 20 ms within so much of its active level: breath and the
recording's own noise are before it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance without its silences at the ends."""

    samples: FloatArray
    """Shape (n,), at 16 kHz; active speech of level 1 (0 dBFS root mean square)."""
    voice: str


def db(level_db: float) -> float:
    """The amplitude that is *level_db*."""
    return float(10.0 ** (level_db / 20.0))


def _said(samples: FloatArray, rate_hz: int, voice: str) -> Said:
    low = samples
    if rate_hz != RATE_HZ:
        low = np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)
    low = low / np.float32(max(1e-9, active_rms(low, RATE_HZ)))
    frames = low[: len(low) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    loud = [i for i, frame in enumerate(frames) if speech_level_db(frame) > FIRST_SOUND_DB]
    start, end = loud[0] * FRAME_SAMPLES, (loud[-1] + 1) * FRAME_SAMPLES
    return Said(np.asarray(low[start:end], np.float32), voice)


@cache
def visitors(which: Set) -> tuple[Said, ...]:
    """Utterances of visitors, voices mixed.

    Raises:
        VoiceError: there is neither a voice of the kiosk's own nor flite.
    """
    texts = SENTENCES if which == "tune" else SENTENCES[::-1]
    found = [
        _said(*sound, voice)
        for number, voice in enumerate(_KOKORO[which])
        for text in texts[number::2]
        if (sound := _kokoro(text, voice)) is not None
    ]
    found += [
        _said(*sound, f"flite_{voice}")
        for number, voice in enumerate(_FLITE[which])
        for text in texts[1 - number :: 2]
        if (sound := _flite(text, voice)) is not None
    ]
    for name in _RECORDED[which]:
        path = _LIBRIVOX / f"sense_and_sensibility_01_austen_64kb-{name}.wav"
        if path.is_file():
            found.append(_said(*_read(path), "librivox"))
    if not found:
        raise VoiceError("there is no voice to try ears on: kiosk voices fetch")
    order = np.random.default_rng(3).permutation(len(found))
    return tuple(found[index] for index in order)


@cache
def _voices() -> Voices:
    return Voices(SpeechSettings().voices_path)


def _kokoro(text: str, voice: str) -> tuple[FloatArray, int] | None:
    try:
        speech = _voices().get(voice).speak(text)
    except VoiceError:
        return None
    return speech.samples, speech.sample_rate_hz


@cache
def _flite(text: str, voice: str) -> tuple[FloatArray, int] | None:
    program = shutil.which("flite")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        command = [program, "-voice", voice, "-t", text, "-o", str(path)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_FLITE_TIMEOUT_S)
            return _read(path)
        except (OSError, subprocess.SubprocessError, wave.Error):
            return None


def _read(path: Path) -> tuple[FloatArray, int]:
    with wave.open(str(path)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return pcm.astype(np.float32) / np.float32(32768.0), file.getframerate()


@cache
def avatar(which: Set) -> FloatArray:
    """What the avatar says, a minute or less, at 48 kHz, at the kiosk's own level."""
    found = [
        _at_master_rate(*sound)
        for text in (*BACKGROUND, *SENTENCES)
        if (sound := _kokoro(text, AVATAR_VOICES[which]) or _flite(text, "slt")) is not None
    ]
    if not found:
        raise VoiceError("there is no voice to try ears on: kiosk voices fetch")
    return np.concatenate(found)


def _at_master_rate(samples: FloatArray, rate_hz: int) -> FloatArray:
    levelled = level(samples, rate_hz)
    sound = soxr.resample(levelled, rate_hz, SAMPLE_RATE_HZ)
    return np.concatenate([sound, np.zeros(SAMPLE_RATE_HZ // 5)]).astype(np.float32)


def loop(sound: FloatArray, count: int, start: int = 0) -> FloatArray:
    """*count* samples of *sound* over and over, from *start* on."""
    return np.asarray(np.take(sound, np.arange(start, start + count), mode="wrap"), np.float32)


def babble(which: Set, count: int, seed: int, voices: int = 6) -> FloatArray:
    """People who talk in the background, of level 1."""
    rng = np.random.default_rng(seed)
    talk = [
        _said(*sound, voice).samples
        for voice in _BABBLE_FLITE[which]
        for text in BACKGROUND
        if (sound := _flite(text, voice)) is not None
    ]
    talk = talk or [said.samples for said in visitors("tune" if which == "report" else "report")]
    out = np.zeros(count, np.float32)
    for _ in range(voices):
        order = rng.permutation(len(talk))
        pauses = [np.zeros(int(rng.integers(3000, 16_000)), np.float32) for _ in order]
        parts = [
            part
            for index, pause in zip(order, pauses, strict=True)
            for part in (talk[index], pause)
        ]
        said = np.concatenate(parts)
        out += np.float32(db(rng.uniform(-6.0, 0.0))) * loop(
            said, count, int(rng.integers(len(said)))
        )
    return _unit(reverberant(out, room(seed, 0.4)))


def fan(count: int, seed: int) -> FloatArray:
    """A fan: hum of the mains and its harmonics, and wind, of level 1."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    wind = np.fft.irfft(spectrum / np.maximum(hz, 60.0), count)
    t = np.arange(count) / RATE_HZ
    hum = sum(np.sin(2 * np.pi * 50.0 * k * t + k) / k for k in (1, 2, 3, 4, 6))
    return _unit(np.asarray(wind / wind.std() + 0.7 * hum, np.float32))


def typing(count: int, seed: int) -> FloatArray:
    """Keys in bursts, of level 1 while somebody types."""
    rng = np.random.default_rng(seed)
    out = np.zeros(count + RATE_HZ, np.float32)
    at = 0
    while at < count:
        for _ in range(int(rng.integers(8, 40))):
            length = int(rng.integers(80, 400))
            click = rng.standard_normal(length) * np.exp(-np.arange(length) / (length / 5))
            out[at : at + length] += (rng.uniform(0.4, 1.0) * np.diff(click, prepend=0.0)).astype(
                np.float32
            )
            at = min(count, at + int(rng.uniform(0.08, 0.3) * RATE_HZ))
        at += int(rng.uniform(1.0, 6.0) * RATE_HZ)
    return _unit(out[:count])


def office(which: Set, count: int, seed: int) -> FloatArray:
    """Babble, fan and typing, of level 1 in all."""
    together = (
        babble(which, count, seed)
        + np.float32(db(-3.0)) * fan(count, seed)
        + np.float32(db(-6.0)) * typing(count, seed)
    )
    return _unit(together)


def hiss(count: int, seed: int) -> FloatArray:
    """What a microphone gives in silence, of level 1."""
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def room(seed: int, rings_s: float = 0.15, delay_s: float = 0.0) -> FloatArray:
    """A room's impulse response of energy 1: a direct sound, then decaying noise."""
    rng = np.random.default_rng(seed)
    count = round(rings_s * RATE_HZ)
    tail = rng.standard_normal(count) * 10.0 ** (-3.0 * np.arange(count) / count)
    tail *= 0.8 / np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    tail /= np.sqrt(np.sum(tail**2))
    return np.concatenate([np.zeros(round(delay_s * RATE_HZ)), tail]).astype(np.float32)


def reverberant(sound: FloatArray, response: FloatArray) -> FloatArray:
    """*sound* as it is in a room, as long as it was."""
    size = 1 << (len(sound) + len(response) - 1).bit_length()
    product = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.asarray(np.fft.irfft(product, size)[: len(sound)], np.float32)


def _unit(sound: FloatArray) -> FloatArray:
    return np.asarray(sound / np.float32(max(1e-9, float(np.sqrt(np.mean(sound**2))))), np.float32)
