"""The speech of a kiosk in one place: asks become utterances, refusals become problems."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from kiosk.api import refused
from kiosk.config import SpeechSettings
from kiosk.config_remote import RemoteVoicesSettings
from kiosk.sources import FileSource, LiveSource, TextSource
from kiosk.speech.decode import AudioFileError
from kiosk.speech.manner import STYLE_NAMES, Manner, Wish
from kiosk.speech.prepared import PreparedSpeech
from kiosk.speech.registry import Voices
from kiosk.speech.remote import Outcome
from kiosk.speech.remote_voices import RemoteVoices
from kiosk.speech.speaker import Speaker, SpeechTextError
from kiosk.speech.voice import VoiceError, VoiceInfo

logger = logging.getLogger(__name__)

LANGUAGES: Final = ("en", "zh")
"""Those that are read."""


class SpeechDesk:
    """Voices, the thread that speaks, and the thread that decodes files."""

    def __init__(
        self,
        settings: SpeechSettings,
        known_texts: Iterable[str] = (),
        remote: RemoteVoicesSettings | None = None,
    ) -> None:
        """Nothing is loaded, and no other machine is asked, yet.

        Args:
            settings: who speaks, and how.
            known_texts: texts that will be asked for again and again, such as touch topics.
            remote: whose voices are used too.
        """
        self._settings = settings
        self._voices = Voices(settings.voices_path, settings.threads, settings.voices)
        self._remote = RemoteVoices(
            remote or RemoteVoicesSettings(), self._voices, self._name_absent
        )
        if not self._remote.awaited:
            self._name_absent()
        self._prepared = PreparedSpeech(known_texts)
        self._speaker = Speaker(
            self._voices, max_characters=settings.max_characters, prepared=self._prepared
        )
        self._pool = ThreadPoolExecutor(1, "audio")

    def _name_absent(self) -> None:
        """Warn of configured voices that are not installed: others would speak unannounced."""
        names = {info.name for info in self._voices.list()}
        for language, name in self._settings.voices.items():
            if names and name not in names:
                logger.warning(
                    "speech.voice_%s = %r is not installed, another voice speaks instead: "
                    "choose one of kiosk voices, or run kiosk voices fetch",
                    language,
                    name,
                )

    def remote_phrases(self) -> dict[Outcome, int]:
        """What became of the phrases asked of other machines."""
        return self._remote.counts()

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Everyone who can speak here."""
        return self._voices.list()

    def warm_up(self, language: str) -> None:
        """Load what *language* needs and speak a little, so that no visitor waits for it.

        Args:
            language: ISO 639-1 code; one that nobody here reads is passed over.

        Raises:
            VoiceError: there is no voice at all; the message names the remedy.
        """
        self._remote.start()
        self._voices.check(None)
        self._voices.warmup((language,))

    def prepare(self) -> Iterator[str]:
        """Speak the known texts as usual, then how they begin in the other styles."""
        usual = self._manner(Wish())
        yield from self._prepared.prepare(self._voices, usual)
        for style in STYLE_NAMES:
            other = self._manner(Wish(style))
            if other != usual:
                yield from self._prepared.prepare(self._voices, other, beginnings_only=True)

    def _manner(self, wish: Wish) -> Manner:
        return wish.over(self._settings.manner, self._settings.style)

    def say(self, text: str, voice: str | None, wish: Wish) -> TextSource:
        """Begin to speak *text*, as wished for where the settings say otherwise.

        Raises:
            ProblemError: there is nothing to say in it, it is too long, or the voice is unknown.
        """
        self._prepared.pause()
        try:
            request = self._speaker.say(text, voice=voice, manner=self._manner(wish))
        except SpeechTextError as error:
            raise refused(422, "unspeakable_text", error, "send words or numbers") from error
        except VoiceError as error:
            raise refused(422, "unknown_voice", error, "see /v1/voices") from error
        return TextSource(request, self._pool)

    def stream(self, voice: str | None, wish: Wish) -> LiveSource:
        """Begin to speak a text that is yet to come, as wished for.

        Raises:
            ProblemError: the voice is unknown, or there is none.
        """
        self._prepared.pause()
        try:
            text = self._speaker.stream(voice=voice, manner=self._manner(wish))
        except VoiceError as error:
            raise refused(422, "unknown_voice", error, "see /v1/voices") from error
        return LiveSource(text, self._pool)

    async def play(self, data: bytes) -> FileSource:
        """Open an audio file.

        Raises:
            ProblemError: it cannot be played.
        """
        source = FileSource(data, self._pool)
        try:
            await source.check()
        except AudioFileError as error:
            raise refused(422, "unplayable_audio", error, "send WAV, MP3, OGG or FLAC") from error
        return source

    def close(self) -> None:
        """Stop the threads."""
        self._remote.close()
        self._speaker.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
