"""WHEP over HTTP: a real aiortc player comes, watches, shares, leaves; bad offers are refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from kiosk.packages import PROJECT_DIR
from kiosk.stages import RETRY_AFTER_S
from kiosk.whep import GONE_S
from tests.kiosk_client import KioskClient, kiosk_client


@contextlib.asynccontextmanager
async def player() -> AsyncIterator[RTCPeerConnection]:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio", direction="recvonly")
    pc.addTransceiver("video", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    yield pc
    await pc.close()


async def join(client: KioskClient, pc: RTCPeerConnection, query: str = "") -> str:
    headers = {"Content-Type": "application/sdp"}
    response = await client.post(f"/whep{query}", data=pc.localDescription.sdp, headers=headers)
    assert response.status == 201, await response.text()
    assert response.content_type == "application/sdp"
    assert response.headers["ETag"]
    await pc.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
    return response.headers["Location"]


async def stages(client: KioskClient) -> list[dict[str, object]]:
    body = await (await client.get("/v1/stages")).json()
    return list(body["stages"])


async def test_a_private_stage_opens_and_closes_with_its_viewer() -> None:
    async with kiosk_client() as (client, _), player() as pc:
        location = await join(client, pc)
        (stage,) = await stages(client)
        assert stage["viewers"] == 1 and stage["avatar"] == "ada"
        assert (await client.delete(location)).status == 200
        await asyncio.sleep(0.05)
        assert await stages(client) == []
        assert (await client.delete(location)).status == 404


async def test_a_goodbye_may_come_after_the_end_that_it_tells_of() -> None:
    """The browser closes its peer while the DELETE is on its way: neither must be the first."""
    async with kiosk_client() as (client, kiosk), player() as pc:
        location = await join(client, pc)
        (peer,) = kiosk.whep._peers.values()
        await kiosk.whep._lost(peer)
        assert (await client.delete(location)).status == 200
        assert (await client.delete(location)).status == 404


async def test_a_named_stage_is_shared_and_lingers() -> None:
    async with kiosk_client(stages__linger_s=0.2) as (client, _), player() as a, player() as b:
        first = await join(client, a, "?stage=lobby")
        second = await join(client, b, "?stage=lobby")
        (stage,) = await stages(client)
        assert stage["stage"] == "lobby" and stage["viewers"] == 2
        await client.delete(first)
        await client.delete(second)
        assert len(await stages(client)) == 1
        await asyncio.sleep(0.4)
        assert await stages(client) == []


@pytest.mark.parametrize("enabled", [True, False])
async def test_pages_are_told_whether_lip_sync_is_corrected(enabled: bool) -> None:
    async with kiosk_client(sync__enabled=enabled) as (client, _), player() as pc:
        response = await client.post(
            "/whep", data=pc.localDescription.sdp, headers={"Content-Type": "application/sdp"}
        )
        assert response.headers["Kiosk-Lip-Sync"] == ("on" if enabled else "off")


OFFER = {"Content-Type": "application/sdp"}


@pytest.mark.parametrize("limits", [(1, 0), (4, 1)])
async def test_the_hall_is_full_kindly_but_shared_stages_are_not(limits: tuple[int, int]) -> None:
    async with (
        kiosk_client(stages__max_stages=limits[0], stages__capacity=limits[1]) as (client, _),
        player() as a,
        player() as b,
        player() as c,
    ):
        location = await join(client, a)
        (stage,) = await stages(client)
        response = await client.post("/whep", data=b.localDescription.sdp, headers=OFFER)
        assert response.status == 503
        assert int(response.headers["Retry-After"]) == RETRY_AFTER_S
        problem = await response.json()
        assert problem["code"] == "hall_full" and str(RETRY_AFTER_S) in problem["remedy"]
        await join(client, c, f"?stage={stage['stage']}")
        assert (await client.delete(location)).status == 200
        full = await client.post("/whep", data=b.localDescription.sdp, headers=OFFER)
        assert full.status == 503, "somebody shares that stage still"
        await c.close()


async def test_a_seat_that_becomes_free_is_given_at_once() -> None:
    async with kiosk_client(stages__capacity=1) as (client, _), player() as a, player() as b:
        location = await join(client, a)
        assert (
            await client.post("/whep", data=b.localDescription.sdp, headers=OFFER)
        ).status == 503
        assert (await client.delete(location)).status == 200
        await join(client, b)
        assert len(await stages(client)) == 1


async def test_who_gives_no_sign_of_life_loses_the_seat_to_one_who_asks() -> None:
    async with kiosk_client(stages__capacity=1) as (client, kiosk), player() as a, player() as b:
        await join(client, a)
        (gone,) = kiosk.whep._peers.values()
        begun_s = gone.heard_s
        for _ in range(200):
            if gone.heard_s > begun_s:
                break
            await asyncio.sleep(0.05)
        assert gone.heard_s > begun_s
        assert (
            await client.post("/whep", data=b.localDescription.sdp, headers=OFFER)
        ).status == 503
        gone.heard_s -= GONE_S + 0.5
        await join(client, b)
        assert [peer.stage.name for peer in kiosk.whep._peers.values()] != [gone.stage.name]


def test_a_screen_whose_browser_is_started_again_finds_its_place() -> None:
    unit = (PROJECT_DIR / "systemd" / "sonic-kiosk-screen.service").read_text()
    (restart_s,) = (float(line[11:]) for line in unit.splitlines() if line[:11] == "RestartSec=")
    start_s = 1.0
    assert restart_s + start_s >= GONE_S


async def test_trickled_candidates_are_accepted_and_restarts_are_not() -> None:
    async with kiosk_client() as (client, _), player() as pc:
        location = await join(client, pc)
        headers = {"Content-Type": "application/trickle-ice-sdpfrag"}
        ok = await client.patch(
            location, data="a=candidate:1 1 udp 1 127.0.0.1 9 typ host", headers=headers
        )
        assert ok.status == 204
        restart = await client.patch(location, data="a=ice-ufrag:x\r\na=ice-pwd:y", headers=headers)
        assert restart.status == 422


async def test_options_names_what_may_be_posted() -> None:
    async with kiosk_client() as (client, _):
        response = await client.options("/whep")
        assert response.status == 204
        assert response.headers["Accept-Post"] == "application/sdp"


@pytest.mark.parametrize(
    ("query", "body", "content_type", "status", "code"),
    [
        ("", "{}", "application/json", 415, "not_sdp"),
        ("", "", "application/sdp", 400, "malformed_sdp"),
        ("", "v=0\r\ngarbage", "application/sdp", 422, "no_video"),
        ("", "v=0\r\n" + "a" * 70_000, "application/sdp", 413, "offer_too_large"),
        ("?stage=../x", "v=0", "application/sdp", 422, "invalid_name"),
        ("?terminal=a/b", "v=0", "application/sdp", 422, "invalid_name"),
        ("?size=huge", "v=0", "application/sdp", 422, "invalid_size"),
        ("?avatar=nobody", "v=0\r\nm=video", "application/sdp", 404, "unknown_avatar"),
    ],
)
async def test_bad_offers_are_refused_with_a_remedy_and_leave_nothing(
    query: str, body: str, content_type: str, status: int, code: str
) -> None:
    async with kiosk_client() as (client, _):
        headers = {"Content-Type": content_type}
        response = await client.post(f"/whep{query}", data=body, headers=headers)
        problem = await response.json()
        assert (response.status, problem["code"]) == (status, code)
        assert problem["remedy"]
        await asyncio.sleep(0.05)
        assert await stages(client) == []


async def test_a_client_that_vanishes_mid_speech_leaves_the_server_well() -> None:
    async with kiosk_client() as (client, kiosk), player() as pc:
        await join(client, pc)
        await client.post("/v1/say", json={"text": "hello"})
        await pc.close()
        (peer,) = kiosk.whep._peers.values()
        await peer._pc.close()
        for _ in range(100):
            if not await stages(client):
                break
            await asyncio.sleep(0.05)
        assert await stages(client) == []
        assert (await client.get("/healthz")).status == 200
