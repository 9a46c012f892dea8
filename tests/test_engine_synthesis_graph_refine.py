"""The graph refines as the CPU does, to one grey level."""

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

from engine.media import MotionFrame, Pose
from engine.runtime import tensorrt
from engine.runtime.half import halved
from engine.runtime.onnx import OnnxRunner
from engine.runtime.runner import Runner
from engine.synthesis.graph import build
from engine.synthesis.graph_layout import Precision, ranges
from engine.synthesis.graph_synthesizer import GraphSynthesizer, runner
from engine.synthesis.look import Background, Look, Mark
from engine.synthesis.matte import Person, person
from engine.synthesis.refiner import Refiner
from engine.synthesis.refining import FADE_FRAMES
from engine.synthesis.shapes import SHAPES
from engine.synthesis.shapes import motion as by_name
from engine.synthesis.synthesizer import OutputFormat, Synthesizer
from tests.fake_refiner import network
from tests.graph_utils import off, persona
from tests.portrait_utils import motion
from tests.test_engine_synthesis_graph import wild

SMALL, TALL = OutputFormat(256, 256), OutputFormat(360, 640)
STRONG = 0.9
"""Up to some thirty grey levels are added."""


@cache
def graph(
    output: OutputFormat, steps: int = 1, side_px: int = 128, precision: Precision = "fp32",
    strength: float = STRONG,
) -> Runner:  # fmt: skip
    net = network(side_px, strength=strength)
    return runner(output, precision, 1, halved(net) if precision == "fp16" else net, steps)


@cache
def cut() -> Person:
    return person(persona("lin"))


def drawer(
    name: str, output: OutputFormat, steps: int = 1, side_px: int = 128, background: str = "photo",
    strength: float = STRONG,
) -> Synthesizer:  # fmt: skip
    kind = Background(background)  # type: ignore[arg-type]
    look = Look("fast", steps, kind, Mark(on=False))
    loaded = Refiner(OnnxRunner(network(side_px, strength=strength)))
    return Synthesizer(
        persona(name), output, look, None if background == "photo" else cut(), loaded
    )  # fmt: skip


def frames() -> list[MotionFrame]:
    return [*(by_name(*SHAPES[n]) for n in ("neutral", "ah", "roll 5")), *wild(3)]


@pytest.mark.parametrize(
    ("output", "steps", "side_px"), [(SMALL, 1, 128), (SMALL, 4, 256), (TALL, 2, 128)]
)
def test_refined_pictures_are_equal_to_one_grey_level(
    output: OutputFormat, steps: int, side_px: int
) -> None:
    cpu = drawer("ada", output, steps, side_px)
    bare = Synthesizer(persona("ada"), output)
    drawn = GraphSynthesizer([cpu], graph(output, steps, side_px))
    for frame in frames():
        want, got = cpu.render(frame), drawn.render(frame)
        assert off(want, bare.render(frame)) > 20
        assert off(got, want) <= 1
        assert (got != want).mean() < 0.001


@pytest.mark.parametrize(("strength", "most"), [(1e6, 255), (float("nan"), 1)])
def test_whatever_a_network_returns_is_bounded_alike(strength: float, most: int) -> None:
    cpu = drawer("ada", SMALL, 2, strength=strength)
    drawn = GraphSynthesizer([cpu], graph(SMALL, 2, strength=strength))
    frame, bare = motion(jawOpen=0.5), Synthesizer(persona("ada"), SMALL)
    want = cpu.render(frame)
    assert off(drawn.render(frame), want) <= 1
    assert off(want, bare.render(frame)) <= most


def test_what_is_not_the_person_is_left_alone_alike() -> None:
    cpu = drawer("lin", SMALL, background="colour")
    drawn = GraphSynthesizer([cpu], graph(SMALL))
    for pose in (Pose(), Pose(yaw_deg=18, roll_deg=15, x=0.3, scale=1.2)):
        frame = motion(pose, jawOpen=0.5)
        assert off(drawn.render(frame), cpu.render(frame)) <= 1


def test_a_mouth_out_of_the_picture_is_refined_alike() -> None:
    cpu = drawer("ada", SMALL)
    drawn = GraphSynthesizer([cpu], graph(SMALL))
    for pose in (Pose(y=0.5, x=0.5, scale=1.25, roll_deg=20), Pose(x=-0.5, y=0.5)):
        frame = motion(pose, jawOpen=0.6)
        assert off(drawn.render(frame), cpu.render(frame)) <= 1


def test_several_portraits_are_refined_in_one_pass() -> None:
    cpus = [drawer("ada", SMALL), drawer("lin", SMALL), drawer("lin", SMALL, background="colour")]
    moves = [motion(jawOpen=0.6), motion(Pose(yaw_deg=-7)), motion(Pose(roll_deg=5), jawOpen=0.2)]
    pictures = GraphSynthesizer(cpus, graph(SMALL)).render_all(moves)
    for cpu, frame, picture in zip(cpus, moves, pictures, strict=True):
        assert off(picture, cpu.render(frame)) <= 1


def test_half_floats_are_two_levels_off_at_most() -> None:
    cpu = drawer("lin", SMALL, 2)
    half = GraphSynthesizer([cpu], graph(SMALL, 2, 128, "fp16"), "fp16")
    for frame in frames():
        want, got = cpu.render(frame), half.render(frame)
        assert off(got, want) <= 2
        assert (got != want).mean() < 0.03


def test_refining_fades_in_the_graph_too() -> None:
    one, other = drawer("ada", SMALL), drawer("ada", SMALL)
    drawn, frame = GraphSynthesizer([one], graph(SMALL)), motion(jawOpen=0.5)
    bare = Synthesizer(persona("ada"), SMALL).render(frame)
    assert off(drawn.render(frame), other.render(frame)) <= 1
    for each in (one, other):
        each.simplify(1)
    for _ in range(FADE_FRAMES):
        got = drawn.render(frame)
        assert off(got, other.render(frame)) <= 1
    assert off(got, bare) <= 1


def test_too_many_steps_and_other_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="5 steps in a graph: allowed are 1 to 4"):
        build(SMALL, "fp32", network(), 5)
    plain = build(SMALL).SerializeToString()
    with pytest.raises(ValueError, match=r"no refiner \('side_px'\): give one of engine/weights"):
        build(SMALL, "fp32", plain)


def test_graph_and_looks_must_agree_on_refining() -> None:
    bare = Synthesizer(persona("ada"), SMALL)
    for drawers in ([bare], [bare, drawer("ada", SMALL)], [drawer("ada", SMALL), bare]):
        with pytest.raises(ValueError, match="must refine, or none"):
            GraphSynthesizer(drawers, graph(SMALL))
    with pytest.raises(ValueError, match="must refine, or none"):
        GraphSynthesizer([drawer("ada", SMALL)])


@pytest.mark.parametrize(
    ("steps", "side_px", "words"),
    [
        (2, 128, "the graph refines in 1 step of 128 pixels, a look in 2 steps of 128"),
        (1, 256, "in 1 step of 128 pixels, a look in 1 step of 256: give the graph"),
    ],
)
def test_graph_and_looks_must_agree_on_how_they_refine(
    steps: int, side_px: int, words: str
) -> None:
    drawers = [drawer("ada", SMALL), drawer("ada", SMALL, steps, side_px)]
    with pytest.raises(ValueError, match=words):
        GraphSynthesizer(drawers, graph(SMALL))


def test_it_says_what_it_does_and_keeps_weights_once() -> None:
    one, four = (build(SMALL, "fp32", network(256), steps) for steps in (1, 4))
    said = {each.key: each.value for each in four.metadata_props}
    assert (said["refiner_side_px"], said["refiner_steps"]) == ("256", "4")
    convolutions = [sum(n.op_type == "Conv" for n in each.graph.node) for each in (one, four)]
    assert convolutions == [1, 4]
    sizes = [sum(len(w.raw_data) for w in each.graph.initializer) for each in (one, four)]
    assert sizes[1] - sizes[0] < 100


@pytest.mark.skipif(
    find_spec("tensorrt_rtx") is None, reason="TensorRT is not installed: the extra gpu"
)
@pytest.mark.parametrize("capability", ["8.6", "8.9", "12.0"])
def test_plans_are_built_without_a_gpu(capability: str) -> None:
    content = build(SMALL, "fp16", halved(network(256)), 2, fine=True).SerializeToString()
    assert len(tensorrt.build(content, ranges(SMALL), capability)) > 1_000_000


def test_noise_of_the_rig_is_what_the_path_begins_from() -> None:
    one, other = drawer("ada", SMALL), drawer("ada", SMALL)
    assert other._refining is not None
    other._refining.full.noise = -other._refining.full.noise
    frame = motion(jawOpen=0.4)
    first, second = (GraphSynthesizer([each], graph(SMALL)).render(frame) for each in (one, other))
    assert off(second, other.render(frame)) <= 1
    assert np.abs(first.astype(int) - second).max() > 1
