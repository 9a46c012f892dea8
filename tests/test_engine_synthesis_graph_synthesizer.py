"""The graph as one of two ways of drawing."""

import numpy as np
import pytest

from engine.media import Pose
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import Tensors
from engine.synthesis.graph import build
from engine.synthesis.graph_synthesizer import GraphSynthesizer, drawer, runner
from engine.synthesis.look import Look
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.graph_utils import off, persona
from tests.portrait_utils import motion

OUTPUT = OutputFormat(256, 256)


def test_several_avatars_are_drawn_in_one_pass() -> None:
    cpus = [Synthesizer(persona(name), OUTPUT) for name in ("ada", "lin", "ada")]
    frames = [
        motion(jawOpen=0.6),
        motion(Pose(yaw_deg=-7), eyeBlink=0.5),
        motion(Pose(roll_deg=5), mouthSmile=0.7),
    ]
    pictures = GraphSynthesizer(cpus).render_all(frames)
    assert pictures.shape == (3, 384, 256)
    for cpu, frame, picture in zip(cpus, frames, pictures, strict=True):
        assert off(picture, cpu.render(frame)) <= 1


def test_the_mark_is_drawn_too() -> None:
    cpu = Synthesizer(persona("lin"), OUTPUT, Look())
    frame = motion(Pose(x=0.1, breath=1.0), jawOpen=0.4)
    got, want = GraphSynthesizer([cpu]).render(frame), cpu.render(frame)
    assert off(got, want) <= 1
    assert off(want, Synthesizer(persona("lin"), OUTPUT).render(frame)) > 20


def test_either_backend_draws_into_what_is_given() -> None:
    frame = motion(jawOpen=0.3)
    out = np.zeros((384, 256), np.uint8)
    for backend in ("cpu", "onnx"):
        each = drawer(persona("ada"), OUTPUT, backend)
        assert each.output == OUTPUT
        out[...] = 0
        assert each.render(frame, out) is out
        assert off(out, each.render(frame)) == 0
        assert out.std() > 20


def test_batches_that_cannot_be_are_refused() -> None:
    cpu = Synthesizer(persona("ada"), OUTPUT)
    graph = runner(OUTPUT)
    with pytest.raises(ValueError, match="give 1 to 8"):
        GraphSynthesizer([cpu] * 9, graph)
    other = Synthesizer(persona("ada"), OutputFormat(256, 258))
    with pytest.raises(ValueError, match="give a batch for each size"):
        GraphSynthesizer([cpu, other], graph)


def test_what_a_gpu_keeps_of_the_rigs_cannot_change() -> None:
    class Watched(OnnxRunner):
        given: list[Tensors] = []  # noqa: RUF012

        def run(self, tensors: Tensors) -> Tensors:
            self.given.append(tensors)
            return super().run(tensors)

    drawn = GraphSynthesizer(
        [Synthesizer(persona("ada"), OUTPUT)], Watched(build(OUTPUT).SerializeToString())
    )
    for opened in (0.2, 0.8):
        drawn.render(motion(jawOpen=opened))
    first, second = Watched.given
    kept = {name for name in first if first[name] is second[name]}
    assert first.keys() - kept == {"coefficients", "turn", "breath"}
    for name in kept:
        assert not first[name].flags.writeable, name
        assert first[name].base is None, name
