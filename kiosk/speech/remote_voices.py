"""Finds the voices of the configured servers and adds them to those of this machine."""

import logging
import re
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from engine.media import FloatArray
from kiosk.config_remote import RemoteVoicesSettings, speech_key
from kiosk.speech import openai_speech, wyoming
from kiosk.speech.registry import Voices
from kiosk.speech.remote import Breaker, Counts, Outcome, RemoteVoice, Synthesize
from kiosk.speech.remote_link import RemoteError, Server
from kiosk.speech.sentences import HAN_LETTER
from kiosk.speech.stop import StopSignal
from kiosk.speech.voice import Voice, VoiceError, VoiceInfo

READ_HERE: Final = ("en", "zh")
"""Languages that texts are split into; a voice of others would never be asked."""

_NAME_CHARACTERS: Final = 64
_log: Final = logging.getLogger(__name__)


class RemoteVoices:
    """The servers that are configured. Only they are ever asked."""

    def __init__(
        self,
        settings: RemoteVoicesSettings,
        voices: Voices,
        all_found: Callable[[], None] = lambda: None,
    ) -> None:
        """Add the voices that the settings name; nobody is asked yet.

        Args:
            settings: the servers.
            voices: those of this machine; the found ones are added to them.
            all_found: called on a thread when, after ``start``, all servers have told theirs.
        """
        self._settings = settings
        self._voices = voices
        self._all_found = all_found
        self._counts = Counts()
        self._stop = StopSignal()
        self._over = threading.Event()
        self._unknown = [self._server(address) for address in settings.wyoming]
        self._told: set[str] = set()
        self._thread: threading.Thread | None = None
        for address in settings.openai:
            self._add_openai(self._server(address))

    @property
    def awaited(self) -> bool:
        """Whether a server has not told its voices yet."""
        return bool(self._unknown)

    def counts(self) -> dict[Outcome, int]:
        """What became of the phrases asked of remote voices."""
        return self._counts.read()

    def find(self) -> bool:
        """Ask the servers that have not yet told their voices; whether all have.

        Blocks for a time-out for each that does not answer.
        """
        for server in list(self._unknown):
            try:
                told = wyoming.described(server, self._stop)
            except RemoteError as error:
                self._tell(server, error)
            except VoiceError:
                return True  # stopped
            else:
                self._unknown.remove(server)
                self._add_wyoming(server, told)
        return not self._unknown

    def start(self) -> None:
        """Find them on a thread, again and again until all servers have told their voices."""
        if self._unknown and self._thread is None:
            self._thread = threading.Thread(target=self._keep_finding, name="remote", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._over.set()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _keep_finding(self) -> None:
        while not self.find():
            if self._over.wait(self._settings.retry_s):
                return
        if not self.awaited:
            self._all_found()

    def _tell(self, server: Server, error: RemoteError) -> None:
        if server.address not in self._told:
            self._told.add(server.address)
            _log.warning(
                "%s: %s: its voices are not known yet, it is asked every %g s",
                server.address,
                error,
                self._settings.retry_s,
            )

    def _server(self, address: str) -> Server:
        return Server(address, self._settings.timeout_s, self._settings.allow_public)

    def _add_wyoming(self, server: Server, told: Iterable[wyoming.Told]) -> None:
        breaker = Breaker(server.address, self._settings.retry_s)
        names = []
        for voice in told:
            languages = tuple(code for code in voice.languages if code in READ_HERE)
            if languages:
                name = "-".join(filter(None, (voice.name, voice.speaker)))
                info = VoiceInfo(self._free(name), "wyoming", languages, "unknown", "unknown")
                self._add(info, partial(_by_wyoming, server, voice), breaker, takes_rate=False)
                names.append(info.name)
        _log.info("%s: voices %s", server.address, ", ".join(names) or "none for en or zh")

    def _add_openai(self, server: Server) -> None:
        breaker = Breaker(server.address, self._settings.retry_s)
        key, model = speech_key(), self._settings.openai_model
        for entry in self._settings.openai_voices:
            voice, language, gender = (*entry.split(":"), "", "")[:3]
            info = VoiceInfo(
                self._free(voice), "openai", (language or "en",), gender or "unknown", "unknown"
            )
            speaks = partial(openai_speech.synthesized, server, key, model, voice)
            self._add(info, speaks, breaker, takes_rate=True)

    def _add(
        self, info: VoiceInfo, speaks: Synthesize, breaker: Breaker, *, takes_rate: bool
    ) -> None:
        stand_in = partial(self._stand_in, info)
        make: Callable[[], Voice] = partial(
            RemoteVoice, info, speaks, stand_in, breaker, self._counts, takes_rate=takes_rate
        )
        self._voices.add(info, make)

    def _stand_in(self, info: VoiceInfo, text: str) -> Voice:
        chinese = "zh" in info.languages and HAN_LETTER.search(text)
        return self._voices.stand_in("zh" if chinese else info.languages[0], info.gender)

    def _free(self, name: str) -> str:
        """A name that can be asked for and is nobody else's."""
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).lstrip("_.-")[: _NAME_CHARACTERS - 3]
        plain = plain or "remote"
        taken = {info.name for info in self._voices.list()}
        return next(n for n in (plain, *(f"{plain}-{i}" for i in range(2, 100))) if n not in taken)


def _by_wyoming(
    server: Server, voice: wyoming.Told, text: str, _rate: float, stop: StopSignal
) -> tuple[FloatArray, int]:
    return wyoming.synthesized(server, voice, text, stop)
