"""The animator: its ladder is that of the look that is shown."""

import asyncio

from engine.pipeline import Pipeline
from tests.fakes import FakeSynthesis, run_virtual
from tests.stage_utils import make_stage


class Ways(FakeSynthesis):
    """Knows cheaper ways, and refuses any other, as ``Synthesizer`` does."""

    def __init__(self, *details: str) -> None:
        super().__init__()
        self.details = details
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
        assert animator.ladder.rung.name == "slow body"
        assert set(poor.levels) == {1}
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
