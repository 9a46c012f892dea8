"""Opening, sharing, admission and closing of stages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kiosk.api import ProblemError
from kiosk.capacity import Kind
from kiosk.metrics import Metrics
from kiosk.picture_cost import PictureCost
from kiosk.stages import RETRY_AFTER_S, Stages
from tests.fakes import fake_pipeline
from tests.kiosk_client import settings


@contextlib.asynccontextmanager
async def hall(**overrides: object) -> AsyncIterator[tuple[Stages, list[tuple[str, int, int]]]]:
    made: list[tuple[str, int, int]] = []

    def make(avatar: str, width: int, height: int) -> Any:  # noqa: ANN401
        made.append((avatar, width, height))
        return fake_pipeline(width, height)

    stages = Stages(settings(**overrides), make, Metrics())
    yield stages, made
    await stages.aclose()


async def test_without_a_name_each_viewer_has_a_stage_of_its_own() -> None:
    async with hall() as (stages, made):
        a = await stages.open(None, None, "square")
        b = await stages.open(None, None, "portrait")
        assert a is not b and a.name != b.name
        assert made[1] == ("ada", 720, 1280)
        assert {stage.name for stage in stages} == {a.name, b.name}


async def test_a_named_stage_is_made_once_even_by_simultaneous_viewers() -> None:
    async with hall() as (stages, made):
        both = await asyncio.gather(*(stages.open("lobby", None, "square") for _ in range(2)))
        assert both[0] is both[1]
        assert len(made) == 1
        assert stages.select("lobby") == [both[0]] == stages.select(None)


async def test_limits_are_kept() -> None:
    async with hall(stages__max_stages=1, stages__max_viewers_per_stage=1) as (stages, _):
        stage = await stages.open("a", None, "square")
        with pytest.raises(ProblemError) as refusal:
            await stages.open("b", None, "square")
        assert refusal.value.problem.status == 503
        stage.broadcast.viewers.append(cast(Any, SimpleNamespace()))
        with pytest.raises(ProblemError):
            await stages.open("a", None, "square")
        stage.broadcast.viewers.clear()


async def test_as_many_stages_as_the_machine_draws() -> None:
    async with hall(stages__capacity=2) as (stages, _):
        for name in ("a", "b"):
            await stages.open(name, None, "square")
        with pytest.raises(ProblemError) as refusal:
            await stages.open("c", None, "square")
        assert refusal.value.problem.code == "hall_full"
        assert refusal.value.retry_after_s == RETRY_AFTER_S
        assert "this machine draws" in refusal.value.problem.detail
        assert "stages.capacity" in refusal.value.problem.remedy
        assert await stages.open("a", None, "square"), "one that is open is shared"


async def test_what_pictures_cost_decides_and_full_height_costs_more() -> None:
    async with hall() as (stages, made):
        await stages.measure()
        assert made == [("ada", 256, 256), ("ada", 720, 1280)]
        dear = PictureCost(draw_s=0.6 * 0.85 / 25, encode_s=0.0)
        cheap = PictureCost(draw_s=0.3 * 0.85 / 25, encode_s=0.0)
        stages.capacity.costs = {Kind((256, 256)): cheap, Kind((720, 1280)): dear}
        await stages.open("a", None, "square")
        await stages.open("b", None, "portrait")
        with pytest.raises(ProblemError):
            await stages.open("c", None, "square")


async def test_a_stage_that_only_lingers_makes_room() -> None:
    async with hall(stages__max_stages=1, stages__linger_s=60.0) as (stages, _):
        first = await stages.open("a", None, "square")
        with pytest.raises(ProblemError):
            await stages.open("b", None, "square")
        stages.arrived(first)
        stages.viewer_left(first)
        second = await stages.open("b", None, "square")
        assert list(stages) == [second]


async def test_of_two_that_linger_one_may_go_by_itself_while_the_other_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with hall(stages__max_stages=2, stages__linger_s=60.0) as (stages, _):
        first, second = [await stages.open(name, None, "square") for name in ("a", "b")]
        for each in (first, second):
            stages.arrived(each)
        aclose = first.aclose

        async def meanwhile() -> None:
            await stages._close(second)
            await aclose()

        monkeypatch.setattr(first, "aclose", meanwhile)
        third = await stages.open("c", None, "square")
        assert list(stages) == [third]


async def test_what_is_measured_waits_for_what_draws_and_joins_only_if_it_answers() -> None:
    happened: list[str] = []
    async with hall() as (stages, made):
        stages.settle = lambda: happened.append(f"settled after {len(made)}")

        def joining() -> bool:
            happened.append("asked")
            return False

        stages.worker.joining = joining
        await stages.measure()
    assert happened == ["settled after 1", "asked", "settled after 2", "asked"]


async def test_unknown_names_and_an_empty_hall_are_told_apart() -> None:
    async with hall() as (stages, _):
        with pytest.raises(ProblemError) as nobody:
            stages.select(None)
        assert nobody.value.problem.code == "no_stage"
        await stages.open("a", None, "square")
        with pytest.raises(ProblemError) as unknown:
            stages.select("b")
        assert unknown.value.problem.code == "unknown_stage"


async def test_a_viewer_who_returns_in_time_finds_the_stage() -> None:
    async with hall(stages__linger_s=0.05) as (stages, _):
        stage = await stages.open("a", None, "square")
        stages.arrived(stage)
        stages.viewer_left(stage)
        assert await stages.open("a", None, "square") is stage
        stages.arrived(stage)
        await asyncio.sleep(0.1)
        assert list(stages) == [stage]
        stages.viewer_left(stage)
        await asyncio.sleep(0.2)
        assert list(stages) == []


async def test_one_who_still_arrives_keeps_the_stage_that_another_leaves() -> None:
    async with hall(stages__linger_s=0.0) as (stages, _):
        stage = await stages.open("a", None, "square")
        stages.arrived(stage)
        assert await stages.open("a", None, "square") is stage
        stages.viewer_left(stage)
        await asyncio.sleep(0.02)
        assert list(stages) == [stage]
        stages.arrived(stage)
        stages.viewer_left(stage)
        await asyncio.sleep(0.02)
        assert list(stages) == []


async def test_another_avatar_is_shown_to_those_who_ask_for_none() -> None:
    async with hall() as (stages, made):
        follows = await stages.open("hall", None, "portrait")
        await stages.open("office", "ada", "square")
        assert await stages.show("lin") == [follows]
        assert stages.avatar == "lin"
        later = await stages.open(None, None, "square")
        assert later.avatar == "lin" == made[-1][0]
        stages.arrived(later)
        stages.viewer_left(later)
        await asyncio.sleep(0.01)
        assert await stages.show("ada") == [follows], "one that is closed is not among them"


async def test_one_that_cannot_be_loaded_is_not_shown() -> None:
    def make(avatar: str, width: int, height: int) -> Any:  # noqa: ANN401
        raise ProblemError(404, "unknown_avatar", f"no {avatar}", "choose another")

    stages = Stages(settings(), make, Metrics())
    with pytest.raises(ProblemError):
        await stages.show("nobody")
    assert stages.avatar == "ada"
    await stages.aclose()
