"""Pictures of several stages in one pass; a fault of one is its own."""

import numpy as np
import pytest

from engine.media import Audio, ByteArray, MotionFrame, PictureFrame
from engine.pipeline import Draft, Pipeline
from engine.timeline import samples
from kiosk.drawing import Cost, Drawing, Outcome, draw_together
from kiosk.ladder import Rung
from kiosk.metrics import Metrics
from tests.fakes import FakeMotion, FakePass, FakeSynthesis, TogetherSynthesis

FULL = Rung("full", 25)
METRICS = Metrics()


def drawing(
    synthesis: FakeSynthesis, level: float = 0.0, pts: int = 1920, known_s: float = 0.5
) -> Drawing:
    motion = FakeMotion()
    motion.push(Audio(0, np.full(samples(known_s), level, np.float32)))
    return Drawing(Pipeline(motion, synthesis), pts, pts, FULL, 25, METRICS)


def brightness(outcome: Outcome) -> int:
    assert isinstance(outcome, PictureFrame)
    return int(outcome.planes[0, 0])


def test_several_stages_are_drawn_in_one_pass_each_its_own() -> None:
    way = FakePass()
    jobs = [drawing(TogetherSynthesis(way), level) for level in (0.0, 0.5, 1.0)]
    outcomes = draw_together(jobs)
    assert way.sizes == [3]
    assert [brightness(outcome) for outcome in outcomes] == [40, 120, 200]
    alone = [draw_together([job])[0] for job in jobs]
    for one, other in zip(outcomes, alone, strict=True):
        assert isinstance(one, PictureFrame) and isinstance(other, PictureFrame)
        assert np.array_equal(one.planes, other.planes)
        assert (one.index, one.pts, one.mouth) == (other.index, other.pts, other.mouth)


def test_engines_that_cannot_are_drawn_one_by_one() -> None:
    jobs = [drawing(FakeSynthesis(), level) for level in (0.0, 1.0)]
    assert [job.joins for job in jobs] == [None, None]
    assert [brightness(outcome) for outcome in draw_together(jobs)] == [40, 200]


def test_engines_of_different_ways_are_drawn_one_by_one() -> None:
    one, other = FakePass(), FakePass()
    jobs = [drawing(TogetherSynthesis(one)), drawing(TogetherSynthesis(other), 1.0)]
    assert jobs[0].joins != jobs[1].joins
    assert [brightness(outcome) for outcome in draw_together(jobs)] == [40, 200]
    assert one.sizes == other.sizes == []


def test_a_stage_that_cannot_be_prepared_loses_its_own_picture_only() -> None:
    way = FakePass()
    unknown = drawing(TogetherSynthesis(way), known_s=0.0)
    jobs = [drawing(TogetherSynthesis(way)), unknown, drawing(TogetherSynthesis(way), 1.0)]
    first, second, third = draw_together(jobs)
    assert isinstance(second, ValueError)
    assert (brightness(first), brightness(third)) == (40, 200)
    assert way.sizes == [2]


class Broken(TogetherSynthesis):
    """Cannot draw."""

    def render(self, motion: MotionFrame, out: ByteArray | None = None) -> ByteArray:
        raise RuntimeError("broken")


def test_a_pass_that_fails_is_made_again_one_by_one() -> None:
    way = FakePass(RuntimeError("the pass failed"))
    jobs = [drawing(TogetherSynthesis(way)), drawing(Broken(way)), drawing(TogetherSynthesis(way))]
    first, second, third = draw_together(jobs)
    assert isinstance(second, RuntimeError) and str(second) == "broken"
    assert brightness(first) == brightness(third) == 40


class Unfinished(Drawing):
    """Fails last."""

    def finish(self, draft: Draft, planes: ByteArray, cost: Cost) -> PictureFrame:
        raise RuntimeError("no slate")


def test_one_that_cannot_be_finished_loses_its_own_picture_only() -> None:
    good = drawing(FakeSynthesis())
    bad = Unfinished(good.pipeline, 1920, 1920, FULL, 25, METRICS)
    first, second = draw_together([bad, good])
    assert isinstance(first, RuntimeError) and brightness(second) == 40


def test_nothing_to_draw() -> None:
    assert draw_together([]) == []


def test_costs_are_counted_and_the_pass_is_shared() -> None:
    metrics, way = Metrics(), FakePass()
    jobs = [drawing(TogetherSynthesis(way)) for _ in range(4)]
    jobs = [Drawing(job.pipeline, 1920, 1920, FULL, 25, metrics) for job in jobs]
    draw_together(jobs)
    text = metrics.exposition().decode()
    assert "kiosk_render_ms_count 4.0" in text
    assert "kiosk_batch_pictures_sum 16.0" in text, "each was one of four"


@pytest.mark.parametrize("slot", [None, 1920])
def test_the_test_pattern_is_laid_over_if_asked(slot: int | None) -> None:
    plain = drawing(FakeSynthesis(256, 256))
    job = Drawing(plain.pipeline, 1920, 1920, FULL, 25, METRICS, slot)
    (bare,), (seen,) = draw_together([plain]), draw_together([job])
    assert isinstance(bare, PictureFrame) and isinstance(seen, PictureFrame)
    assert np.array_equal(bare.planes, seen.planes) == (slot is None)


def test_a_held_picture_is_at_rest() -> None:
    job = drawing(FakeSynthesis(), 1.0)
    held = Drawing(job.pipeline, 1920, 1920, Rung("hold", 20, hold=True), 25, METRICS)
    assert [brightness(outcome) for outcome in draw_together([held])] == [40]
