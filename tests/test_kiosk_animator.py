"""The animator: its ladder is that of the look that is shown."""

import asyncio

import pytest

from engine.media import PictureFrame
from engine.pipeline import Pipeline
from kiosk.drawing import Drawing, Draws
from tests.fakes import FakeSynthesis, InlineWorker, run_virtual
from tests.stage_utils import make_stage


class Ways(FakeSynthesis):
    """Knows cheaper ways, and refuses any other, as ``Synthesizer`` does."""

    def __init__(self, *details: str) -> None:
        super().__init__()
        self.details = details
        self.costs: tuple[float, ...] = ()
        self.levels: list[int] = []

    def simplify(self, level: int) -> None:
        assert 0 <= level <= len(self.details)
        self.levels.append(level)


def test_another_look_brings_its_own_rungs() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        animator = stage.animator
        assert [rung.name for rung in animator.ladder.rungs] == ["full", "20 Hz", "hold"]

        async def show(look: Ways) -> list[str]:
            def change(engine: Pipeline) -> None:
                engine.show(look)

            await stage.change(change)
            await asyncio.sleep(0.5)
            return [rung.name for rung in animator.ladder.rungs]

        rich, poor = Ways("1 step", "no refiner", "slow body"), Ways("slow body")
        await asyncio.sleep(1.0)
        names = ["full", "1 step", "no refiner", "slow body", "20 Hz", "hold"]
        assert await show(rich) == names
        animator.ladder.position = names.index("slow body")
        await asyncio.sleep(0.5)
        assert rich.levels[-1] == 3
        assert await show(poor) == ["full", "slow body", "20 Hz", "hold"]
        assert animator.ladder.rung.name == "full", "it is cheaper"
        assert set(poor.levels) == {0}
        await stage.aclose()

    run_virtual(work)


class Slow(InlineWorker):
    """Pictures cost what their rung costs, in seconds, as long as a synthesis tells."""

    async def draw(self, deadline_s: float, job: Draws) -> PictureFrame:
        assert isinstance(job, Drawing)
        costs = getattr(job.pipeline.shown, "costs", ())
        await asyncio.sleep(costs[job.rung.detail] if costs else 0.012)
        return await super().draw(deadline_s, job)


@pytest.mark.parametrize(
    ("costs", "lands"),
    [
        ((0.4, 0.1, 0.02, 0.012, 0.01), "1 step"),
        ((0.4, 0.1, 0.04, 0.03, 0.024), "no refiner"),
        ((4.0, 0.6, 0.02, 0.012, 0.01), "1 step"),
    ],
)
def test_a_look_that_is_far_too_dear_lands_on_the_rung_that_works(
    costs: tuple[float, ...], lands: str
) -> None:
    """Ten or a hundred slots a picture: it passes down, and never holds; a cheap look is back."""

    async def work() -> None:
        stage, _ = make_stage(Slow())
        ladder = stage.animator.ladder
        await asyncio.sleep(1.0)
        dear = Ways("4 steps", "1 step", "no refiner", "slow body")
        dear.costs = costs
        await stage.change(lambda engine: engine.show(dear))
        seen = []
        for _ in range(200):
            await asyncio.sleep(0.05)
            seen.append(ladder.rung.name)
        assert lands in seen and not {"hold", "20 Hz"} & set(seen)
        await stage.change(lambda engine: engine.show(Ways("slow body")))
        assert ladder.rung.name == "full"
        await asyncio.sleep(5.0)
        assert ladder.rung.name == "full"
        await stage.aclose()

    run_virtual(work)


def test_what_holds_is_let_go_by_another_look_of_the_same_rungs() -> None:
    """The same look in smaller pictures, say."""

    async def work() -> None:
        stage, _ = make_stage(Slow())
        ladder = stage.animator.ladder
        dear, cheap = Ways("slow body"), Ways("slow body")
        dear.costs = (0.5, 0.5)
        await stage.change(lambda engine: engine.show(dear))
        await asyncio.sleep(8.0)
        assert ladder.rung.hold
        await stage.change(lambda engine: engine.show(cheap))
        assert ladder.rung.name == "20 Hz"
        await asyncio.sleep(10.0)
        assert ladder.rung.name == "full"
        await stage.aclose()

    run_virtual(work)


def test_a_change_that_is_no_look_leaves_the_ladder_alone() -> None:
    async def work() -> None:
        stage, _ = make_stage()
        before = stage.animator.ladder.rungs
        await stage.change(lambda engine: engine.attend(True))
        assert stage.animator.ladder.rungs is before
        await stage.aclose()

    run_virtual(work)


class DearFirst(InlineWorker):
    """The first pictures of a look cost what it tells, one after the other; the rest little."""

    async def draw(self, deadline_s: float, job: Draws) -> PictureFrame:
        assert isinstance(job, Drawing)
        shown = job.pipeline.shown
        costs = getattr(shown, "costs", ())
        await asyncio.sleep(costs[0] if costs else 0.012)
        if isinstance(shown, Ways):
            shown.costs = costs[1:]
        return await super().draw(deadline_s, job)


@pytest.mark.parametrize(("costs", "moves"), [((0.06,), 0), ((0.06,) * 60, 1), ((0.2,), 1)])
def test_a_first_picture_that_is_dear_does_not_move_the_ladder_alone(
    costs: tuple[float, ...], moves: int
) -> None:
    """Such as one for which a portrait is sent to a GPU; one that is hopeless does."""

    async def work() -> None:
        stage, _ = make_stage(DearFirst())
        await asyncio.sleep(1.0)
        look = Ways("no refiner", "slow body")
        look.costs = costs
        await stage.change(lambda engine: engine.show(look))
        await asyncio.sleep(3.0)
        assert min(stage.animator.ladder.steps_down, 1) == moves
        await stage.aclose()

    run_virtual(work)
