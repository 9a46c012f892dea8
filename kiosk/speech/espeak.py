"""espeak-ng: very quick and robotic; an optional extra (GPL-3.0) and the last resort."""

import ctypes
import importlib.util
import threading
from functools import cache
from typing import Any, Final

import numpy as np

from engine.media import FloatArray
from kiosk.speech import loudness
from kiosk.speech.phrases import speakable
from kiosk.speech.voice import PhonemeTime, Speech, VoiceError, VoiceInfo, WordTime

_SYNCHRONOUS: Final = 2  # AUDIO_OUTPUT_SYNCHRONOUS
_OPTIONS: Final = 0x8003  # phoneme events, in IPA; do not exit on errors
_UTF8: Final = 1
_RATE: Final = 1  # espeakRATE
_PITCH: Final = 3  # espeakPITCH
_USUAL_PITCH: Final = 50
_WORDS_PER_MINUTE: Final = 175
_WORD, _PHONEME = 1, 7
_BUFFER_MS: Final = 200

_VOICES: Final = {"espeak_en": ("en", "en-us"), "espeak_zh": ("zh", "cmn")}

_STRESS: Final = str.maketrans("", "", "ˈˌː0123456789")


class _Event(ctypes.Structure):
    """``espeak_EVENT`` of ``speak_lib.h``."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Mark = tuple[int, int, int, bytes]
"""Type of the event, place in the text (from 1), milliseconds, phoneme."""

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def installed() -> tuple[VoiceInfo, ...]:
    """The voices, if ``espeakng-loader`` is installed."""
    if importlib.util.find_spec("espeakng_loader") is None:
        return ()
    return tuple(
        VoiceInfo(name, "espeak", (language,), "male", "GPL-3.0-or-later")
        for name, (language, _) in _VOICES.items()
    )


class EspeakVoice:
    """One of espeak-ng's voices. Implements ``Voice``."""

    def __init__(self, info: VoiceInfo) -> None:
        """Load the library (once a process).

        Raises:
            VoiceError: it does not start.
        """
        self._info = info
        self._library = library()

    @property
    def info(self) -> VoiceInfo:
        """Who is speaking."""
        return self._info

    def warmup(self) -> None:
        """Nothing to do: it is always quick."""

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        """Speak one phrase (see ``Voice.speak``)."""
        if not speakable(text):
            raise VoiceError(f"nothing to pronounce in {text[:40]!r}; remedy: send words")
        return self._library.speak(text, _VOICES[self._info.name][1], rate)


class Library:
    """The C library: one voice and one text at a time, whatever the number of callers."""

    def __init__(self) -> None:
        import espeakng_loader  # type: ignore[import-not-found,import-untyped,unused-ignore]

        self._lock = threading.Lock()
        self._c: Any = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        data = str(espeakng_loader.get_data_path()).encode()
        self._rate_hz = int(self._c.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data, _OPTIONS))
        if self._rate_hz <= 0:
            raise VoiceError("espeak-ng does not start; remedy: reinstall 'sonic-kiosk[espeak]'")
        self._chunks: list[bytes] = []
        self._marks: list[_Mark] = []
        self._callback = _Callback(self._hear)  # kept: the library holds only its address
        self._c.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, rate: float, pitch: int = _USUAL_PITCH) -> Speech:
        """Speak *text*.

        Args:
            text: what is said.
            voice: a language of the library, with a variant after ``+``: ``en-us+f3``.
            rate: 1 is the library's own.
            pitch: 0 to 99; 50 is the voice's own.

        Raises:
            VoiceError: the library fails.
        """
        encoded = text.encode() + b"\0"
        with self._lock:
            self._chunks, self._marks = [], []
            self._c.espeak_SetVoiceByName(voice.encode())
            self._c.espeak_SetParameter(_RATE, round(_WORDS_PER_MINUTE * rate), 0)
            self._c.espeak_SetParameter(_PITCH, pitch, 0)
            failed = self._c.espeak_Synth(encoded, len(encoded), 0, 1, 0, _UTF8, None, None)
            if failed or self._c.espeak_Synchronize():
                raise VoiceError("espeak-ng failed; remedy: another voice")
            pcm = np.frombuffer(b"".join(self._chunks), "<i2")
            marks = list(self._marks)
        return self._speech(text, (pcm / 32768).astype(np.float32), marks)

    def _hear(self, samples: Any, count: int, events: Any) -> int:  # noqa: ANN401 -- C pointers
        if samples and count:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        index = 0
        while events[index].type:
            event = events[index]
            self._marks.append((event.type, event.text_position, event.audio_position, event.id))
            index += 1
        return 0

    def _speech(self, text: str, sound: FloatArray, marks: list[_Mark]) -> Speech:
        first, end = loudness.speech_bounds(sound, self._rate_hz)
        duration_s = (end - first) / self._rate_hz

        def seconds(time_ms: int) -> float:
            return min(max(time_ms / 1000 - first / self._rate_hz, 0.0), duration_s)

        words = [(place - 1, seconds(ms)) for kind, place, ms, _ in marks if kind == _WORD]
        symbols = [
            (symbol.decode("utf-8", "ignore").translate(_STRESS), seconds(ms))
            for kind, _, ms, symbol in marks
            if kind == _PHONEME
        ]
        heard = loudness.fade(loudness.level(sound[first:end], self._rate_hz), self._rate_hz)
        return Speech(
            text,
            heard,
            self._rate_hz,
            _word_times(text, words, duration_s),
            _phoneme_times(symbols, duration_s),
        )


def _word_times(
    text: str, starts: list[tuple[int, float]], duration_s: float
) -> tuple[WordTime, ...]:
    ends = [*starts[1:], (len(text), duration_s)][: len(starts)]
    return tuple(
        WordTime(text[place:end].strip(' .,;:!?，。！？；：、"“”()'), start_s, end_s)
        for (place, start_s), (end, end_s) in zip(starts, ends, strict=True)
    )


def _phoneme_times(symbols: list[tuple[str, float]], duration_s: float) -> tuple[PhonemeTime, ...]:
    ends_s = [*(start_s for _, start_s in symbols[1:]), duration_s][: len(symbols)]
    return tuple(
        PhonemeTime(symbol, start_s, end_s)
        for (symbol, start_s), end_s in zip(symbols, ends_s, strict=True)
        if symbol.strip("_:; ")
    )


@cache
def library() -> Library:
    """The library, loaded once a process.

    Raises:
        VoiceError: it does not start.
    """
    return Library()
