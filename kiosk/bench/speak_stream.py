"""How soon and how evenly text is spoken that arrives as language models write it.

A server, a player that watches it (aiortc), and a writer at ``WS /v1/speak`` that sends a token
each 50 ms. The first sound is taken where it arrives at the player; the silences between phrases
are those of the captions, whose times are samples of what was sent.
"""

import asyncio
import itertools
import json
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from kiosk.bench.browser import BenchError, ServerProcess
from kiosk.bench.live import sum_of
from kiosk.speech.sentences import CLAUSE_PAUSE_S, SENTENCE_PAUSE_S

TOKEN_S: Final = 0.05
REST_S: Final = 1.0
"""Silence before each text, so that the first sound is that of the text."""

TIMEOUT_S: Final = 60.0
LOUD: Final = 0.01
"""-40 dB: louder than a codec's idea of silence, quieter than any vowel."""

STAGE: Final = "bench-speak"

TEXTS: Final = (
    "Good morning, and welcome to the service hall. I am glad that you came. Please bring your old "
    "card, one photo, and 12.50 in cash or by card, and take a number at the entrance.",
    "您好，欢迎来到政务服务大厅，请问您要办理什么业务？请携带身份证原件和复印件，到三号窗口办理。"
    "周一到周五上午九点到下午五点办公，周四延长到七点半。",
    "Desks seven to nine are on the second floor, behind the lifts. The wait is usually about "
    "fifteen minutes, although on Mondays it can be longer. Thank you for your patience.",
    "办理居住证需要提供身份证原件以及在本市连续居住满六个月的证明材料，如果材料不齐，请不要着急，"
    "十四天之内补交就可以。",
    "I can certainly explain how the registration of a new resident works in this city and which "
    "documents the office will ask you for when you come. You will need your passport.",
    "好的，我来为您介绍一下。首先，您可以在自助机上取号；然后，请在等候区休息，叫到号码时再到窗口办理。",
)

_TOKEN: Final = re.compile(r"\s*[A-Za-z]{1,7}|\s*\d{1,3}|[一-鿿]{1,2}|\s*[^\w\s]|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SpeakStreamReport:
    """The figures; those that could not be measured are None."""

    first_token_ms: float | None
    """From the first token sent to the first sound at the player, median."""
    first_token_max_ms: float | None
    phrase_gap_ms: float | None
    """Silence between phrases beyond the pause that was meant, 95th percentile."""
    phrase_gap_max_ms: float | None
    underruns: int
    """Times that the sound of a text ran out before its end."""

    def as_dict(self) -> dict[str, float | int | None]:
        """For JSON."""
        return asdict(self)


def tokens(text: str) -> list[str]:
    """*text* cut about as language models cut it: a space goes with the word after it."""
    return _TOKEN.findall(text)


@dataclass
class _Player:
    """What a player hears and is told."""

    peer: RTCPeerConnection
    loud_s: list[float] = field(default_factory=list)
    """When sound arrived, by the loop's clock."""
    captions: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, message: str | bytes) -> None:
        told = json.loads(message)
        if told["type"] == "caption":
            self.captions.append(told)

    async def listen(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if np.abs(frame.to_ndarray()).max(initial=0) > LOUD * 32768:
                    self.loud_s.append(loop.time())


async def run(
    rounds: int = 2,
    url: str | None = None,
    token: str = "",
    progress: Callable[[str], None] | None = None,
    texts: Sequence[str] = TEXTS,
) -> SpeakStreamReport:
    """Stream every text *rounds* times.

    Args:
        rounds: at least 1.
        url: a kiosk that runs already; without it one is started here, and ended.
        token: of that kiosk.
        progress: told what is being done, in a few words.
        texts: what is written.

    Raises:
        BenchError: the server is missing or refuses; the message has the remedy.
    """
    tell = progress or (lambda _: None)
    async with _served(url, tell) as address:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with aiohttp.ClientSession(headers=headers) as http:
            try:
                return await _measure(http, address, rounds, texts, tell)
            except aiohttp.ClientError as error:
                raise BenchError(f"{address} refuses ({error}): check its log, or --url") from error


async def measure(url: str, rounds: int = 2) -> dict[str, float | int | None]:
    """The figures of the kiosk at *url*, by key; see ``run``."""
    return (await run(rounds, url)).as_dict()


@asynccontextmanager
async def _served(url: str | None, tell: Callable[[str], None]) -> AsyncIterator[str]:
    if url:
        yield url.rstrip("/")
        return
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess(Path(folder) / "server.log", ["--log-level", "warning"])
        try:
            tell("starting the server")
            await server.start()
            await server.settled()
            yield server.url
        finally:
            await server.stop()


async def _measure(
    http: aiohttp.ClientSession,
    address: str,
    rounds: int,
    texts: Sequence[str],
    tell: Callable[[str], None],
) -> SpeakStreamReport:
    firsts_ms, gaps_ms = list[float](), list[float]()
    async with (
        _player(http, address) as player,
        http.ws_connect(f"{address}/v1/speak?stage={STAGE}") as socket,
    ):
        await socket.receive_json()
        before = await _underruns(http, address)
        for text in [text for _ in range(rounds) for text in texts]:
            await asyncio.sleep(REST_S)
            first_ms, gaps = await _stream(player, socket, text)
            heard = "no sound" if first_ms is None else f"{first_ms:.0f} ms"
            tell(f"{text[:24]}…: {heard}, gaps {[round(gap) for gap in gaps]}")
            firsts_ms += [] if first_ms is None else [first_ms]
            gaps_ms += gaps
        underruns = await _underruns(http, address) - before
    return SpeakStreamReport(
        first_token_ms=float(np.median(firsts_ms)) if firsts_ms else None,
        first_token_max_ms=max(firsts_ms, default=None),
        phrase_gap_ms=float(np.percentile(gaps_ms, 95)) if gaps_ms else None,
        phrase_gap_max_ms=max(gaps_ms, default=None),
        underruns=underruns,
    )


async def _stream(
    player: _Player, socket: aiohttp.ClientWebSocketResponse, text: str
) -> tuple[float | None, list[float]]:
    """Write *text*; milliseconds to its first sound, and its gaps."""
    loop = asyncio.get_running_loop()
    player.captions.clear()
    begun_s = loop.time()
    for number, piece in enumerate(tokens(text)):
        await asyncio.sleep(max(0.0, begun_s + number * TOKEN_S - loop.time()))
        await socket.send_json({"type": "text", "text": piece})
    await socket.send_json({"type": "end"})
    async with asyncio.timeout(TIMEOUT_S):
        while (told := await socket.receive_json())["type"] not in ("finished", "interrupted"):
            if told["type"] == "error":
                raise BenchError(f"{told['message']}: {told['remedy']}")
    await asyncio.sleep(0.2)
    first_s = next((at_s for at_s in player.loud_s if at_s > begun_s), None)
    gaps_ms = gaps(player.captions)
    return None if first_s is None else 1000.0 * (first_s - begun_s), gaps_ms


def gaps(captions: Sequence[dict[str, Any]]) -> list[float]:
    """Milliseconds of silence between phrases, beyond the pauses that their marks ask for."""
    found = []
    for before, after in itertools.pairwise(captions):
        mark = before["text"].rstrip("\"'”’)」』）】》")[-1:]
        sentence, clause = mark in ".!?。！？…", mark in ",;:，；：、—–-"
        meant_s = SENTENCE_PAUSE_S if sentence else CLAUSE_PAUSE_S if clause else 0.0
        silence_ms = after["start_ms"] - before["end_ms"]
        found.append(max(0.0, silence_ms - 1000.0 * meant_s))
    return found


@asynccontextmanager
async def _player(http: aiohttp.ClientSession, address: str) -> AsyncIterator[_Player]:
    """A player at the stage, connected."""
    player = _Player(RTCPeerConnection(RTCConfiguration(iceServers=[])))
    peer, tasks = player.peer, list[asyncio.Task[None]]()

    @peer.on("track")  # type: ignore[untyped-decorator,unused-ignore]
    def _(track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            tasks.append(asyncio.create_task(player.listen(track)))

    peer.createDataChannel("kiosk").on("message", player.hear)
    peer.addTransceiver("audio", direction="recvonly")
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    try:
        async with http.post(
            f"{address}/whep?stage={STAGE}",
            data=peer.localDescription.sdp,
            headers={"Content-Type": "application/sdp"},
        ) as response:
            if response.status != 201:
                raise BenchError(f"no stage was opened: {await response.text()}")
            answer = await response.text()
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.sleep(3.0)
        yield player
    finally:
        for task in tasks:
            task.cancel()
        await peer.close()


async def _underruns(http: aiohttp.ClientSession, address: str) -> int:
    async with http.get(f"{address}/metrics") as response:
        return sum_of(await response.text(), "kiosk_speech_underruns_total")


def main() -> None:
    """Measure and print JSON."""
    report = asyncio.run(run(progress=lambda words: print(words, flush=True)))  # noqa: T201
    print(json.dumps(report.as_dict(), indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
