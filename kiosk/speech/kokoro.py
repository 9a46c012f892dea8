"""Kokoro-82M voices on ONNX Runtime: English and Mandarin, with word and phoneme times.

Model: Kokoro-82M (hexgrad, Apache-2.0), quantised to int8. It reads phonemes (``graphemes``) and
tells how long each lasts, so the alignment comes for free.
"""

import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.media import FloatArray
from kiosk.speech import loudness
from kiosk.speech.assets import STYLE_SHAPE
from kiosk.speech.graphemes import Reader, Sounded
from kiosk.speech.kokoro_graph import DURATIONS_OUTPUT, LIMITS_INPUT, PITCH_INPUT
from kiosk.speech.kokoro_symbols import BOUNDARY_ID, IDS, SILENT_SYMBOLS, known, spans
from kiosk.speech.manner import Manner
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import PhonemeTime, Speech, VoiceError, VoiceInfo, WordTime

SAMPLE_RATE_HZ: Final = 24_000
MAX_TOKENS: Final = STYLE_SHAPE[0]
"""Tokens in one run of the model, boundaries not counted."""

FRAME_SAMPLES: Final = 600
"""One frame of the durations: 25 ms."""

ALIGNMENT_LAG_S: Final = 0.053
"""The durations lag what is heard by this much. Against a forced alignment of 58 texts the medians
are 0.057 for onsets and 0.042 for ends."""

_MARK_FRAMES: Final = 12
"""The mark at the end of a phrase lasts no longer: Mandarin voices would be silent for a second."""

_LAST_FRAMES: Final = 4

_LANGUAGES: Final = {"a": "en", "b": "en", "j": "en", "z": "zh"}
"""By a voice's first letter. Japanese voices stand in as English ones."""

_GENDERS: Final = {"f": "female", "m": "male"}

_log: Final = logging.getLogger(__name__)


def voice_info(name: str) -> VoiceInfo | None:
    """Who *name* is, or None if its language cannot be read here."""
    language = _LANGUAGES.get(name[:1])
    if language is None or "_" not in name:
        return None
    gender = _GENDERS.get(name[1], "unknown")
    return VoiceInfo(name, "kokoro", (language,), gender, "Apache-2.0")


class KokoroModel:
    """The network, shared by all its voices. Thread-safe."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the model (about 1 s).

        Raises:
            VoiceError: the file is missing or cannot be loaded.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Waiting threads must sleep: the renderer and the browser need the cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Every phrase has another length: memory planned for one is of no use to the next.
        options.enable_mem_pattern = False
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises a class of its own for each status
            raise VoiceError(f"cannot load {path}: {error}; remedy: make setup") from error
        self.moves_pitch = PITCH_INPUT in {given.name for given in self._session.get_inputs()}
        """Whether the melody can be moved: not by a model that an earlier version set up."""

    def run(
        self, phonemes: str, style: FloatArray, manner: Manner, stop: StopSignal
    ) -> tuple[FloatArray, NDArray[np.int64]]:
        """Speak *phonemes*.

        Args:
            phonemes: at most ``MAX_TOKENS`` symbols, all of them in ``kokoro_symbols.IDS``.
            style: shape (256,).
            manner: how they are spoken; its pauses and loudness are not the model's.
            stop: gives the work up when set.

        Returns:
            The samples, and the first sample of each symbol with the end of the last, shape
            (len(phonemes) + 1,).

        Raises:
            VoiceError: the work was stopped, or the model failed.
        """
        ids = [BOUNDARY_ID, *(IDS[symbol] for symbol in phonemes), BOUNDARY_ID]
        feed = {
            "tokens": np.array([ids], np.int64),
            "style": style[None],
            "speed": np.array([manner.rate], np.float32),
            LIMITS_INPUT: _most_frames(phonemes),
        }
        if self.moves_pitch:
            factor = 2.0 ** (manner.pitch_semitones / 12.0)
            feed[PITCH_INPUT] = np.array([factor, manner.pitch_range - 1.0], np.float32)
        options = onnxruntime.RunOptions()
        # What a long phrase needed is given back.
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        try:
            with stop.calling(lambda: setattr(options, "terminate", True)):
                samples, frames = self._session.run(["audio", DURATIONS_OUTPUT], feed, options)
        except Exception as error:  # the runtime raises a class of its own for each status
            reason = "stopped" if stop.is_set else f"the model failed: {error}; see the log"
            raise VoiceError(reason) from error
        ends = np.cumsum(np.rint(frames.reshape(-1)).astype(np.int64)) * FRAME_SAMPLES
        return np.asarray(samples, np.float32).reshape(-1), ends[:-1]


def _most_frames(phonemes: str) -> FloatArray:
    """Bounds for the silence after the phrase, shape (1, len(phonemes) + 2).

    The silence before it is left as the model wants it: made shorter, it eats the first phoneme.
    """
    most = np.full((1, len(phonemes) + 2), np.inf, np.float32)
    most[0, -1] = _LAST_FRAMES
    marks = len(phonemes) - len(phonemes.rstrip(SILENT_SYMBOLS))
    if marks:
        most[0, -1 - marks : -1] = max(1, _MARK_FRAMES // marks)
    return most


@dataclass(frozen=True, slots=True)
class _Word:
    """A word and the symbols of the phoneme string that it takes."""

    text: str
    first: int
    end: int


class KokoroVoice:
    """One voice: the shared model with a style of its own. Implements ``Voice``."""

    def __init__(self, name: str, style_path: Path, model: KokoroModel, reader: Reader) -> None:
        info = voice_info(name)
        if info is None:
            raise VoiceError(f"voice {name}: no reader for its language; remedy: kiosk voices")
        self._info = info
        self._model = model
        self._reader = reader
        self._styles = np.fromfile(style_path, "<f4").reshape(STYLE_SHAPE)

    @property
    def info(self) -> VoiceInfo:
        """Who is speaking."""
        return self._info

    def blended(self, other: "KokoroVoice", share: float) -> "KokoroVoice":
        """A speaker between this voice and the *other*: *share* 0 is this one, 1 the other.

        It reads this voice's language and goes by its name.
        """
        between = copy.copy(self)
        between._styles = self._styles + np.float32(share) * (other._styles - self._styles)
        return between

    def warmup(self) -> None:
        """Load the dictionaries and run the model once, so that the first phrase is quick."""
        self.speak("您好。" if "zh" in self._info.languages else "Hello.")

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        """Speak one phrase (see ``Voice.speak``)."""
        return self.speak_until(text, rate, StopSignal())

    def speak_until(self, text: str, rate: float, stop: StopSignal) -> Speech:
        """Speak one phrase, but give up with a ``VoiceError`` when *stop* is set."""
        return self.speak_as(text, Manner(rate), stop)

    @property
    def moves_pitch(self) -> bool:
        """Whether its melody can be moved."""
        return self._model.moves_pitch

    def speak_as(self, text: str, manner: Manner, stop: StopSignal) -> Speech:
        """Speak one phrase in a *manner* (see ``stop.MannerVoice``)."""
        if fault := manner.fault():
            raise VoiceError(fault)
        parts = [
            self._speak_run(phonemes, words, manner, stop)
            for phonemes, words in _runs(self._reader.read(text))
        ]
        if not parts:
            raise VoiceError(f"nothing to pronounce in {text[:40]!r}; remedy: send words")
        return _join(text, parts)

    def _speak_run(
        self, phonemes: str, words: list[_Word], manner: Manner, stop: StopSignal
    ) -> Speech:
        samples, edges = self._model.run(phonemes, self._styles[len(phonemes) - 1], manner, stop)
        first, end = loudness.speech_bounds(samples, SAMPLE_RATE_HZ)
        duration_s = (end - first) / SAMPLE_RATE_HZ
        times_s = np.clip(
            (edges - first) / SAMPLE_RATE_HZ - ALIGNMENT_LAG_S, 0.0, duration_s
        ).tolist()
        heard = loudness.level(samples[first:end], SAMPLE_RATE_HZ)
        return Speech(
            text="",
            samples=loudness.fade(heard, SAMPLE_RATE_HZ),
            sample_rate_hz=SAMPLE_RATE_HZ,
            words=tuple(WordTime(w.text, times_s[w.first], times_s[w.end]) for w in words),
            phonemes=tuple(
                PhonemeTime(s.symbol, times_s[s.first], times_s[s.end]) for s in spans(phonemes)
            ),
        )


def _runs(sounded: list[Sounded]) -> Iterator[tuple[str, list[_Word]]]:
    """Phoneme strings of at most ``MAX_TOKENS`` symbols, cut between words, with their words."""
    phonemes, words = "", list[_Word]()
    for part in sounded:
        symbols, dropped = known(part.phonemes)
        if dropped:
            _log.debug("no symbol for %r in %r", dropped, part.text)
        symbols = symbols[: MAX_TOKENS - 1]
        if len(phonemes) + len(symbols) + 1 > MAX_TOKENS:
            if words:
                yield phonemes.rstrip(), words
            phonemes, words = "", list[_Word]()
        if part.is_word and symbols:
            words.append(_Word(part.text, len(phonemes), len(phonemes) + len(symbols)))
        phonemes += symbols + (" " if part.space_after and phonemes + symbols else "")
    if words:
        yield phonemes.rstrip(), words


def _join(text: str, parts: list[Speech]) -> Speech:
    """One speech of all *parts*, end to end, their times shifted to match."""
    words: list[WordTime] = []
    phonemes: list[PhonemeTime] = []
    start_s = 0.0
    for part in parts:
        words += [WordTime(w.text, w.start_s + start_s, w.end_s + start_s) for w in part.words]
        phonemes += [
            PhonemeTime(p.symbol, p.start_s + start_s, p.end_s + start_s) for p in part.phonemes
        ]
        start_s += part.duration_s
    samples = np.concatenate([part.samples for part in parts])
    return Speech(text, samples, SAMPLE_RATE_HZ, tuple(words), tuple(phonemes))
