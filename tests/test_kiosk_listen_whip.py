"""WHIP over HTTP: a real aiortc client, and FFmpeg's, speak to a stage; bad offers are refused."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from engine.timeline import SAMPLE_RATE_HZ
from kiosk.api import ProblemError
from kiosk.app import Kiosk
from kiosk.listen.inlets import Role
from kiosk.listen.publisher import Hears, Publisher
from kiosk.listen.whip import Kind
from kiosk.stage import Stage
from tests.kiosk_client import KioskClient, kiosk_client
from tests.test_kiosk_listen_publisher import FakeInlet, heard, pitch_hz, sender
from tests.test_kiosk_whep import join, player

SDP = {"Content-Type": "application/sdp"}


class FakeInlets:
    """Lets everyone in, unless there is a ``problem``."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, Kind, Role | None, int, bool]] = []
        self.inlets: list[FakeInlet] = []
        self.problem: ProblemError | None = None

    def open(
        self, stage: Stage, kind: Kind, role: Role | None, rate_hz: int, takeover: bool
    ) -> Hears:
        if self.problem:
            raise self.problem
        self.opened.append((stage.name, kind, role, rate_hz, takeover))
        self.inlets.append(FakeInlet())
        return self.inlets[-1]


@contextlib.asynccontextmanager
async def hall(*stages: str) -> AsyncIterator[tuple[KioskClient, Kiosk, FakeInlets]]:
    """A server on which somebody watches each of *stages*."""
    async with contextlib.AsyncExitStack() as stack:
        client, kiosk = await stack.enter_async_context(kiosk_client())
        inlets = FakeInlets()
        kiosk.whip._inlets = inlets
        for name in stages:
            await join(client, await stack.enter_async_context(player()), f"?stage={name}")
        yield client, kiosk, inlets


async def publish(client: KioskClient, pc: RTCPeerConnection, query: str = "") -> str:
    response = await client.post(f"/whip{query}", data=pc.localDescription.sdp, headers=SDP)
    assert response.status == 201, await response.text()
    assert response.content_type == "application/sdp"
    location = response.headers["Location"]
    assert response.headers["ETag"] == f'"{location.rpartition("/")[2]}"'
    await pc.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
    return location


def counted(kiosk: Kiosk, event: str) -> float:
    labels = {"kind": "source", "event": event}
    return kiosk.metrics.registry.get_sample_value("kiosk_sessions_total", labels) or 0.0


async def test_a_client_speaks_to_the_only_stage_and_leaves() -> None:
    async with hall("lobby") as (client, kiosk, inlets), sender() as pc:
        location = await publish(client, pc)
        assert inlets.opened == [("lobby", "whip", None, SAMPLE_RATE_HZ, False)]
        sound = await heard(inlets.inlets[0], 0.6)
        assert pitch_hz(sound[-SAMPLE_RATE_HZ // 4 :]) == pytest.approx(140.0, abs=5.0)
        assert (await client.delete(location)).status == 200
        assert inlets.inlets[0].closed
        assert (await client.delete(location)).status == 404
        assert (counted(kiosk, "opened"), counted(kiosk, "left")) == (1, 1)
        played = kiosk.metrics.registry.get_sample_value(
            "kiosk_source_packets_total", {"event": "heard"}
        )
        assert played == len(inlets.inlets[0].parts) > 0


async def test_stage_role_kind_and_takeover_are_as_asked() -> None:
    async with hall("one", "two") as (client, _, inlets), sender() as pc:
        await publish(client, pc, "?stage=two&role=voice&kind=microphone&takeover=true")
        assert inlets.opened == [("two", "microphone", "voice", SAMPLE_RATE_HZ, True)]


async def test_ffmpegs_whip_client_is_heard() -> None:
    """It offers no candidates, wants to be the DTLS server, and ends its session with DELETE."""
    async with hall("lobby") as (client, kiosk, inlets):
        url = str(client.make_url("/whip?stage=lobby"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.ffmpeg_whip", url, "1.0"
        )
        try:
            async with asyncio.timeout(20):
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
        sound = inlets.inlets[0].sound
        assert len(sound) > 0.9 * SAMPLE_RATE_HZ
        assert pitch_hz(sound[-SAMPLE_RATE_HZ // 2 :]) == pytest.approx(140.0, abs=5.0)
        assert counted(kiosk, "left") == 1


async def test_a_source_whose_stage_closes_is_let_go() -> None:
    async with hall("lobby") as (client, kiosk, inlets), sender() as pc:
        await publish(client, pc)
        await heard(inlets.inlets[0], 0.1)
        inlets.inlets[0].close()
        for _ in range(200):
            if counted(kiosk, "dismissed"):
                break
            await asyncio.sleep(0.02)
        assert counted(kiosk, "dismissed") == 1
        assert not kiosk.whip._peers


async def test_a_stage_that_closes_before_the_answer_hears_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with hall("lobby") as (client, kiosk, inlets), sender() as pc:
        (stage,) = kiosk.stages
        answer, ended = Publisher.answer, Publisher.aclose
        closed: list[str] = []

        async def answer_late(self: Publisher, offer_sdp: str) -> str:
            answered = await answer(self, offer_sdp)
            await kiosk.stages._close(stage)
            return answered

        async def aclose(self: Publisher) -> None:
            closed.append(self.id)
            await ended(self)

        monkeypatch.setattr(Publisher, "answer", answer_late)
        monkeypatch.setattr(Publisher, "aclose", aclose)
        response = await client.post("/whip", data=pc.localDescription.sdp, headers=SDP)
        assert (response.status, (await response.json())["code"]) == (409, "no_stage")
        assert not inlets.opened and not kiosk.whip._peers and len(closed) == 1


async def test_a_client_that_vanishes_is_counted_as_lost() -> None:
    async with hall("lobby") as (client, kiosk, inlets), sender() as pc:
        await publish(client, pc)
        await heard(inlets.inlets[0], 0.1)
        await pc.close()
        for _ in range(200):
            if counted(kiosk, "lost"):
                break
            await asyncio.sleep(0.02)
        assert counted(kiosk, "lost") == 1
        assert inlets.inlets[0].closed


async def test_who_may_not_be_heard_is_told_and_leaves_nothing() -> None:
    async with hall("lobby") as (client, kiosk, inlets), sender() as pc:
        inlets.problem = ProblemError(409, "no_ears", "nobody listens", "connect with role=voice")
        response = await client.post("/whip", data=pc.localDescription.sdp, headers=SDP)
        assert response.status == 409
        assert (await response.json())["code"] == "no_ears"
        assert not kiosk.whip._peers and counted(kiosk, "opened") == 0


async def test_trickled_candidates_are_accepted_and_restarts_are_not() -> None:
    async with hall("lobby") as (client, _, _inlets), sender() as pc:
        location = await publish(client, pc)
        headers = {"Content-Type": "application/trickle-ice-sdpfrag"}
        taken = await client.patch(
            location, data="a=candidate:1 1 udp 1 127.0.0.1 9 typ host", headers=headers
        )
        assert taken.status == 204
        restart = await client.patch(location, data="a=ice-ufrag:x\r\na=ice-pwd:y", headers=headers)
        assert restart.status == 422
        assert (await restart.json())["code"] == "no_ice_restart"


async def test_options_names_what_may_be_posted() -> None:
    async with hall() as (client, _, _inlets):
        response = await client.options("/whip")
        assert response.status == 204
        assert response.headers["Accept-Post"] == "application/sdp"


VIEWER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n"
ODD = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendonly\r\na=rtpmap:0 PCMU/8000\r\n"
TORN = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendonly\r\na=rtpmap:111 opus/48000/2\r\n"


@pytest.mark.parametrize(
    ("stages", "query", "body", "content_type", "status", "code"),
    [
        (1, "", "{}", "application/json", 415, "not_sdp"),
        (1, "", "", "application/sdp", 400, "malformed_sdp"),
        (1, "", "v=0", "application/sdp", 422, "no_audio"),
        (1, "", VIEWER, "application/sdp", 422, "no_audio"),
        (1, "", ODD, "application/sdp", 422, "no_opus"),
        (1, "", TORN, "application/sdp", 400, "malformed_sdp"),
        (1, "", "v=0\r\n" + "a" * 70_000, "application/sdp", 413, "offer_too_large"),
        (1, "?stage=../x", TORN, "application/sdp", 422, "invalid_name"),
        (1, "?stage=nowhere", TORN, "application/sdp", 404, "unknown_stage"),
        (1, "?role=singer", TORN, "application/sdp", 422, "invalid_role"),
        (1, "?kind=radio", TORN, "application/sdp", 422, "invalid_request"),
        (1, "?takeover=perhaps", TORN, "application/sdp", 422, "invalid_request"),
        (0, "", TORN, "application/sdp", 409, "no_stage"),
        (2, "", TORN, "application/sdp", 409, "several_stages"),
    ],
)
async def test_bad_offers_are_refused_with_a_remedy_and_leave_nothing(
    stages: int, query: str, body: str, content_type: str, status: int, code: str
) -> None:
    async with hall(*["one", "two"][:stages]) as (client, kiosk, inlets):
        headers = {"Content-Type": content_type}
        response = await client.post(f"/whip{query}", data=body, headers=headers)
        problem = await response.json()
        assert (response.status, problem["code"]) == (status, code)
        assert problem["remedy"]
        assert not inlets.opened and not kiosk.whip._peers
