"""Changing how a stage is shown while a real aiortc player watches it."""

import asyncio
import base64
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiortc import RTCPeerConnection

from engine.synthesis.look import NO_REFINER, Look
from engine.synthesis.refiner import Shelf
from engine.synthesis.wholes import WHOLES
from kiosk.api_look import LookAnswer
from kiosk.appearance import Appearance
from kiosk.avatars import Avatars
from kiosk.ladder import Ladder, build
from kiosk.looks import Looks
from kiosk.metrics import Metrics
from kiosk.picture_cost import PictureCost
from kiosk.stages import Stages
from tests.fake_refiner import install, uninstall
from tests.keeping_utils import Refusing
from tests.kiosk_client import FakeAvatars, kiosk_client, settings
from tests.test_kiosk_whep import join, player

LOOK = "/v1/stages/hall/look"


async def picture(pc: RTCPeerConnection) -> Any:  # noqa: ANN401
    (track,) = [t.receiver.track for t in pc.getTransceivers() if t.kind == "video"]
    return await track.recv()


@pytest.fixture
def still_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy this machine is, no rung is left by itself."""
    monkeypatch.setattr(Ladder, "observe", lambda *_: False)


async def wait_for_size(pc: RTCPeerConnection, width: int) -> Any:  # noqa: ANN401
    async with asyncio.timeout(10):
        while (frame := await picture(pc)).width != width:
            pass
    return frame


async def test_the_configured_look_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uninstall(tmp_path, monkeypatch)
    overrides: dict[str, Any] = {
        "look__preset": "balanced",
        "look__background": "#102030",
        "look__mark": False,
    }
    async with kiosk_client(**overrides) as (client, _), player() as pc:
        await join(client, pc, "?stage=hall")
        answer = await (await client.get(LOOK)).json()
    assert answer == {
        "stage": "hall", "preset": "balanced", "inference_steps": 1, "steps_run": 0,
        "steps_reason": NO_REFINER, "background": "#102030", "mark": False,
        "mark_text": "AI-generated", "mark_position": "top", "dynamic_scale": 1.0,
        "motion_scale": 1.0, "width": 256, "height": 256,
    }  # fmt: skip


@pytest.mark.usefixtures("still_ladder")
async def test_steps_that_run_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc, "?stage=hall")
        told = []
        for change in ({"preset": "balanced"}, {"inference_steps": 20}, {"inference_steps": -1},
                       {"preset": "quality"}, {"inference_steps": 0}):  # fmt: skip
            answer = await (await client.patch(LOOK, json=change)).json()
            assert answer["steps_reason"] == ""
            told.append((answer["inference_steps"], answer["steps_run"]))
    assert told == [(1, 1), (20, 20), (1, 1), (1, 1), (0, 0)]


@pytest.mark.usefixtures("still_ladder")
async def test_steps_that_run_are_those_of_the_rung(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    ways = ("4 steps", "1 step", "no refiner", "slow body")
    asked: dict[str, Any] = {"look__preset": "balanced", "look__inference_steps": 20}
    async with kiosk_client(**asked) as (client, kiosk), player() as pc:
        await join(client, pc, "?stage=hall")
        (stage,) = kiosk.stages
        ladder = stage.animator.ladder
        ladder.renew(build(ways, 25))
        told = {}
        for position, rung in enumerate(ladder.rungs):
            ladder.position = position
            answer = await (await client.get(LOOK)).json()
            assert answer["inference_steps"] == 20
            told[rung.name] = answer["steps_run"]
            assert (rung.name in answer["steps_reason"]) == (position > 0)
    assert told == {
        "full": 20, "4 steps": 4, "1 step": 1, "no refiner": 0, "slow body": 0, "20 Hz": 0,
        "hold": 0,
    }  # fmt: skip


@pytest.mark.usefixtures("still_ladder")
async def test_a_rung_is_no_reason_where_no_step_is_asked_for() -> None:
    async with kiosk_client() as (client, kiosk), player() as pc:
        await join(client, pc, "?stage=hall")
        (stage,) = kiosk.stages
        stage.animator.ladder.position = 1
        answer = await (await client.get(LOOK)).json()
    assert (answer["steps_run"], answer["steps_reason"]) == (0, "")


async def test_what_another_preset_costs_is_measured_when_it_is_first_shown() -> None:
    async with kiosk_client() as (client, kiosk), player() as pc:
        await join(client, pc, "?stage=hall")
        (stage,) = kiosk.stages
        kiosk.stages.capacity.costs = {stage.appearance.kind: PictureCost(0.001, 0.001)}
        await client.patch(LOOK, json={"background": "blurred"})
        assert kiosk.looks._weighing is None, "the preset is the same"
        for _ in range(2):
            await client.patch(LOOK, json={"preset": "balanced", "inference_steps": 0})
            assert kiosk.looks._weighing is not None
            await kiosk.looks._weighing
        kinds = list(kiosk.stages.capacity.costs)
        assert [(kind.preset, kind.steps) for kind in kinds] == [("fast", 0), ("balanced", 0)]
        assert kinds[1] == stage.appearance.kind


async def test_a_refiner_is_asked_for_off_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def take(_: object, network: str) -> str:
        threads.append(threading.current_thread())
        return "no refiner installed"

    monkeypatch.setattr(Shelf, "take", take)
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc, "?stage=hall")
        threads.clear()
        await client.patch(LOOK, json={"preset": "balanced"})
        await client.get(LOOK)
    assert threads and threading.main_thread() not in threads


async def test_a_change_reaches_the_engine_and_keeps_the_rest() -> None:
    async with kiosk_client() as (client, kiosk), player() as pc:
        await join(client, pc, "?stage=hall")
        avatars = kiosk._avatars
        assert isinstance(avatars, FakeAvatars)
        image = base64.b64encode(b"any bytes").decode()
        for change in ({"background": "blurred"}, {"mark_position": "bottom"},
                       {"background_image": image}, {"dynamic_scale": 1.1}):  # fmt: skip
            response = await client.patch(LOOK, json=change)
            assert response.status == 200, await response.text()
        answer = await response.json()
        kinds = [look.background.kind for *_, look in avatars.looks]
        (stage,) = kiosk.stages
        scales: list[Any] = []
        await stage.change(lambda engine: scales.append(engine._motion.scales))  # type: ignore[attr-defined]
    assert kinds == ["blurred", "blurred", "image"]
    assert avatars.looks[-1][2].background.image == b"any bytes"
    assert scales == [(1.1, 1.0)]
    assert (answer["mark_position"], answer["background"]) == ("bottom", "image")
    assert answer["dynamic_scale"] == 1.1


async def test_another_size_comes_without_a_cut() -> None:
    """The same session goes on; a keyframe begins the larger picture."""
    async with kiosk_client() as (client, kiosk), player() as pc:
        await join(client, pc, "?stage=hall")
        first = await wait_for_size(pc, 256)
        response = await client.patch(LOOK, json={"preset": "quality"})
        assert (await response.json())["width"] == 512
        larger = await wait_for_size(pc, 512)
        assert larger.pts > first.pts
        assert np.asarray(larger.to_ndarray(format="gray")).shape == (512, 512)
        (stage,) = kiosk.stages
        assert stage.frames.overrun == 0 and stage.viewer_count == 1
        await client.patch(LOOK, json={"preset": "fast"})
        await wait_for_size(pc, 256)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"background": "transparent"}, "invalid_look", "#00b140"),
        ({"background": "/etc/passwd"}, "invalid_look", "photo, blurred"),
        ({"background": "#12"}, "invalid_look", "#rrggbb"),
        ({"background_image": "%%"}, "invalid_look", "base64"),
        ({"background": "photo", "background_image": "AAAA"}, "invalid_look", "give either"),
        ({"mark_text": "\n"}, "invalid_look", "one line"),
        ({"mark_text": "\U000f1234"}, "invalid_look", "fonts-noto-cjk"),
        ({"preset": "best"}, "invalid_request", "fast"),
        ({"dynamic_scale": 3}, "invalid_request", "1.2"),
        ({"colour": "red"}, "invalid_request", "background"),
    ],
)
async def test_what_cannot_be_shown_is_refused_and_changes_nothing(
    change: dict[str, Any], code: str, words: str
) -> None:
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc, "?stage=hall")
        before = await (await client.get(LOOK)).json()
        response = await client.patch(LOOK, json=change)
        problem = await response.json()
        assert (response.status, problem["code"]) == (422, code)
        assert words in problem["detail"] + problem["remedy"]
        assert await (await client.get(LOOK)).json() == before


async def test_an_unknown_stage_has_no_look() -> None:
    async with kiosk_client() as (client, _):
        response = await client.patch(LOOK, json={})
        assert (response.status, (await response.json())["code"]) == (404, "unknown_stage")


async def test_turning_the_mark_off_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with kiosk_client() as (client, _), player() as pc:
        await join(client, pc, "?stage=hall")
        await client.patch(LOOK, json={"mark": False})
    assert "stage hall: the AI mark was turned off" in caplog.text


async def test_what_is_weighed_is_what_the_stage_shows() -> None:
    """And nothing is opened on a GPU for the look that it had."""
    asked = Refusing()
    given = settings()
    avatars = Avatars(given.avatar, given.look.look())
    stages = Stages(given, avatars.pipeline, Metrics())
    looks = Looks(stages, avatars)
    try:
        stage = await stages.open("hall", None, "square")
        stages.capacity.costs = {stage.appearance.kind: PictureCost(0.001, 0.001)}
        WHOLES.open_by(asked)
        await looks._dress(stage, replace(stage.appearance, look=Look("quality")))
        looks._weigh(stage)
        assert looks._weighing is not None
        await looks._weighing
    finally:
        WHOLES.open_by(None)
        looks.close()
        await stages.aclose()
    assert set(asked.names) == {"quality-512x512"} and len(asked.names) > 1
    assert list(stages.capacity.costs)[1] == stage.appearance.kind


def test_a_smaller_network_is_told_though_as_many_steps_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch)
    rungs = build(("small refiner", "no refiner", "slow body"), 25)
    monkeypatch.setattr(Shelf, "stand_in", lambda *_: "small")
    told = LookAnswer.of("hall", Appearance(Look("quality")), rungs[1])
    assert (told.inference_steps, told.steps_run) == (1, 1)
    assert "small refiner" in told.steps_reason
    assert "smaller network" in str(LookAnswer.model_fields["steps_reason"].description)
