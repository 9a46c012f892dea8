"""Lip sync over HTTP: how it stands, calibration, faults."""

import asyncio
from pathlib import Path

import pytest

from kiosk.app import Kiosk
from kiosk.inject import Faults
from kiosk.peers import Peer
from tests.kiosk_client import kiosk_client


async def watched(kiosk: Kiosk, terminal: str = "default") -> Peer:
    """A viewer, as far as lip sync is concerned."""
    stage = await kiosk.stages.open("hall", None, "square")

    async def gone(_peer: Peer) -> None:
        pass

    peer = Peer(stage, {}, lambda _peer, _report: None, gone, 15.0, None, terminal)
    kiosk.lip_sync.join(peer)
    return peer


async def test_the_stats_page_and_its_figures() -> None:
    async with kiosk_client() as (client, kiosk):
        page = await client.get("/stats")
        assert page.status == 200 and "Lip sync" in await page.text()
        peer = await watched(kiosk)
        kiosk.lip_sync.report(peer, {"av_offset_ms": 12.5, "frame_rate_hz": 25.0, "freezes": 0})
        answer = await (await client.get("/v1/sync")).json()
        (stage,) = answer["stages"]
        assert (stage["stage"], stage["rung"], stage["offset_ms"]) == ("hall", "full", 12.5)
        assert stage["rungs"] == ["full", "20 Hz", "hold"]
        assert stage["points"][0]["measured_ms"] == 12.5
        assert answer["faults"] == ""
        metrics = await (await client.get("/metrics")).text()
        assert 'kiosk_av_offset_ms_bucket{le="20.0"} 1.0' in metrics
        assert "kiosk_ladder_rung 0.0" in metrics
        kiosk.lip_sync.leave(peer)
        await peer.aclose()


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"av_offset_ms": "late"},
        {"av_offset_ms": True},
        {"av_offset_ms": float("nan"), "frame_rate_hz": float("inf")},
        {"av_offset_ms": 10**400},
        {"av_offset_ms": -99_999.0},
        {"av_offset_ms": 1.0, "freezes": [], "frame_rate_hz": None, "hidden": "no"},
    ],
)
async def test_a_report_may_say_anything(report: dict[str, object]) -> None:
    async with kiosk_client() as (client, kiosk):
        peer = await watched(kiosk)
        kiosk.lip_sync.report(peer, report)
        assert (await client.get("/v1/sync")).status == 200
        await peer.aclose()


async def test_calibration_is_kept_and_felt_at_once(tmp_path: Path) -> None:
    file = tmp_path / "terminals.json"
    async with kiosk_client(sync__terminals_file=str(file)) as (client, kiosk):
        peer = await watched(kiosk, "lobby")
        for n in range(5):
            kiosk.lip_sync.report(peer, {"av_offset_ms": 0.0, "frame_rate_hz": 25.0 + n / 100})
        body = {"terminal": "lobby", "offset_ms": 35}
        answer = await (await client.post("/v1/calibration", json=body)).json()
        assert answer == {"terminal": "lobby", "offset_ms": 35.0, "viewers": 1}
        kept = await (await client.get("/v1/calibration?terminal=lobby")).json()
        assert (kept["offset_ms"], kept["viewers"]) == (35.0, 1)
        assert peer.stage.sync.offset_ms(asyncio.get_running_loop().time()) == 35.0
        await peer.aclose()
    assert "35" in file.read_text()


async def test_calibration_refuses_what_is_absurd_and_says_if_it_cannot_be_kept(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    blocked = str(tmp_path / "file" / "terminals.json")
    async with kiosk_client(sync__terminals_file=blocked) as (client, _kiosk):
        wild = await client.post("/v1/calibration", json={"offset_ms": 900})
        assert (wild.status, (await wild.json())["code"]) == (422, "invalid_request")
        for body in ('{"offset_ms": true}', '{"offset_ms": NaN}'):
            assert (await client.post("/v1/calibration", data=body)).status in (400, 422)
        assert (await client.get("/v1/calibration?terminal=a/b")).status == 422
        unkept = await client.post("/v1/calibration", json={"offset_ms": 9})
        problem = await unkept.json()
        assert (unkept.status, problem["code"]) == (500, "not_kept")
        assert "sync.terminals_file" in problem["remedy"]


async def test_faults_are_refused_unless_asked_for_at_the_start() -> None:
    async with kiosk_client() as (client, _kiosk):
        refusal = await client.post("/v1/inject", json={"faults": "loss=20%"})
        assert (refusal.status, (await refusal.json())["code"]) == (409, "no_injection")


async def test_faults_can_be_changed_where_they_are_allowed() -> None:
    async with kiosk_client(faults=Faults()) as (client, kiosk):
        assert kiosk.injector is not None
        answer = await client.post("/v1/inject", json={"faults": "video-delay=150ms"})
        assert await answer.json() == {"faults": "video-delay=150ms"}
        assert kiosk.injector.hold_s("video") == 0.15
        told = await (await client.get("/v1/sync")).json()
        assert told["faults"] == "video-delay=150ms"
        wrong = await client.post("/v1/inject", json={"faults": "gremlins=1"})
        assert wrong.status == 422
