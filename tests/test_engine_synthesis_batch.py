"""Several avatars in one batch."""

import numpy as np
import pytest

from engine.media import Pose
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import RunnerError, Tensors
from engine.synthesis.batch import LACK, render_all
from engine.synthesis.look import Look
from engine.synthesis.refiner import Crop, Refiner
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.fake_refiner import network as network_bytes
from tests.fake_refiner import refiner
from tests.graph_utils import off, persona
from tests.portrait_utils import motion

SIZES = (OutputFormat(512, 512), OutputFormat(256, 256), OutputFormat(360, 640))
FRAMES = (
    motion(jawOpen=0.6),
    motion(Pose(yaw_deg=-7), eyeBlink=0.5),
    motion(Pose(roll_deg=5), mouthSmile=0.7),
)


def drawers() -> list[Synthesizer]:
    """Two by one network in different steps, one by another, and one that is not refined."""
    small, large = refiner(128), refiner(256)
    names = ("ada", "lin", "ada")
    refined = [
        Synthesizer(persona(name), size, Look(inference_steps=steps), refiner=network)
        for name, size, steps, network in zip(
            names, SIZES, (1, 3, 2), (small, small, large), strict=True
        )
    ]
    return [*refined, Synthesizer(persona("lin"), SIZES[0], Look())]


def test_a_batch_is_what_each_draws_alone() -> None:
    frames = [*FRAMES, FRAMES[0]]
    together = render_all(drawers(), frames)
    for got, alone, frame in zip(together, drawers(), frames, strict=True):
        assert off(got, alone.render(frame)) <= 1
        assert (got != alone.render(frame)).mean() < 1e-3
    assert np.array_equal(together[3], drawers()[3].render(FRAMES[0]))


def test_each_network_runs_once_for_all_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    run = Refiner.run

    def counted(self: Refiner, crops: list[Crop]) -> list[np.ndarray]:
        sizes.append(len(crops))
        return run(self, crops)

    monkeypatch.setattr(Refiner, "run", counted)
    render_all(drawers(), [*FRAMES, FRAMES[0]])
    assert sizes == [2, 1]


def test_pictures_are_drawn_where_they_are_wanted() -> None:
    three = drawers()[:3]
    outs = [np.zeros((each.height * 3 // 2, each.width), np.uint8) for each in SIZES]
    got = render_all(three, FRAMES, [outs[0], None, outs[2]])
    assert got[0] is outs[0] and got[2] is outs[2] and got[1] is not outs[1]
    assert outs[0].std() > 20 and outs[1].max() == 0


def test_what_cannot_be_one_batch_is_refused() -> None:
    one, other = drawers()[:2]
    with pytest.raises(ValueError, match="is there twice"):
        render_all([one, one], FRAMES[:2])
    with pytest.raises(ValueError, match="shorter"):
        render_all([one, other], FRAMES[:1])
    assert render_all([], []) == []


class Failing(OnnxRunner):
    """Fails while it is told to."""

    fails = True

    def run(self, tensors: Tensors) -> Tensors:
        if self.fails and tensors["picture"].any():
            raise RunnerError("memory is used up")
        return super().run(tensors)


def test_a_network_that_fails_costs_its_own_residual_alone_and_may_come_back() -> None:
    runner = Failing(network_bytes(128))
    look, frames = Look(inference_steps=1), FRAMES[:2]
    failing = Synthesizer(persona("ada"), SIZES[1], look, refiner=Refiner(runner))
    sound = Synthesizer(persona("lin"), SIZES[1], look, refiner=refiner(128))
    with pytest.raises(RunnerError, match="memory is used up"):
        failing.render(frames[0])
    told: list[RunnerError] = []
    LACK.tell(told.append)
    try:
        warped, refined = render_all([failing, sound], frames)
        runner.fails = False
        again = failing.render(frames[0])
    finally:
        LACK.tell(None)
    assert list(map(str, told)) == ["memory is used up"]
    plain = Synthesizer(persona("ada"), SIZES[1], Look())
    alone = Synthesizer(persona("lin"), SIZES[1], look, refiner=refiner(128))
    assert np.array_equal(warped, plain.render(frames[0]))
    assert off(refined, alone.render(frames[1])) <= 1
    assert off(again, warped) > 1


def test_only_what_gains_by_it_is_drawn_together() -> None:
    """On a CPU a batch takes as long as its pictures one by one: the first would only wait."""
    network = refiner(128)
    look = Look(inference_steps=1)
    assert Synthesizer(persona("ada"), SIZES[1], look, refiner=network).together is render_all
    assert Synthesizer(persona("ada"), SIZES[1], Look()).together is None
    slow = Refiner(OnnxRunner(network_bytes()), batches=False)
    assert Synthesizer(persona("ada"), SIZES[1], look, refiner=slow).together is None
