"""All the voices that can be had on this machine."""

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Final

from kiosk.speech import assets, espeak, normalise, piper
from kiosk.speech.graphemes import EnglishReader, MandarinReader, Reader, word_splitter
from kiosk.speech.kokoro import KokoroModel, KokoroVoice
from kiosk.speech.kokoro import voice_info as kokoro_voice_info
from kiosk.speech.voice import Voice, VoiceError, VoiceInfo

DEFAULT_VOICES: Final = {"en": ("af_heart", "jf_nezumi"), "zh": ("zf_xiaobei",)}
"""The voices of each language to try when none is asked for, best first."""

_LOCAL: Final = ("kokoro", "piper", "espeak")
_ENGINE_ORDER: Final = (*_LOCAL, "wyoming", "openai")
"""Best first; those of other machines speak only when they are asked for or chosen."""

_TRIAL: Final = {"en": "Hello.", "zh": "您好。"}

Loader = Callable[[], Voice]


class Voices:
    """The voices of this machine, loaded when first used. Thread-safe."""

    def __init__(
        self,
        voices_dir: Path | None = None,
        threads: int = 1,
        chosen: Mapping[str, str] | None = None,
    ) -> None:
        """Look which voices there are (nothing is loaded yet).

        Args:
            voices_dir: what ``assets.fetch`` filled; by default ``assets.default_voices_dir()``.
            threads: for the neural voices' network.
            chosen: by language (ISO 639-1), who speaks when nobody is asked for.
        """
        self._chosen = dict(chosen or {})
        self._voices_dir = voices_dir or assets.default_voices_dir()
        self._threads = threads
        self._lock = threading.RLock()
        self._loaded: dict[str, Voice] = {}
        self._loaders: dict[str, tuple[VoiceInfo, Loader]] = {}
        self._find_kokoro()
        self._find_piper()
        self._find_espeak()

    def list(self) -> tuple[VoiceInfo, ...]:
        """Everyone who can speak here, best engine first, then by name."""
        infos = (info for info, _ in self._loaders.values())
        return tuple(sorted(infos, key=lambda i: (_ENGINE_ORDER.index(i.engine), i.name)))

    def get(self, name: str) -> Voice:
        """The voice called *name*.

        Raises:
            VoiceError: no such voice; the message names near ones and how to list them all.
        """
        with self._lock:
            if name not in self._loaded:
                if name not in self._loaders:
                    raise VoiceError(self._unknown(name))
                self._loaded[name] = self._loaders[name][1]()
            return self._loaded[name]

    def for_language(self, language: str, preferred: str | None = None) -> Voice:
        """A voice that reads *language*: *preferred* if it does, else one of the same gender.

        Args:
            language: ISO 639-1 code.
            preferred: the voice that was asked for, in whatever language.

        Raises:
            VoiceError: *preferred* is unknown, or nobody reads *language*.
        """
        wanted = self._info(preferred) if preferred else None
        if wanted and language in wanted.languages:
            return self.get(wanted.name)
        return self._fittest(language, wanted.gender if wanted else None, self.list())

    def stand_in(self, language: str, gender: str) -> Voice:
        """A voice of this machine that reads *language*, of *gender* if there is one.

        Raises:
            VoiceError: nobody here reads *language*.
        """
        local = tuple(info for info in self.list() if info.engine in _LOCAL)
        return self._fittest(language, gender, local)

    def add(self, info: VoiceInfo, loader: Loader) -> None:
        """Have one more voice, which *loader* makes when it is first used."""
        with self._lock:
            # Replaced, not changed: others may be reading it.
            self._loaders = {**self._loaders, info.name: (info, loader)}

    def _fittest(self, language: str, gender: str | None, infos: "tuple[VoiceInfo, ...]") -> Voice:
        able = [info for info in infos if language in info.languages]
        if not able:
            raise VoiceError(self._nobody(language))
        defaults = DEFAULT_VOICES.get(language, ())
        chosen = self._chosen.get(language)

        def unfit(info: VoiceInfo) -> tuple[bool, bool, bool]:
            other_gender = gender not in (None, "unknown", info.gender)
            return other_gender, info.name != chosen, info.name not in defaults

        return self.get(min(able, key=unfit).name)

    def warmup(self, languages: Iterable[str] = ("en", "zh")) -> None:
        """Load who speaks *languages* by default, with grammars and dictionaries, and try them.

        Takes some seconds; afterwards the first phrase is as quick as any. A language that nobody
        reads is left out. Where another machine speaks, so is who stands in for it here tried.
        """
        for language in languages:
            if any(language in info.languages for info in self.list()):
                # Grammars and model side by side: reading a model leaves the interpreter free.
                with ThreadPoolExecutor(1) as pool:
                    grammars = pool.submit(normalise.warmup, language)
                    voice = self.for_language(language)
                    grammars.result()
                for each in (voice, *self._in_its_stead(voice.info, language)):
                    each.speak(_TRIAL.get(language, "1"))

    def _in_its_stead(self, info: VoiceInfo, language: str) -> "tuple[Voice, ...]":
        here = any(i.engine in _LOCAL and language in i.languages for i in self.list())
        far = info.engine not in _LOCAL
        return (self.stand_in(language, info.gender),) if far and here else ()

    def check(self, name: str | None) -> None:
        """Raise ``VoiceError`` if there are no voices, or none called *name*; loads nothing."""
        if name is not None:
            self._info(name)
        elif not self._loaders:
            raise VoiceError(self._nobody("en"))

    def words(self, run: str) -> Sequence[str]:
        """The words of a run of Chinese characters; the first call takes half a second."""
        return word_splitter(self._voices_dir)(run)

    def _info(self, name: str) -> VoiceInfo:
        if name not in self._loaders:
            raise VoiceError(self._unknown(name))
        return self._loaders[name][0]

    def _unknown(self, name: str) -> str:
        if not self._loaders:
            return f"no voice {name!r}: {self._none()}"
        near = difflib.get_close_matches(name, self._loaders, n=3, cutoff=0.4)
        hint = f"; near it: {', '.join(near)}" if near else ""
        return f"no voice {name!r}{hint}; remedy: see them all with kiosk voices"

    def _nobody(self, language: str) -> str:
        if not self._loaders:
            return self._none()
        return f"no voice reads language {language!r}; remedy: make setup with npm installed"

    def _none(self) -> str:
        return (
            f"no voices in {self._voices_dir}; remedy: run kiosk voices fetch, or correct "
            "speech.voices_dir"
        )

    def _find_kokoro(self) -> None:
        """Kokoro: one model and one reader a language, shared by all its voices."""
        path = assets.model_path(self._voices_dir)
        if path is None:
            return
        english = EnglishReader()
        readers: dict[str, Reader] = {
            "en": english,
            "zh": MandarinReader(english, self._voices_dir),
        }
        model = cache(partial(KokoroModel, path, self._threads))
        for name, style_path in assets.style_paths(self._voices_dir).items():
            info = kokoro_voice_info(name)
            if info is not None:
                reader = readers[info.languages[0]]
                self._loaders[name] = (info, _kokoro_loader(name, style_path, model, reader))

    def _find_piper(self) -> None:
        """Piper: an optional extra."""
        for info, paths in piper.installed().items():
            self._loaders[info.name] = (info, partial(piper.PiperVoice, info, paths, self._threads))

    def _find_espeak(self) -> None:
        """espeak-ng: an optional extra, the last resort."""
        for info in espeak.installed():
            self._loaders[info.name] = (info, partial(espeak.EspeakVoice, info))


def _kokoro_loader(
    name: str, style_path: Path, model: Callable[[], KokoroModel], reader: Reader
) -> Loader:
    return lambda: KokoroVoice(name, style_path, model(), reader)
